package productevents

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/functiontest"
)

// What fails once is answered by 503, and the second delivery brings the catalog to what it should be.
func TestRedelivery(t *testing.T) {
	t.Parallel()

	later := faulttest.Fault{Status: 429, RetryAfter: functiontest.AnHour}
	published, unpublished := message(t, "ProductPublished", 5), message(t, "ProductUnpublished", 6)

	tests := []struct {
		name    string
		payload string
		fresh   bool // Klaviyo has nothing before
		options functiontest.Options
	}{
		{"item updated", published, false, functiontest.Options{AtKlaviyo: functiontest.First("PATCH /api/catalog-items", later)}},
		{"item created", published, true, functiontest.Options{AtKlaviyo: functiontest.First("POST /api/catalog-items", later)}},
		{"variants listed", published, false, functiontest.Options{AtKlaviyo: functiontest.First("GET /api/catalog-items", later)}},
		{"first variant created", published, true, functiontest.Options{AtKlaviyo: functiontest.First("POST /api/catalog-variants", later)}},
		{"second variant created", published, true, functiontest.Options{AtKlaviyo: functiontest.Nth(2, "POST /api/catalog-variants", later)}},
		{"a variant updated", published, false, functiontest.Options{AtKlaviyo: functiontest.First("PATCH /api/catalog-variants", later)}},
		{"a variant deleted", published, false, functiontest.Options{AtKlaviyo: functiontest.First("DELETE /api/catalog-variants", later)}},
		{"item deleted", unpublished, false, functiontest.Options{AtKlaviyo: functiontest.First("DELETE /api/catalog-items", later)}},
		{"klaviyo 401", published, false, functiontest.Options{AtKlaviyo: functiontest.Nth(2, "/api", faulttest.Fault{Status: 401})}},
		{"product", published, false, functiontest.Options{AtCommercetools: functiontest.First("product-projections", later)}},
		{"stock", published, false, functiontest.Options{AtCommercetools: functiontest.First("inventory", later)}},
		{"product, 404 that is not commercetools'", published, false, functiontest.Options{
			AtCommercetools: functiontest.First("product-projections", faulttest.Fault{Status: 404, Body: "<html>"}),
		}},
		{"prices", published, false, functiontest.Options{AtCommercetools: functiontest.First("standalone-prices", later)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			s, want := before(t, tt.options, !tt.fresh), nothing()

			if tt.payload == published {
				want = unpriced("A", "B")
				s.Commercetools.Put("product-projections", product(t, object{"priceMode": "Standalone"}, variant(1, "A"), variant(2, "B")))
			}

			if status := s.Deliver(t, tt.payload); status != http.StatusServiceUnavailable {
				t.Errorf("first delivery: status %d, want 503", status)
			}

			s.Restart(t) // The first instance's client keeps the pause that Klaviyo asked for.
			s.Acknowledged(t, tt.payload)

			expectCatalog(t, s, want)
		})
	}
}

// unpriced is the catalog with the shirt in these variants, which have no standalone price.
func unpriced(skus ...string) catalog {
	c := shirts(skus...)
	for id, v := range c.Variants {
		c.Variants[id] = shown{v.Item, v.Title, 0.0, v.Stock}
	}

	return c
}

// A product may come before its category. The message comes again until the category is there.
func TestCategoryComesLater(t *testing.T) {
	t.Parallel()

	for name, before := range map[string][]string{"new": nil, "known": {"A"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := open(t, functiontest.Options{Checked: true})
			s.Commercetools.Put("product-projections", product(t, nil, variant(1, "A")))

			if before != nil {
				has(t, s, shirt, before...)
			}

			if status := s.Deliver(t, message(t, "ProductPublished", 5)); status != http.StatusServiceUnavailable {
				t.Errorf("status %d without the category, want 503", status)
			}

			withCategories(t, s)
			s.Acknowledged(t, message(t, "ProductPublished", 5))

			expectCatalog(t, s, shirts("A"))
		})
	}
}

// A connection that breaks after Klaviyo has done its part leaves the function in the dark.
func TestAnswerIsLost(t *testing.T) {
	t.Parallel()

	for _, request := range []string{
		"POST /api/catalog-items", "PATCH /api/catalog-items", "GET /api/catalog-items", "POST /api/catalog-variants",
		"PATCH /api/catalog-variants", "DELETE /api/catalog-variants",
	} {
		t.Run(request, func(t *testing.T) {
			t.Parallel()

			s := withCategories(t, open(t, functiontest.Options{AtKlaviyo: functiontest.First(request, faulttest.Fault{ResetAfter: true})}))

			for _, sku := range []string{"X", "A"} {
				s.Commercetools.Put("product-projections", product(t, nil, variant(1, sku), variant(2, "B")))
				s.UntilAcknowledged(t, message(t, "ProductPublished", 5))
			}

			expectCatalog(t, s, shirts("A", "B"))
		})
	}
}

// A variant that Klaviyo refuses for good doesn't keep the others from it, and the message is parked. A failure that
// passes comes first: the message comes again.
func TestRefusedVariant(t *testing.T) {
	t.Parallel()

	refusal := faulttest.Fault{Status: 400, ContentType: "application/vnd.api+json", Body: `{"errors":[{"id":"1","status":400,"code":"invalid",` +
		`"title":"Invalid input.","detail":"No.","source":{"pointer":"/data/attributes/sku"}}]}`}

	var throttled atomic.Bool

	s := withCategories(t, open(t, functiontest.Options{AtKlaviyo: func(r *http.Request) faulttest.Fault {
		switch {
		case strings.HasSuffix(r.URL.Path, ":B"):
			return refusal
		case strings.HasSuffix(r.URL.Path, ":C") && throttled.CompareAndSwap(false, true):
			return faulttest.Fault{Status: 429, RetryAfter: functiontest.AnHour}
		default:
			return faulttest.Fault{}
		}
	}}))
	has(t, s, shirt, "A", "B", "C", "X")
	s.Commercetools.Put("product-projections", product(t, nil, variant(1, "A"), variant(2, "B"), variant(3, "C"), variant(4, "D")))

	if status := s.Deliver(t, message(t, "ProductPublished", 5)); status != http.StatusServiceUnavailable || len(s.Parked()) > 0 {
		t.Errorf("status %d and %d parked while C is throttled, want 503 and none", status, len(s.Parked()))
	}

	s.Restart(t)
	s.ExpectParked(t, message(t, "ProductPublished", 5), map[string]string{
		"function": "ProductEvents", "message_id": "m1", "resource": "product/" + shirt,
		"reason": "klaviyo_rejected", "klaviyo_status": "400", "klaviyo_code": "invalid", "klaviyo_pointer": "/data/attributes/sku",
		"error": "variant B: klaviyo: PATCH /api/catalog-variants/$custom:::$default:::B: status 400 Bad Request; invalid at /data/attributes/sku",
	})

	want := shirts("A", "C", "D")
	want.Variants["B"] = shown{shirt, "Old", 0.0, 0.0}

	expectCatalog(t, s, want)
}

// In a project with the modular catalog a projection has no variants. What Klaviyo has of them stays, and someone is told.
func TestModularCatalog(t *testing.T) {
	t.Parallel()

	s := before(t, functiontest.Options{}, true)
	s.Commercetools.Put("product-projections", product(t, object{"masterVariant": nil, "priceMode": "Standalone"}, nil))

	s.ExpectParked(t, message(t, "ProductPublished", 5), map[string]string{
		"function": "ProductEvents", "message_id": "m1", "resource": "product/" + shirt, "reason": "unsupported",
		"error": "the product projection has no variants; modular catalogs are not supported",
	})

	expectCatalog(t, s, old())
}

func TestDuplicatesAtOnce(t *testing.T) {
	t.Parallel()

	s := withCategories(t, open(t, functiontest.Options{}))
	s.Commercetools.Put("product-projections", product(t, nil, variant(1, "A"), variant(2, "B"), variant(3, "C")))

	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { s.Acknowledged(t, message(t, "ProductPublished", 5)) })
	}

	all.Wait()

	expectCatalog(t, s, shirts("A", "B", "C"))
}

func TestMissingSettings(t *testing.T) {
	t.Parallel()
	functiontest.ExpectMissing(t, newHandler, map[string]string{"CT_API_URL": "", "PREFERRED_CURRENCY": "euro"}, changed(t, "ResourceDeleted"),
		"CT_API_URL is required", "PREFERRED_CURRENCY")
}

// With its settings in place the function does its work, by the preferences of the shop.
func TestDeployed(t *testing.T) {
	t.Parallel()

	s := withCategories(t, open(t, functiontest.Options{}))
	s.Commercetools.Put("product-projections", product(t, object{
		"name": object{"de": "Hemd", "en": "Shirt"}, "slug": object{"de": "hemd", "en": "shirt"},
	}, variant(1, "A")))

	handler := s.Deployed(t, newHandler, map[string]string{
		"PREFERRED_LOCALE": "en-US", "PRODUCT_URL_TEMPLATE": "https://shop.example/{{productSlug}}",
	})
	if status := functiontest.Deliver(t, handler, message(t, "ProductPublished", 5)); status != http.StatusNoContent {
		t.Errorf("status %d, want 204; the log: %v", status, s.LastLine(t))
	}

	expectCatalog(t, s, shirts("A"))

	if url := s.Klaviyo.Items()[0].Attributes["url"]; url != "https://shop.example/shirt" {
		t.Errorf("url %v, want the page of the shirt", url)
	}
}
