package commercetools_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
)

// Of a product an order shows little, and keeps no more.
func TestProductsOfAnOrder(t *testing.T) {
	t.Parallel()

	shop := commercetoolstest.NewServer("shop")
	shop.Put("product-projections", json.RawMessage(`{"id":"p1","version":3,"name":{"en":"One"},"slug":{"en":"one"},"description":{"en":"Long"},
		"categories":[{"typeId":"category","id":"c1"}],"attributes":[{"name":"brand","value":"Us"}],
		"masterVariant":{"id":1,"sku":"s1","images":[],"prices":[{"value":{"centAmount":1}}]},
		"variants":[{"id":2,"images":[{"url":""}]},{"id":3,"images":[{"url":"https://x/3"},{"url":"https://x/4"}]}]}`))

	products, err := commercetools.New(serve(t, shop)).ProductsByID(t.Context(), "p1")
	if err != nil {
		t.Fatal(err)
	}

	want := []commercetools.Product{{
		ID: "p1", Slug: commercetools.LocalizedString{"en": "one"}, Categories: []commercetools.CategoryReference{{ID: "c1"}},
		Attributes:    []commercetools.Attribute{{Name: "brand", Value: json.RawMessage(`"Us"`)}},
		MasterVariant: &commercetools.Variant{Images: []commercetools.Image{{URL: "https://x/3"}}},
	}}
	if diff := cmp.Diff(want, products); diff != "" {
		t.Errorf("products (-want +got):\n%s", diff)
	}
}

// However many orders are in hand, the products of two of them are in memory. Who waits ends with its context.
func TestFewAnswersWithProducts(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		var open, most, late atomic.Int64

		// An answer takes a second.
		client := commercetools.New(commercetools.Config{APIURL: "http://api", AuthURL: "http://auth", Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			body := `{"access_token":"t","token_type":"bearer","expires_in":172800}`

			if strings.HasSuffix(r.URL.Path, "/product-projections") {
				body = `{"results":[]}`

				most.Store(max(most.Load(), open.Add(1)))
				defer open.Add(-1)
			}

			time.Sleep(time.Second)

			header := http.Header{"Content-Type": {"application/json"}}

			return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(body))}, nil
		})})

		// A second for the token, then two for two answers each.
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()

		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if _, err := client.ProductsByID(ctx, "p1"); errors.Is(err, context.DeadlineExceeded) {
					late.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			})
		}

		all.Wait()

		if most.Load() != 2 || late.Load() != 16 {
			t.Errorf("%d answers at a time, and %d of 20 came too late; want 2, and 16", most.Load(), late.Load())
		}
	})
}
