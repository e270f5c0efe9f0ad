package settings

import (
	"go/build"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A type that commercetools has must not be refused: those of its SDK are all there. What begins alike and belongs to
// another resource is named here.
func TestMessageTypesAreComplete(t *testing.T) {
	t.Parallel()

	begin := map[string]*regexp.Regexp{
		"category": regexp.MustCompile(`^Category`),
		"customer": regexp.MustCompile(`^Customer`),
		"order":    regexp.MustCompile(`^(Order|Delivery|Parcel|ReturnInfo|LineItem|CustomLineItem)`),
		"payment":  regexp.MustCompile(`^Payment`),
		"product":  regexp.MustCompile(`^Product`),
	}
	others := regexp.MustCompile(`^(CustomerGroupCustom|CustomerEmailToken|CustomerPasswordToken|ProductSelection|ProductTailoring|` +
		`ProductVariantTailoring|PaymentMethod([A-HJ-Z]|InterfaceAccountSet))`)

	all := sdkMessageTypes(t)

	for resource, first := range begin {
		var want []string

		for _, name := range all {
			if first.MatchString(name) && !others.MatchString(name) {
				want = append(want, name)
			}
		}

		if diff := cmp.Diff(want, messageTypes(resource)); diff != "" {
			t.Errorf("%s (-sdk +ours):\n%s", resource, diff)
		}
	}
}

// sdkMessageTypes reads the values of the field "type" of each message from the SDK's source, sorted.
func sdkMessageTypes(t *testing.T) []string {
	t.Helper()

	platform, err := build.Import("github.com/labd/commercetools-go-sdk/platform", ".", build.FindOnly)
	if err != nil {
		t.Fatal(err)
	}

	source, err := os.ReadFile(filepath.Join(platform.Dir, "types_message.go"))
	if err != nil {
		t.Fatal(err)
	}

	found := map[string]bool{}
	for _, m := range regexp.MustCompile(`Action: "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		found[m[1]] = true
	}

	if len(found) < 300 {
		t.Fatalf("only %d messages in the SDK; it is written otherwise now", len(found))
	}

	return slices.Sorted(maps.Keys(found))
}

func TestNear(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]string{
		"OrderCreatd":                "OrderCreated",
		"orderCREATED":               "OrderCreated",
		"OrderStatusChanged":         "OrderStateChanged",
		" OrderImported ":            "OrderImported",
		"OrderCreateds":              "OrderCreated",
		"DeliveryAddd":               "DeliveryAdded",
		"OrderPlaced":                "",
		"":                           "",
		"Order":                      "",
		strings.Repeat("Order", 300): "",
	} {
		if got := near(text, messageTypes("order")); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
