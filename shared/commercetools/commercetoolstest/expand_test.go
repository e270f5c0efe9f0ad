package commercetoolstest_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
)

func TestExpand(t *testing.T) {
	t.Parallel()

	s := commercetoolstest.NewServer("shop")
	s.Put("categories",
		json.RawMessage(`{"id":"women","ancestors":[]}`),
		json.RawMessage(`{"id":"pants","ancestors":[{"typeId":"category","id":"women"}]}`))
	s.Put("payments", json.RawMessage(`{"id":"p1","amount":9007199254740993,"note":"<&>"}`))
	s.Put("orders", json.RawMessage(`{"id":"o","cost":0.10,
		"paymentInfo":{"payments":[{"typeId":"payment","id":"p1"},{"typeId":"payment","id":"gone"}]},
		"categories":[{"typeId":"category","id":"pants"},{"typeId":"category","id":"women"}]}`))

	const (
		p1    = `{"amount":9007199254740993,"id":"p1","note":"<&>"}`
		plain = `{"id":"gone","typeId":"payment"}`
		none  = `"categories":[{"id":"pants","typeId":"category"},{"id":"women","typeId":"category"}],"cost":0.10,"id":"o"`
	)

	tests := map[string]struct {
		expand []string
		want   string
	}{
		"an array": {
			[]string{"paymentInfo.payments[*]"},
			`{` + none + `,"paymentInfo":{"payments":[{"id":"p1","obj":` + p1 + `,"typeId":"payment"},` + plain + `]}}`,
		},
		"an index": {
			[]string{"paymentInfo.payments[1]"},
			`{` + none + `,"paymentInfo":{"payments":[{"id":"p1","typeId":"payment"},` + plain + `]}}`,
		},
		"nothing there": {
			[]string{"customerGroup", "categories", "id.x[*]"},
			`{` + none + `,"paymentInfo":{"payments":[{"id":"p1","typeId":"payment"},` + plain + `]}}`,
		},
		"two steps": {
			[]string{"categories[*].ancestors[*]", "categories[*]"},
			`{"categories":[` +
				`{"id":"pants","obj":{"ancestors":[{"id":"women","obj":{"ancestors":[],"id":"women"},"typeId":"category"}],"id":"pants"},"typeId":"category"},` +
				`{"id":"women","obj":{"ancestors":[],"id":"women"},"typeId":"category"}],` +
				`"cost":0.10,"id":"o","paymentInfo":{"payments":[{"id":"p1","typeId":"payment"},` + plain + `]}}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := get(t, s, "/shop/orders", url.Values{"expand": tt.expand})
			if len(got.Results) != 1 {
				t.Fatalf("status %d, %d results", got.Status, len(got.Results))
			}

			if diff := cmp.Diff(tt.want, string(got.Results[0])); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
		})
	}

	// What was expanded for one answer stays out of the next.
	if got := get(t, s, "/shop/orders", nil); strings.Contains(string(got.Results[0]), "obj") {
		t.Errorf("the stored order was expanded: %s", got.Results[0])
	}
}
