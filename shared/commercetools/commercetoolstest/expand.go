package commercetoolstest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
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

			if !slices.Contains(expandable(), m[1]) {
				return nil, fmt.Errorf("%q has no field '%s' that leads to a reference", text, m[1])
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

// expandable are the fields that are references or lead to some, of whatever type; the real one knows each type's own. A
// field that is missing here is most likely a slip of the pen.
func expandable() []string {
	return []string{
		"ancestors", "parent", "categories", "productType", "taxCategory", // catalog
		"masterData", "current", "masterVariant", "variants", "prices", "channel", "supplyChannel", "customerGroup",
		"paymentInfo", "payments", "discountCodes", "discountCode", "customer", "cart", "state", "store", "lineItems", // orders
	}
}

// expand puts what each path refers to beside the reference, as obj. A reference into the void stays as it is.
func (s *Server) expand(raw json.RawMessage, paths []path) json.RawMessage {
	if len(paths) == 0 || raw[0] != '{' {
		return raw
	}

	var (
		out    []byte
		copied int
	)

	for name, at := range members(raw) {
		matching := slices.DeleteFunc(slices.Clone(paths), func(p path) bool { return p[0].field != name })
		if len(matching) == 0 {
			continue
		}

		out = append(out, raw[copied:at.from]...)
		out = append(out, s.expandValue(raw[at.from:at.to], matching)...)
		copied = at.to
	}

	return append(out, raw[copied:]...)
}

// expandValue follows paths from the value of the field that they begin with.
func (s *Server) expandValue(raw json.RawMessage, paths []path) json.RawMessage {
	if raw[0] != '[' {
		return s.resolve(raw, rest(paths))
	}

	var (
		out           []byte
		copied, index int
	)

	for at := range elements(raw) {
		matching := slices.DeleteFunc(slices.Clone(paths), func(p path) bool { return !p[0].all && p[0].index != index })
		index++

		if len(matching) > 0 {
			out = append(out, raw[copied:at.from]...)
			out = append(out, s.resolve(raw[at.from:at.to], rest(matching))...)
			copied = at.to
		}
	}

	return append(out, raw[copied:]...)
}

// rest returns what follows the first step, of those paths that go on; never nil.
func rest(paths []path) []path {
	further := []path{}

	for _, p := range paths {
		if len(p) > 1 {
			further = append(further, p[1:])
		}
	}

	return further
}

// resolve puts into a reference what it refers to, from where the paths go on. They go on from the value itself when it is
// no reference.
func (s *Server) resolve(raw json.RawMessage, paths []path) json.RawMessage {
	if raw[0] != '{' {
		return raw
	}

	var ref struct {
		TypeID string          `json:"typeId"`
		ID     string          `json:"id"`
		Obj    json.RawMessage `json:"obj"`
	}

	if err := json.Unmarshal(raw, &ref); err != nil || ref.TypeID == "" || ref.ID == "" || ref.Obj != nil {
		return s.expand(raw, paths)
	}

	found := s.store.view(endpoints()[ref.TypeID]).get(ref.ID)
	if found == nil {
		return raw
	}

	return slices.Concat(raw[:len(raw)-1], []byte(`,"obj":`), s.expand(found.text(), paths), []byte("}"))
}
