package mapping

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"

	"github.com/ctklaviyo/connector/shared/commercetools"
)

// decimal returns an amount as a number without needless zeros: 19.99, 20, -0.5. No float64 is involved, so 19.99 stays
// 19.99.
func decimal(m commercetools.Money) json.Number {
	return point(strconv.FormatInt(units(m), 10), int(m.FractionDigits))
}

// units returns an amount in its smallest part, 1/10^FractionDigits.
func units(m commercetools.Money) int64 {
	if m.Type == commercetools.HighPrecision {
		return m.PreciseAmount
	}

	return m.CentAmount
}

// point sets the decimal point before the last digits of a whole number.
func point(number string, digits int) json.Number {
	number, negative := strings.CutPrefix(number, "-")

	if missing := digits + 1 - len(number); missing > 0 {
		number = strings.Repeat("0", missing) + number
	}

	whole, fraction := number[:len(number)-digits], strings.TrimRight(number[len(number)-digits:], "0")
	if fraction != "" {
		whole += "." + fraction
	}

	if negative {
		whole = "-" + whole
	}

	return json.Number(whole)
}

// sum adds amounts up. The zero sum is 0. Amounts may differ in their digits, not in their currency.
type sum struct {
	units  big.Int
	digits uint8
}

func (s *sum) add(m commercetools.Money, times int64) {
	amount := big.NewInt(units(m))
	amount.Mul(amount, big.NewInt(times))

	if m.FractionDigits > s.digits {
		s.units.Mul(&s.units, power10(m.FractionDigits-s.digits))
		s.digits = m.FractionDigits
	}

	s.units.Add(&s.units, amount.Mul(amount, power10(s.digits-m.FractionDigits)))
}

func (s *sum) decimal() json.Number { return point(s.units.String(), int(s.digits)) }

func power10(n uint8) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}
