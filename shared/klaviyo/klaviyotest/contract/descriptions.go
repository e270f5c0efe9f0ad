package contract

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

var errUnknown = errors.New("no operation has this path")

// described are the descriptions in a folder, read once for all tests of a process.
var described = sync.OnceValues(read) //nolint:gochecknoglobals // reading them takes longer than most tests

// Descriptions are Klaviyo's OpenAPI descriptions, one file for each operation.
type Descriptions struct {
	mu         sync.Mutex
	operations []operation
}

// operation is where a request belongs. Its file is read in full when the first one comes.
type operation struct {
	file, method, path string
	route              *routers.Route
}

// Load finds the descriptions. Without them it skips the test.
func Load(tb testing.TB) *Descriptions {
	tb.Helper()

	d := available(tb)
	if d == nil {
		tb.Skip("Klaviyo's OpenAPI descriptions are not in ../shared/klaviyo-openapi")
	}

	return d
}

// available returns nil where there are no descriptions.
func available(tb testing.TB) *Descriptions {
	tb.Helper()

	d, err := described()
	if err != nil {
		tb.Fatal(err)
	}

	if len(d.operations) == 0 {
		return nil
	}

	return d
}

// read finds out which operation each file describes.
func read() (*Descriptions, error) {
	openapi3filter.RegisterBodyDecoder(mediaType, openapi3filter.JSONBodyDecoder)

	dir, err := root()
	if err != nil {
		return nil, err
	}

	files, err := filepath.Glob(filepath.Join(dir, "..", "shared", "klaviyo-openapi", "*.json"))
	if err != nil {
		return nil, fmt.Errorf("find the descriptions: %w", err)
	}

	d := &Descriptions{}

	for _, file := range files {
		var paths struct {
			Paths map[string]map[string]json.RawMessage `json:"paths"`
		}

		data, err := os.ReadFile(file) //nolint:gosec // a test's own data
		if err == nil {
			err = json.Unmarshal(data, &paths)
		}

		if err != nil {
			return nil, fmt.Errorf("read %s: %w", filepath.Base(file), err)
		}

		for path, methods := range paths.Paths {
			for method := range methods {
				d.operations = append(d.operations, operation{file: file, method: strings.ToUpper(method), path: path})
			}
		}
	}

	return d, nil
}

// Operation returns an operation by its name, with its method and path.
func (d *Descriptions) Operation(name string) (op *openapi3.Operation, method, path string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()

	for i := range d.operations {
		o := &d.operations[i]
		if filepath.Base(o.file) != name+".json" {
			continue
		}

		if err := o.load(); err != nil {
			return nil, "", "", err
		}

		return o.route.Operation, o.method, o.path, nil
	}

	return nil, "", "", fmt.Errorf("%w: %s", errUnknown, name)
}

// find returns the operation of a request, and the parameters in its path.
func (d *Descriptions) find(method, path string) (*routers.Route, map[string]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()

	for i := range d.operations {
		o := &d.operations[i]

		params, ok := match(o.path, path)
		if !ok || o.method != method {
			continue
		}

		if err := o.load(); err != nil {
			return nil, nil, err
		}

		return o.route, params, nil
	}

	return nil, nil, errUnknown
}

// load reads the file, and makes its request bodies strict: the descriptions don't forbid attributes that they don't name,
// but Klaviyo does.
func (o *operation) load() error {
	if o.route != nil {
		return nil
	}

	spec, err := openapi3.NewLoader().LoadFromFile(o.file)
	if err != nil {
		return fmt.Errorf("load %s: %w", filepath.Base(o.file), err)
	}

	item := spec.Paths.Value(o.path)
	op := item.GetOperation(o.method)

	if op.RequestBody != nil {
		for _, media := range op.RequestBody.Value.Content {
			forbidUnknown(media.Schema, map[*openapi3.Schema]bool{})
		}
	}

	o.route = &routers.Route{Spec: spec, Path: o.path, PathItem: item, Method: o.method, Operation: op}

	return nil
}

func forbidUnknown(ref *openapi3.SchemaRef, seen map[*openapi3.Schema]bool) {
	if ref == nil || ref.Value == nil || seen[ref.Value] {
		return
	}

	schema := ref.Value
	seen[schema] = true

	if len(schema.Properties) > 0 {
		schema.AdditionalProperties.Has = new(false)
	}

	forbidUnknown(schema.Items, seen)

	for _, property := range schema.Properties {
		forbidUnknown(property, seen)
	}
}

// match compares a path with a template such as /api/profiles/{id}.
func match(template, path string) (map[string]string, bool) {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}

	params := map[string]string{}

	for i, part := range want {
		name, isParam := strings.CutPrefix(part, "{")
		if !isParam {
			if part != got[i] {
				return nil, false
			}

			continue
		}

		value, err := url.PathUnescape(got[i])
		if err != nil || value == "" {
			return nil, false
		}

		params[strings.TrimSuffix(name, "}")] = value
	}

	return params, true
}

// authenticated is kin-openapi's question whether a request has the key.
func authenticated(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	header := input.RequestValidationInput.Request.Header.Get(input.SecurityScheme.Name)
	if !strings.HasPrefix(header, "Klaviyo-API-Key ") {
		return errors.New("no API key")
	}

	return nil
}

// root is the folder of go.mod.
func root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find go.mod: %w", err)
	}

	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
	}

	return "", errors.New("no go.mod above the test")
}
