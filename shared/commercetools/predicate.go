package commercetools

import (
	"strings"
	"time"
)

// MaxIDs is how many ids one IDIn may have: a URL of more than some 8,000 to 11,000 characters is refused with 414, and an
// encoded id takes 45.
const MaxIDs = 150

// Predicate is a condition in commercetools' query language. The functions here build those in use; whatever an id holds,
// it stays inside its quotes.
// Source: https://docs.commercetools.com/api/predicates/query.
type Predicate string

// IDIn is true for the resources with these ids, 1 to MaxIDs.
func IDIn(ids ...string) Predicate {
	quoted := make([]string, len(ids))
	for i, id := range ids {
		quoted[i] = quote(id)
	}

	return Predicate("id in (" + strings.Join(quoted, ",") + ")")
}

// IDAfter is true for ids that sort behind id.
func IDAfter(id string) Predicate { return Predicate("id > " + quote(id)) }

// IDBefore is true for ids that sort before id.
func IDBefore(id string) Predicate { return Predicate("id < " + quote(id)) }

// PaidBy is true for the orders that a payment belongs to.
func PaidBy(paymentID string) Predicate {
	return Predicate("paymentInfo(payments(id = " + quote(paymentID) + "))")
}

// ModifiedSince is true for resources changed at t or later. commercetools keeps milliseconds; a part of one is dropped,
// so nothing is missed.
func ModifiedSince(t time.Time) Predicate {
	return Predicate("lastModifiedAt >= " + quote(t.UTC().Format("2006-01-02T15:04:05.000Z")))
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
