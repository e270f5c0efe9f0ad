package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"

	"github.com/ctklaviyo/connector/config"
)

// File says which layers the config file has.
type File struct {
	// Env names a file of the folder config; "" is default.json alone.
	Env string `env:"CONFIG_ENV"`
	// JSON lies over the files; NodeJSON does under its older name, when JSON isn't set.
	JSON     string `env:"CONFIG_JSON"`
	NodeJSON string `env:"NODE_CONFIG"`
}

// Validate finds the problems of the config file.
func (f File) Validate() error {
	_, err := f.Config()

	return err
}

// Config returns the config file, its layers laid over one another. The error has a line for each problem: the layer,
// the key's path, and what is wrong.
func (f File) Config() (Config, error) { return f.read(config.Files) }

func (f File) read(files fs.FS) (Config, error) {
	layers, problems := f.layers(files)
	tree := map[string]any{}

	for _, l := range layers {
		over, err := l.tree()
		problems = append(problems, flatten(err)...)
		merge(tree, over)
	}

	for _, p := range checkMetrics(tree) {
		problems = append(problems, fmt.Errorf("config: %s", p))
	}

	if len(problems) > 0 {
		return Config{}, errors.Join(problems...)
	}

	var c Config

	data, err := json.Marshal(tree)
	if err == nil {
		err = json.Unmarshal(data, &c)
	}

	if err != nil {
		return Config{}, fmt.Errorf("config: %w", err)
	}

	c.Product.Messages.Deleted = slices.DeleteFunc(c.Product.Messages.Deleted, func(m string) bool { return m == resourceDeleted })

	return c, nil
}

// layer is a part of the config file: its name in errors, and its JSON.
type layer struct {
	name string
	data []byte
}

// layers returns the layers from the bottom to the top, and what keeps one from being read.
func (f File) layers(files fs.FS) ([]layer, []error) {
	var (
		layers   []layer
		problems []error
	)

	for _, env := range slices.Compact([]string{"default", f.Env}) {
		if env == "" {
			continue
		}

		data, err := fs.ReadFile(files, env+".json")
		if err != nil {
			problems = append(problems, fmt.Errorf("CONFIG_ENV: there is no config/%s.json; it can be %s", env, overlays(files)))
			continue
		}

		layers = append(layers, layer{name: "config/" + env + ".json", data: data})
	}

	switch {
	case f.JSON != "":
		layers = append(layers, layer{name: "CONFIG_JSON", data: []byte(f.JSON)})
	case f.NodeJSON != "":
		layers = append(layers, layer{name: "NODE_CONFIG", data: []byte(f.NodeJSON)})
	}

	return layers, problems
}

// overlays lists the values that CONFIG_ENV can have.
func overlays(files fs.FS) string {
	names, _ := fs.Glob(files, "*.json") // its only error is a wrong pattern
	for i, name := range names {
		names[i] = strings.TrimSuffix(name, ".json")
	}

	return strings.Join(names, ", ")
}

// tree returns the layer as maps, slices and values, after it has been checked against Config. Numbers stay as written.
func (l layer) tree() (map[string]any, error) {
	// First as a whole, because only this finds what follows the value, and says where.
	if err := json.Unmarshal(l.data, new(json.RawMessage)); err != nil {
		return nil, fmt.Errorf("%s: %s: %w", l.name, position(l.data, err), err)
	}

	var v any

	d := json.NewDecoder(bytes.NewReader(l.data))
	d.UseNumber()

	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("%s: %w", l.name, err)
	}

	d = json.NewDecoder(bytes.NewReader(l.data))
	d.UseNumber()

	var problems []error
	for _, p := range append(doubles(d, ""), check("", v, reflect.TypeFor[Config]())...) {
		problems = append(problems, fmt.Errorf("%s: %s", l.name, p))
	}

	object, _ := v.(map[string]any)

	return object, errors.Join(problems...)
}

// position says where the JSON is broken: "line 2, column 7".
func position(data []byte, err error) string {
	offset := int64(len(data))
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = min(offset, e.Offset)
	}

	before := data[:offset]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - (bytes.LastIndexByte(before, '\n') + 1)

	return fmt.Sprintf("line %d, column %d", line, column)
}

// merge lays a tree over another: objects merge, everything else replaces.
func merge(under, over map[string]any) {
	for key, v := range over {
		lower, lowerIsObject := under[key].(map[string]any)
		upper, upperIsObject := v.(map[string]any)

		if lowerIsObject && upperIsObject {
			merge(lower, upper)
			continue
		}

		under[key] = v
	}
}
