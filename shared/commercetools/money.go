package commercetools

// HighPrecision is the type of money that is finer than the currency's smallest coin.
const HighPrecision = "highPrecision"

// Money is an amount, exactly. It is CentAmount of 1/10^FractionDigits, or, when Type is [HighPrecision], PreciseAmount
// of that; CentAmount is then the rounded amount in the currency's own digits, which are not here.
// Source: https://docs.commercetools.com/api/types#typedmoney.
type Money struct {
	Type string `json:"type"`
	// CurrencyCode is an ISO 4217 code.
	CurrencyCode  string `json:"currencyCode"`
	CentAmount    int64  `json:"centAmount"`
	PreciseAmount int64  `json:"preciseAmount"`
	// FractionDigits are at most 20; what no byte holds does not decode.
	FractionDigits uint8 `json:"fractionDigits"`
}
