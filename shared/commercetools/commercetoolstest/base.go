package commercetoolstest

import "github.com/google/uuid"

// base is what all resources begin with, in commercetools' order.
type base struct {
	ID                  string `json:"id"`
	Version             int    `json:"version"`
	VersionModifiedAt   string `json:"versionModifiedAt"`
	LastMessageSequence int    `json:"lastMessageSequenceNumber"`
	CreatedAt           string `json:"createdAt"`
	LastModifiedAt      string `json:"lastModifiedAt"`
	LastModifiedBy      author `json:"lastModifiedBy"`
	CreatedBy           author `json:"createdBy"`
}

type author struct {
	ClientID         string `json:"clientId"`
	IsPlatformClient bool   `json:"isPlatformClient"`
}

func newBase(id uuid.UUID, l life) base {
	by := author{ClientID: "0b6a3b52-8e0b-4b4e-9c0e-5a6d1f2c3b4a"}

	return base{
		ID: id.String(), Version: l.version, VersionModifiedAt: instant(l.modified), LastMessageSequence: l.version,
		CreatedAt: instant(l.created), LastModifiedAt: instant(l.modified), LastModifiedBy: by, CreatedBy: by,
	}
}

// reference leads to a resource.
type reference struct {
	TypeID string `json:"typeId"`
	ID     string `json:"id"`
}

// localized is a text in the shop's languages; nil is no text at all.
type localized map[string]string

// money is an amount in a currency: centPrecision, or highPrecision with a precise amount.
type money struct {
	Type           string `json:"type"`
	CurrencyCode   string `json:"currencyCode"`
	CentAmount     int64  `json:"centAmount"`
	PreciseAmount  int64  `json:"preciseAmount,omitempty"`
	FractionDigits int    `json:"fractionDigits"`
}

func cents(currency string, amount int64) money {
	digits := 2
	if currency == "JPY" {
		digits = 0
	}

	return money{Type: "centPrecision", CurrencyCode: currency, CentAmount: amount, FractionDigits: digits}
}

// inCurrency converts cents of a euro; the rates are nobody's, but stay.
func inCurrency(currency string, euroCents int64) int64 {
	percent := map[string]int64{"USD": 110, "GBP": 85, "CHF": 95, "PLN": 430, "JPY": 165, "CNY": 780, "BRL": 600}[currency]
	if percent == 0 {
		percent = 100
	}

	return euroCents * percent / 100
}
