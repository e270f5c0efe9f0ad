package commercetools_test

import (
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/shared/commercetools"
)

// list is a JSON array of n elements.
func list(n int, element string) string {
	return "[" + element + strings.Repeat(","+element, n-1) + "]"
}

// What would take far more memory decoded than as a text is refused, and the reason says why.
func TestTooMany(t *testing.T) {
	t.Parallel()

	const (
		lineItems = "it has more than 2000 line items"
		elements  = "it has more than 10000 elements in an array"
		all       = "it has more than 250000 elements in its arrays"
	)

	// full is an array of so many elements, with arrays of 249 or 250.
	full := func(last int) string {
		return `"customLineItems":[` + strings.Repeat(`{"name":{"en":"[,"},"discountedPricePerQuantity":`+list(249, `{}`)+`},`, 999) +
			`{"discountedPricePerQuantity":` + list(last, `{}`) + `}]`
	}

	for name, tt := range map[string]struct{ properties, want string }{
		"as many line items as may be": {`"lineItems":` + list(2000, `{}`), ""},
		"one more":                     {`"lineItems":` + list(2001, `{}`), lineItems},
		"no objects":                   {`"lineItems":` + list(2001, `0`), lineItems},
		"with spaces":                  {`"lineItems" : ` + list(2001, "\n{ } "), lineItems},
		"far more":                     {`"lineItems":` + list(500_000, `{}`), elements},
		"as many elements as may be":   {`"odd":` + list(10_000, `0`), ""},
		"one element more":             {`"odd":` + list(10_001, `0`), elements},
		"as many in all as may be":     {full(249), ""},
		"one more in all":              {full(250), all},
		"in another case":              {`"LINEITEMS":` + list(10_001, `{}`), elements},
		"empty arrays":                 {`"odd":` + list(9_000, `[`+list(14, `[]`)+`]`), all},
		"commas in texts and objects":  {`"odd":"` + strings.Repeat(`[\",`, 250_001) + `","more":{"a":0` + strings.Repeat(`,"a":0`, 250_001) + `}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := commercetools.Decode[commercetools.Order](json.RawMessage(`{"id":"o1",` + tt.properties + `}`))

			problem := ""
			if broken, ok := errors.AsType[*commercetools.DecodeError](err); ok && broken.ID == "o1" {
				problem = broken.Problem
			}

			if problem != tt.want || err != nil && problem == "" {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// As many prices and tiers as commercetools lets a product have.
func TestLargestProduct(t *testing.T) {
	t.Parallel()

	variant := `{"prices":` + list(100, `{"tiers":`+list(9, `{"minimumQuantity":2}`)+`}`) + `,"images":[],"attributes":` + list(50, `{"name":"a"}`) + `}`
	raw := json.RawMessage(`{"id":"p1","masterVariant":` + variant + `,"variants":` + list(99, variant) + `}`)

	product, err := commercetools.Decode[commercetools.Product](raw)
	if err != nil || len(product.Variants) != 99 {
		t.Errorf("%d variants besides the first, error %v", len(product.Variants), err)
	}
}

// It is refused before memory is spent on it.
func TestTooManyTakesNoMemory(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	raw := json.RawMessage(`{"id":"o1","lineItems":` + list(500_000, `{}`) + `}`)

	var before, after runtime.MemStats

	runtime.ReadMemStats(&before)

	if _, err := commercetools.Decode[commercetools.Order](raw); err == nil {
		t.Error("no error")
	}

	runtime.ReadMemStats(&after)

	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
		t.Errorf("it took %d KiB", took>>10)
	}
}
