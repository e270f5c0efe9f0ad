package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/config"
	"github.com/ctklaviyo/connector/shared/bulk"
)

// The README says what there is to set and to call. These tests hold it to the code: what one has and the other lacks fails.

// root is the repository's.
const root = "../.."

func readme(t *testing.T, path string) string {
	t.Helper()

	data, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}

	return string(data)
}

// rows returns the rows of every table of the README with these columns, by the names in their first ones.
func rows(t *testing.T, columns ...string) map[string][]string {
	t.Helper()

	found := map[string][]string{}
	header := "| " + strings.Join(columns, " | ") + " |"

	_, tables, _ := strings.Cut(readme(t, "README.md"), header+"\n")
	for table := range strings.SplitSeq(tables, header+"\n") {
		table, _, _ = strings.Cut(table, "\n\n")

		for line := range strings.Lines(table) {
			cells := strings.Split(strings.Trim(strings.TrimSpace(line), "| "), " | ")

			name, isCode := code(cells[0])
			if !isCode {
				continue // the line below the header
			}

			if len(cells) != len(columns) {
				t.Errorf("%s has %d cells, want %v", name, len(cells), columns)

				continue
			}

			if found[name] != nil {
				t.Errorf("%s is there twice", name)
			}

			found[name] = cells
		}
	}

	if len(found) == 0 {
		t.Errorf("the README has no table %s", header)
	}

	return found
}

// code is the text of a cell that is code.
func code(cell string) (text string, ok bool) {
	text, ok = strings.CutPrefix(cell, "`")

	return strings.TrimSuffix(text, "`"), ok
}

// wantNames fails unless a table has a row for each name, and for no other.
func wantNames[V any](t *testing.T, what string, table map[string][]string, want map[string]V) {
	t.Helper()

	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(table))); diff != "" {
		t.Errorf("%s (-the code's +the README's):\n%s", what, diff)
	}
}

func TestReadmeHasEveryKeyOfTheConfig(t *testing.T) {
	t.Parallel()

	data, err := config.Files.ReadFile("default.json")
	if err != nil {
		t.Fatal(err)
	}

	var defaults map[string]any
	if err := json.Unmarshal(data, &defaults); err != nil {
		t.Fatal(err)
	}

	want := map[string]any{}
	leaves(want, "", defaults)

	table := rows(t, "key", "type", "default", "meaning")
	wantNames(t, "keys", table, want)

	kinds := map[reflect.Kind]string{reflect.Bool: "true or false", reflect.String: "text", reflect.Slice: "list", reflect.Map: "object"}

	for key, cells := range table {
		var value any

		standard, _ := code(cells[2])
		if err := json.Unmarshal([]byte(standard), &value); err != nil {
			t.Errorf("%s: the default %s is no JSON: %v", key, cells[2], err)
		}

		if diff := cmp.Diff(want[key], value); diff != "" {
			t.Errorf("%s: default (-config/default.json +README):\n%s", key, diff)
		}

		if kind := kinds[reflect.ValueOf(want[key]).Kind()]; kind != cells[1] {
			t.Errorf("%s: the type is %q, want %q", key, cells[1], kind)
		}
	}
}

// leaves collects the values of an object by their paths. An empty object is a value.
func leaves(into map[string]any, path string, v any) {
	object, ok := v.(map[string]any)
	if !ok || len(object) == 0 {
		into[strings.TrimPrefix(path, ".")] = v

		return
	}

	for key, inner := range object {
		leaves(into, path+"."+key, inner)
	}
}

func TestReadmeHasTheWholeAPI(t *testing.T) {
	t.Parallel()

	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(root, "functions/bulksync/openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}

	calls, codes := callsOf(doc)

	table := rows(t, "code", "status", "when")
	wantNames(t, "error codes", table, codes)

	for code, status := range codes {
		if cells := table[code]; cells != nil && cells[1] != status {
			t.Errorf("%s has the status %s, want %s", code, cells[1], status)
		}
	}

	wantNames(t, "calls", rows(t, "call", "success"), calls)
	wantNames(t, "options", rows(t, "option", "for", "meaning"), jsonFields(reflect.TypeFor[bulk.Options]()))
	wantNames(t, "fields", rows(t, "field", "meaning"), jsonFields(reflect.TypeFor[bulk.Progress]()))
}

// callsOf returns the calls as the README writes them, and the error codes with their statuses.
func callsOf(doc *openapi3.T) (calls map[string]bool, codes map[string]string) {
	resource := regexp.MustCompile(`/(\{resource\}|categories|products|customers|orders)`)
	coded := regexp.MustCompile("`([a-z_]+)`")
	calls, codes = map[string]bool{}, map[string]string{"method_not_allowed": "405"} // no call's

	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			call := method + " " + resource.ReplaceAllString(path, "/RESOURCE")
			if operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, "errors") != nil {
				call += "?errors=10"
			}

			calls[call] = true

			for status, response := range operation.Responses.Map() {
				for _, code := range coded.FindAllStringSubmatch(*response.Value.Description, -1) {
					codes[code[1]] = status
				}
			}
		}
	}

	return calls, codes
}

func jsonFields(t reflect.Type) map[string]bool {
	fields := map[string]bool{}

	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			fields[name] = true
		}
	}

	return fields
}
