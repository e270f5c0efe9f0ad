package mapping

import (
	"slices"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
)

// offer is what a visitor pays for one piece.
type offer struct {
	amount commercetools.Money
	// country is the only one where it holds; "" is everywhere.
	country string
	// dated is a price with a beginning or an end, such as a sale.
	dated bool
}

// offers returns the prices that are valid now for anybody, the best first: of the preferred currency, then dated, then
// without a country, then as commercetools has them. A price for a customer group, a channel or a subscription is nobody
// else's business. A product discount counts; a price for larger quantities does not.
func (s Shop) offers(prices []commercetools.Price, now time.Time) []offer {
	var all []offer

	for _, p := range prices {
		if !public(p) || !valid(p, now) {
			continue
		}

		o := offer{amount: p.Value, country: p.Country, dated: !p.ValidFrom.IsZero() || !p.ValidUntil.IsZero()}
		if p.Discounted != nil {
			o.amount = p.Discounted.Value
		}

		all = append(all, o)
	}

	slices.SortStableFunc(all, func(a, b offer) int { return s.rank(a) - s.rank(b) })

	return all
}

// rank is lower for a better offer.
func (s Shop) rank(o offer) int {
	rank := 0

	if o.amount.CurrencyCode != s.Currency {
		rank += 4
	}

	if !o.dated {
		rank += 2
	}

	if o.country != "" {
		rank++
	}

	return rank
}

// best returns the offer that Klaviyo shows: of the preferred currency, or the first of any when none is preferred.
func (s Shop) best(offers []offer) (offer, bool) {
	if len(offers) == 0 || s.Currency != "" && offers[0].amount.CurrencyCode != s.Currency {
		return offer{}, false
	}

	return offers[0], true
}

func public(p commercetools.Price) bool {
	return p.CustomerGroup == nil && p.Channel == nil && p.RecurrencePolicy == nil
}

// valid tells whether now is in the price's time: from ValidFrom until just before ValidUntil.
func valid(p commercetools.Price, now time.Time) bool {
	return !now.Before(p.ValidFrom) && (p.ValidUntil.IsZero() || now.Before(p.ValidUntil))
}
