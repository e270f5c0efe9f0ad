package bulksync

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/bulk"
)

func described(t *testing.T) *openapi3.T {
	t.Helper()

	doc, err := openapi3.NewLoader().LoadFromData(description)
	if err != nil {
		t.Fatal(err)
	}

	return doc
}

// TestEveryRouteIsDescribed: each described call goes to a route, and each route is described.
func TestEveryRouteIsDescribed(t *testing.T) {
	t.Parallel()

	routes := handler{}.routes()
	mux := http.NewServeMux()
	got := map[string]bool{}

	for pattern, do := range routes {
		mux.HandleFunc(pattern, do)
	}

	for path, item := range described(t).Paths.Map() {
		for method := range item.Operations() {
			_, pattern := mux.Handler(httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody))
			if pattern == "" {
				t.Errorf("%s %s is described, and there is no such route", method, path)
			}

			got[pattern] = true
		}
	}

	for pattern := range routes {
		if !got[pattern] {
			t.Errorf("%s is not described", pattern)
		}
	}
}

// TestEveryFieldIsDescribed: the schemas have the fields of the values, and require those that are never left out.
func TestEveryFieldIsDescribed(t *testing.T) {
	t.Parallel()

	schemas := described(t).Components.Schemas

	for name, value := range map[string]reflect.Type{
		"RunState": reflect.TypeFor[runState](),
		"Progress": reflect.TypeFor[bulk.Progress](),
		"Failure":  reflect.TypeFor[bulk.Failure](),
		"Refusal":  reflect.TypeFor[refusal](),
	} {
		schema, want := schemas[name].Value, fieldsOf(value)

		for field := range schema.Properties {
			if _, ok := want[field]; !ok {
				t.Errorf("%s.%s is described, and there is none", name, field)
			}
		}

		for field, required := range want {
			if _, ok := schema.Properties[field]; !ok || slices.Contains(schema.Required, field) != required {
				t.Errorf("%s.%s: described: %t, want that it is, and required: %t", name, field, ok, required)
			}
		}
	}

	wantOptions(t, schemas)

	var resources []any
	for _, r := range bulk.Resources() {
		resources = append(resources, string(r))
	}

	if diff := cmp.Diff(resources, schemas["Resource"].Value.Enum); diff != "" {
		t.Errorf("resources (-want +described):\n%s", diff)
	}
}

// wantOptions fails unless the bodies of the starts have all options between them.
func wantOptions(t *testing.T, schemas openapi3.Schemas) {
	t.Helper()

	var options []string
	for _, name := range []string{"Import", "OrdersImport", "CategoriesDeletion", "ProductsDeletion"} {
		options = slices.AppendSeq(options, maps.Keys(schemas[name].Value.Properties))
	}

	slices.Sort(options)

	if diff := cmp.Diff(slices.Sorted(maps.Keys(fieldsOf(reflect.TypeFor[bulk.Options]()))), slices.Compact(options)); diff != "" {
		t.Errorf("options (-want +described):\n%s", diff)
	}
}

// fieldsOf are the JSON names of a struct's fields, and whether they are always there.
func fieldsOf(t reflect.Type) map[string]bool {
	fields := map[string]bool{}

	for _, f := range reflect.VisibleFields(t) {
		if name, options, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			fields[name] = !strings.HasPrefix(options, "omit")
		}
	}

	return fields
}
