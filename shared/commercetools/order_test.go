package commercetools_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools"
)

func TestOrderKeepsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()

	const raw = ` {
		"id": "o1", "note\"d": "a \"b\" \\", "n": 1.50, "empty": {}, "none": [], "gone": null, "": false,
		"future": {"deep": [1, {"x": "}"}]},
		"lineItems": [ {"id": "l1", "future": [ ]}, null , {"id": "l3"} ]
	} `

	var order commercetools.Order
	if err := json.Unmarshal([]byte(raw), &order); err != nil {
		t.Fatal(err)
	}

	want := map[string]string{
		"id": `"o1"`, `note"d`: `"a \"b\" \\"`, "n": "1.50", "empty": "{}", "none": "[]", "gone": "null", "": "false",
		"future":    `{"deep": [1, {"x": "}"}]}`,
		"lineItems": `[ {"id": "l1", "future": [ ]}, null , {"id": "l3"} ]`,
	}
	if diff := cmp.Diff(want, texts(order.Properties)); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}

	items := []map[string]string{{"id": `"l1"`, "future": "[ ]"}, nil, {"id": `"l3"`}}
	for i, item := range order.LineItems {
		if diff := cmp.Diff(items[i], texts(item.Properties)); diff != "" {
			t.Errorf("line item %d (-want +got):\n%s", i, diff)
		}
	}
}

// The decoder hands out its own buffer, which it may write over.
func TestOrderOwnsItsProperties(t *testing.T) {
	t.Parallel()

	raw := []byte(`{"id":"o1","lineItems":[{"id":"l1"}]}`)

	order, err := commercetools.Decode[commercetools.Order](raw)
	if err != nil {
		t.Fatal(err)
	}

	clear(raw)

	if got := string(order.Properties["id"]) + string(order.LineItems[0].Properties["id"]); got != `"o1""l1"` {
		t.Errorf("got %q after the text has changed", got)
	}
}

func FuzzOrderProperties(f *testing.F) {
	f.Add([]byte(`{"id":"o1","a":{"b":[1,2,{"c":"\\\""}]},"lineItems":[{"x":1},null,{}]}`))
	f.Add([]byte(`{"\u0061":1,"a":2,"LineItems":[{"x":1}],"lineItems":null}`))
	f.Add([]byte(`null`))

	f.Fuzz(func(t *testing.T, data []byte) {
		var (
			order commercetools.Order
			want  map[string]json.RawMessage
		)

		if json.Unmarshal(data, &order) != nil || !utf8.Valid(data) {
			t.Skip("no order")
		}

		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}

		if diff := cmp.Diff(texts(want), texts(order.Properties)); diff != "" {
			t.Errorf("encoding/json has other properties (-want +got):\n%s", diff)
		}
	})
}

func texts(properties map[string]json.RawMessage) map[string]string {
	if properties == nil {
		return nil
	}

	all := map[string]string{}
	for name, value := range properties {
		all[name] = string(value)
	}

	return all
}
