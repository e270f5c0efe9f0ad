package settings

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A plan of Terraform's refuses what the functions would: it must take the same events.
func TestTerraformTakesTheseEvents(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("../../terraform/config.tf")
	if err != nil {
		t.Fatal(err)
	}

	_, list, _ := strings.Cut(string(text), "config_events = [")
	list, _, _ = strings.Cut(list, "]")

	var got []string
	for _, name := range regexp.MustCompile(`"(\w+)"`).FindAllStringSubmatch(list, -1) {
		got = append(got, name[1])
	}

	if diff := cmp.Diff(slices.Sorted(slices.Values(events())), slices.Sorted(slices.Values(got))); diff != "" {
		t.Errorf("events (-the functions' +Terraform's):\n%s", diff)
	}
}

// Terraform compares keys on four levels, and takes the keys of an object called map, at the last two of them, as free.
func TestTerraformSeesEveryKey(t *testing.T) {
	t.Parallel()

	var walk func(path []string, of reflect.Type)

	walk = func(path []string, of reflect.Type) {
		name := strings.Join(path, ".")

		switch {
		case len(path) > 4:
			t.Errorf("%s: deeper than terraform/config.tf looks", name)
		case (of.Kind() == reflect.Map) != (len(path) >= 3 && path[len(path)-1] == "map"):
			t.Errorf("%s: terraform/config.tf takes a map for an object of fixed keys, or the other way round", name)
		case of.Kind() == reflect.Struct:
			for key, field := range fieldsOf(of) {
				walk(append(slices.Clone(path), key), field)
			}
		}
	}

	walk(nil, reflect.TypeFor[Config]())
}
