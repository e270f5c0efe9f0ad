package mapping_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/mapping"
)

// A property that is beyond one of Klaviyo's limits loses what is too much, and everything else stays as it is.
func TestLimitsOfAProperty(t *testing.T) {
	t.Parallel()

	long := strings.Repeat("x", 100_000)
	nested := func(levels int, inside string) string {
		return strings.Repeat(`{"a":`, levels) + inside + strings.Repeat(`}`, levels)
	}
	list := func(n int) string { return "[" + strings.Repeat("1,", n-1) + "1]" }

	tests := map[string]struct{ value, want string }{
		"a long text":                    {`"` + long + `"`, `"` + long + `"`},
		"a text that is too long":        {`"` + long + `x"`, ""},
		"a long text in escapes":         {`"` + strings.Repeat(`\u0041`, 100_000) + `"`, `"` + strings.Repeat("A", 100_000) + `"`},
		"too long a text inside":         {`{"a":1.50,"b":"` + long + `x","c":[1e2,"` + long + `x",1234567890123456789]}`, `{"a":1.50,"c":[1e2,1234567890123456789]}`},
		"the largest whole numbers":      {`[9223372036854775807,-9223372036854775808]`, `[9223372036854775807,-9223372036854775808]`},
		"whole numbers beyond":           {`[9223372036854775808,-9223372036854775809,1]`, `[1]`},
		"numbers to the last digit":      {`[1e308,-1.50000000000000000000,1E-400]`, `[1e308,-1.50000000000000000000,1E-400]`},
		"numbers that are too large":     {`{"a":1e309,"b":[-1E400],"c":1}`, `{"b":[],"c":1}`},
		"a number that is too large":     {`1e400`, ""},
		"objects to the tenth level":     {nested(9, `[1]`), nested(9, `[1]`)},
		"an object on the eleventh":      {nested(10, `1`), nested(8, `{}`)},
		"one of them in a list":          {nested(9, `[1,{},2]`), nested(9, `[1,2]`)},
		"lists count for no level":       {strings.Repeat("[", 50) + strings.Repeat("]", 50), strings.Repeat("[", 50) + strings.Repeat("]", 50)},
		"brackets and commas in a text":  {`"` + strings.Repeat(`{[\",`, 5_000) + `"`, `"` + strings.Repeat(`{[\",`, 5_000) + `"`},
		"a long list":                    {list(4_000), list(4_000)},
		"a list that is too long":        {list(4_001), list(4_000)},
		"too long a list inside":         {`{"a":[` + list(5_000) + `]}`, `{"a":[` + list(4_000) + `]}`},
		"many commas in no list":         {`{"a":` + list(3_000) + `,"b":` + list(3_000) + `}`, `{"a":` + list(3_000) + `,"b":` + list(3_000) + `}`},
		"an object with many properties": {object(5_000), object(5_000)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			order := decoded[commercetools.Order](t, `{"id":"o1","customerId":"c1","x":`+tt.value+`}`)

			event, err := mapping.PlacedOrder(order, nil, mapping.Shop{}, config())
			if err != nil {
				t.Fatal(err)
			}

			if got := string(event.Properties["x"]); got != tt.want {
				t.Errorf("got %s, want %s", short(got), short(tt.want))
			}

			if got := string(event.Properties["id"]); got != `"o1"` {
				t.Errorf("its neighbour is %s", got)
			}
		})
	}
}

// Of too many properties those go that commercetools sent, always the same, and never what Klaviyo's templates count on.
func TestLimitOfProperties(t *testing.T) {
	t.Parallel()

	order := decoded[commercetools.Order](t, `{"id":"o1","customerId":"c1","custom":{"fields":`+object(500)+`}}`)

	cfg := config()
	cfg.GuideProperties = true

	event, err := mapping.PlacedOrder(order, nil, mapping.Shop{}, cfg)
	if err != nil {
		t.Fatal(err)
	}

	if len(event.Properties) != 400 {
		t.Errorf("%d properties, want 400", len(event.Properties))
	}

	for _, name := range []string{"ItemNames", "Categories", "OrderId", "Items", "Brands", "DiscountValue", "custom", "id", "k0000"} {
		if event.Properties[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}

	again, err := mapping.PlacedOrder(order, nil, mapping.Shop{}, cfg)
	if diff := cmp.Diff(event, again); diff != "" || err != nil {
		t.Errorf("another time others are left, error %v:\n%s", err, diff)
	}
}

// An order of more than 5 MB is sent without its largest properties, and still says what was bought.
func TestLimitOfBytes(t *testing.T) {
	t.Parallel()

	var items []string
	for i := range 500 {
		items = append(items, fmt.Sprintf(
			`{"id":"l%d","productId":"p%d","name":{"en":"Pants %d"},"quantity":1,"blob":"%s"}`, i, i, i, strings.Repeat("x", 12_000)))
	}

	order := decoded[commercetools.Order](t, `{"id":"o1","customerId":"c1","note":"`+strings.Repeat("y", 50_000)+
		`","lineItems":[`+strings.Join(items, ",")+`]}`)

	cfg := config()
	cfg.GuideProperties = true

	event, err := mapping.PlacedOrder(order, nil, mapping.Shop{}, cfg)
	if err != nil {
		t.Fatal(err)
	}

	if event.Properties["lineItems"] != nil || event.Properties["note"] == nil || event.Properties["id"] == nil {
		t.Error("the largest property should go, and no other")
	}

	var lines []json.RawMessage
	if err := json.Unmarshal(event.Properties["Items"], &lines); err != nil || len(lines) != 500 {
		t.Errorf("%d Items, error %v; want 500", len(lines), err)
	}

	size := 0
	for name, value := range event.Properties {
		size += len(name) + len(value)
	}

	if size > 5_000_000 {
		t.Errorf("the event has %d bytes", size)
	}
}

// object is an object with the properties k0000 and so on.
func object(n int) string {
	var b bytes.Buffer

	for i := range n {
		fmt.Fprintf(&b, `,"k%04d":%d`, i, i)
	}

	return "{" + b.String()[1:] + "}"
}

func short(s string) string {
	if len(s) > 200 {
		return fmt.Sprintf("%s … %s (%d bytes)", s[:100], s[len(s)-100:], len(s))
	}

	return s
}
