package mapping

import (
	"encoding/json"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/ctklaviyo/connector/shared/commercetools"
)

func TestDecimal(t *testing.T) {
	t.Parallel()

	cent := func(amount int64, digits uint8) commercetools.Money {
		return commercetools.Money{Type: "centPrecision", CentAmount: amount, PreciseAmount: 7, FractionDigits: digits}
	}
	precise := func(amount int64, digits uint8) commercetools.Money {
		return commercetools.Money{Type: "highPrecision", CentAmount: 7, PreciseAmount: amount, FractionDigits: digits}
	}

	tests := map[json.Number]commercetools.Money{
		"19.99":                  cent(1999, 2),
		"-19.99":                 cent(-1999, 2),
		"20":                     cent(2000, 2),
		"-20":                    cent(-2000, 2),
		"0.05":                   cent(5, 2),
		"-0.5":                   cent(-50, 2),
		"0":                      cent(0, 2),
		"1999":                   cent(1999, 0),
		"12.345":                 cent(12345, 3),
		"0.1234567":              precise(1234567, 7),
		"0.00000000000000000001": precise(1, 20),
		"92233720368547758.07":   cent(math.MaxInt64, 2),
		"-92233720368547758.08":  cent(math.MinInt64, 2),
		"90071992547409.93":      cent(9007199254740993, 2),
	}
	for want, money := range tests {
		if got := decimal(money); got != want {
			t.Errorf("%+v is %s, want %s", money, got, want)
		}
	}
}

// Whatever the amounts, numbers and sums are exact.
func TestMoneyIsExact(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		var got sum

		want := new(big.Rat)

		for range rapid.IntRange(0, 5).Draw(t, "amounts") {
			money := commercetools.Money{
				Type: "highPrecision", PreciseAmount: rapid.Int64().Draw(t, "amount"),
				FractionDigits: rapid.Uint8().Draw(t, "digits"),
			}

			if _, ok := new(big.Rat).SetString(decimal(money).String()); !ok || rational(money).Cmp(number(t, decimal(money))) != 0 {
				t.Fatalf("%+v is %s", money, decimal(money))
			}

			times := rapid.Int64().Draw(t, "times")
			got.add(money, times)
			want.Add(want, new(big.Rat).Mul(rational(money), new(big.Rat).SetInt64(times)))
		}

		if number(t, got.decimal()).Cmp(want) != 0 {
			t.Fatalf("the sum is %s, want %s", got.decimal(), want)
		}
	})
}

func rational(m commercetools.Money) *big.Rat {
	return new(big.Rat).SetFrac(big.NewInt(units(m)), power10(m.FractionDigits))
}

func number(t *rapid.T, n json.Number) *big.Rat {
	t.Helper()

	// JSON has no 01, .5 or 1.
	if !json.Valid([]byte(n)) {
		t.Fatalf("%q is no number", n)
	}

	r, ok := new(big.Rat).SetString(n.String())
	if !ok {
		t.Fatalf("%q is no number", n)
	}

	return r
}

// Any money that decodes is a number in JSON that says exactly as much.
func FuzzMoney(f *testing.F) {
	f.Add([]byte(`{"type":"centPrecision","currencyCode":"EUR","centAmount":-1999,"fractionDigits":2}`))
	f.Add([]byte(`{"type":"centPrecision","currencyCode":"EUR","centAmount":-2000,"fractionDigits":2}`))
	f.Add([]byte(`{"type":"centPrecision","currencyCode":"EUR","centAmount":-5,"fractionDigits":2}`))
	f.Add([]byte(`{"type":"centPrecision","currencyCode":"JPY","centAmount":-5,"fractionDigits":0}`))
	f.Add([]byte(`{"type":"highPrecision","preciseAmount":-9223372036854775808,"centAmount":1,"fractionDigits":255}`))
	f.Add([]byte(`{"centAmount":9223372036854775807,"fractionDigits":0}`))
	f.Add([]byte(`{"centAmount":1e3,"fractionDigits":-1}`))

	f.Fuzz(func(t *testing.T, data []byte) {
		money, err := commercetools.Decode[commercetools.Money](data)
		if err != nil {
			t.Skip("no money")
		}

		n := decimal(money)
		if !json.Valid([]byte(n)) {
			t.Fatalf("%+v is %s", money, n)
		}

		got, ok := new(big.Rat).SetString(n.String())
		if !ok || got.Cmp(rational(money)) != 0 {
			t.Errorf("%+v is %s", money, n)
		}
	})
}
