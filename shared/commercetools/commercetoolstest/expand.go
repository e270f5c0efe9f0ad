package commercetoolstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// path is a reference path: "paymentInfo.payments[*]" is paymentInfo, payments of any index.
type path []step

type step struct {
	field string
	// index is one element of an array; all is each of them.
	index int
	all   bool
}

func parsePaths(expand []string) ([]path, error) {
	if len(expand) == 0 {
		return nil, nil
	}

	form := regexp.MustCompile(`^([A-Za-z][A-Za-z0-9_-]*)(?:\[(\*|[0-9]{1,4})\])?$`)
	paths := make([]path, len(expand))

	for i, text := range expand {
		for part := range strings.SplitSeq(text, ".") {
			m := form.FindStringSubmatch(part)
			if m == nil {
				return nil, fmt.Errorf("%q is not a reference path", text)
			}

			one := step{field: m[1], index: -1, all: m[2] == "*"}
			if !one.all && m[2] != "" {
				one.index, _ = strconv.Atoi(m[2]) // one to four digits
			}

			paths[i] = append(paths[i], one)
		}
	}

	return paths, nil
}

// expand puts what each path refers to beside the reference, as obj. A reference into the void stays as it is.
func (s *Server) expand(r *resource, paths []path) json.RawMessage {
	if len(paths) == 0 {
		return r.raw
	}

	// A tree of its own, for it is about to change.
	tree := decode(r.raw)
	for _, p := range paths {
		s.follow(tree, p)
	}

	var out bytes.Buffer

	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)

	if err := encoder.Encode(tree); err != nil {
		panic(err)
	}

	return bytes.TrimSpace(out.Bytes())
}

// follow walks on from an object.
func (s *Server) follow(from map[string]any, p path) {
	if len(p) == 0 {
		return
	}

	elements, ok := from[p[0].field].([]any)
	if !ok {
		elements = []any{from[p[0].field]}
	}

	for i, element := range elements {
		if o, is := element.(map[string]any); is && (!ok || p[0].all || p[0].index == i) {
			s.follow(s.resolve(o), p[1:])
		}
	}
}

// resolve returns the object that a reference leads to, having put it there, or the object itself when it is none.
func (s *Server) resolve(o map[string]any) map[string]any {
	typeID, isReference := o["typeId"].(string)
	id, hasID := o["id"].(string)

	if !isReference || !hasID {
		return o
	}

	if obj, ok := o["obj"].(map[string]any); ok {
		return obj
	}

	found := s.store.get(endpoints()[typeID], id)
	if found == nil {
		return o
	}

	obj := decode(found.raw)
	o["obj"] = obj

	return obj
}

// decode reads an object whose numbers keep their digits.
func decode(raw json.RawMessage) map[string]any {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()

	var tree map[string]any
	if err := decoder.Decode(&tree); err != nil {
		panic(err) // it was checked when it was put
	}

	return tree
}
