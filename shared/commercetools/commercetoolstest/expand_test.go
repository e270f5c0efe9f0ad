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
		head  = `{"id":"o","cost":0.10,"paymentInfo":`
		p1    = `{"typeId":"payment","id":"p1","obj":{"id":"p1","amount":9007199254740993,"note":"<&>"}}`
		plain = `{"typeId":"payment","id":"p1"}`
		gone  = `{"typeId":"payment","id":"gone"}`
		none  = `"categories":[{"typeId":"category","id":"pants"},{"typeId":"category","id":"women"}]}`
	)

	tests := map[string]struct {
		expand []string
		want   string
	}{
		"an array":      {[]string{"paymentInfo.payments[*]"}, head + `{"payments":[` + p1 + `,` + gone + `]},` + none},
		"an index":      {[]string{"paymentInfo.payments[0]"}, head + `{"payments":[` + p1 + `,` + gone + `]},` + none},
		"into the void": {[]string{"paymentInfo.payments[1]"}, head + `{"payments":[` + plain + `,` + gone + `]},` + none},
		"nothing there": {[]string{"customerGroup", "categories", "parent.ancestors[*]"}, head + `{"payments":[` + plain + `,` + gone + `]},` + none},
		"two steps": {
			[]string{"categories[*].ancestors[*]", "categories[*]"},
			head + `{"payments":[` + plain + `,` + gone + `]},"categories":[` +
				`{"typeId":"category","id":"pants","obj":{"id":"pants","ancestors":[` +
				`{"typeId":"category","id":"women","obj":{"id":"women","ancestors":[]}}]}},` +
				`{"typeId":"category","id":"women","obj":{"id":"women","ancestors":[]}}]}`,
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
