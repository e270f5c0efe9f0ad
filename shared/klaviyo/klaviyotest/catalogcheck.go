package klaviyotest

import (
	"encoding/json"
	"fmt"
	"slices"
)

// maxMetadata is Klaviyo's 100 KB for the custom metadata of one resource.
const maxMetadata = 100_000

// kind is a type of catalog resources, by the OpenAPI descriptions of what creates and updates it.
type kind struct {
	name, plural, path string
	// required are the attributes that a creation needs; an update may have them, too, all but the first: the id.
	required, optional []string
	// relation is what may be referred to, linkedTo what an answer has a link to.
	relation, linkedTo string
	// owned resources always refer to the same one, and go with it.
	owned bool
}

func itemKind() kind {
	return kind{
		name: "catalog-item", plural: "items", path: "/api/catalog-items", relation: "categories", linkedTo: "variants",
		required: []string{"external_id", "title", "description", "url"},
		optional: []string{"price", "image_full_url", "image_thumbnail_url", "images", "custom_metadata", "published"},
	}
}

func variantKind() kind {
	return kind{
		name: "catalog-variant", plural: "variants", path: "/api/catalog-variants", relation: "item", linkedTo: "item", owned: true,
		required: []string{"external_id", "title", "description", "url", "sku", "inventory_quantity", "price"},
		optional: []string{"inventory_policy", "image_full_url", "image_thumbnail_url", "images", "custom_metadata", "published"},
	}
}

func categoryKind() kind {
	return kind{
		name: "catalog-category", plural: "categories", path: "/api/catalog-categories", linkedTo: "items",
		required: []string{"external_id", "name"},
	}
}

// sentResource is a resource as it came in.
type sentResource struct {
	// id is the compound one; a creation has none.
	id         string
	attributes map[string]any
	// refs is nil when nothing was said about them.
	refs []reference
}

type reference struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// decodeOne reads and looks over a request with a creation, or with an update of the resource with this compound id.
func (k kind) decodeOne(body []byte, id string) (sentResource, []fault) {
	var d struct {
		Data json.RawMessage `json:"data"`
	}

	if err := json.Unmarshal(body, &d); err != nil {
		return sentResource{}, []fault{{"The payload is not valid.", "/data"}}
	}

	sent, faults := k.decode(d.Data, id == "", "/data")
	if len(faults) == 0 && sent.id != id {
		faults = []fault{{"The id is not the one of the path.", "/data/id"}}
	}

	return sent, faults
}

// decodeReference reads a resource of which there is only the id.
func (k kind) decodeReference(raw json.RawMessage, pointer string) (sentResource, []fault) {
	var ref reference
	if err := json.Unmarshal(raw, &ref); err != nil || ref.Type != k.name || ref.ID == "" {
		return sentResource{}, []fault{{"A resource of type " + k.name + " with an id was expected.", pointer}}
	}

	return sentResource{id: ref.ID}, nil
}

// decode reads and looks over a resource that stands at a pointer.
func (k kind) decode(raw json.RawMessage, isNew bool, pointer string) (sentResource, []fault) {
	var d struct {
		reference

		Attributes    map[string]any `json:"attributes"`
		Relationships map[string]struct {
			Data json.RawMessage `json:"data"`
		} `json:"relationships"`
	}

	if err := json.Unmarshal(raw, &d); err != nil || d.Type != k.name || d.Attributes == nil {
		return sentResource{}, []fault{{"A resource of type " + k.name + " with attributes was expected.", pointer}}
	}

	var faults []fault
	if isNew != (d.ID == "") {
		faults = append(faults, fault{"An id belongs to an update, and only there.", pointer + "/id"})
	}

	r := sentResource{id: d.ID, attributes: d.Attributes}
	faults = append(faults, k.faultsOf(r.attributes, isNew, pointer)...)

	for name, relationship := range d.Relationships {
		refs, detail := k.references(name, relationship.Data, isNew)
		if detail != "" {
			faults = append(faults, fault{detail, pointer + "/relationships/" + name})
		}

		r.refs = refs
	}

	if k.owned && isNew && r.refs == nil && len(faults) == 0 {
		faults = append(faults, fault{"This relationship is required.", pointer + "/relationships/" + k.relation})
	}

	delete(r.attributes, "integration_type")
	delete(r.attributes, "catalog_type")

	return r, faults
}

// references reads a list of references, or a single one.
func (k kind) references(name string, data json.RawMessage, isNew bool) (refs []reference, detail string) {
	if name != k.relation || k.owned && !isNew {
		return nil, fmt.Sprintf("'%s' is not a valid relationship for the resource '%s'.", name, k.name)
	}

	refs = []reference{} // even none is something that was said

	var err error
	if k.owned {
		refs = make([]reference, 1)
		err = json.Unmarshal(data, &refs[0])
	} else {
		err = json.Unmarshal(data, &refs)
	}

	if err != nil {
		return nil, "References were expected."
	}

	return refs, ""
}

func (k kind) faultsOf(attributes map[string]any, isNew bool, pointer string) []fault {
	var faults []fault

	if isNew {
		for _, name := range k.required {
			if attributes[name] == nil {
				faults = append(faults, fault{"This field is required.", pointer + "/attributes/" + name})
			}
		}
	}

	for name, value := range attributes {
		if detail := k.faultOf(name, value, isNew); detail != "" {
			faults = append(faults, fault{detail, pointer + "/attributes/" + name})
		}
	}

	return faults
}

// faultOf tells what is wrong with one attribute; "" when nothing is.
func (k kind) faultOf(name string, value any, isNew bool) string {
	known := slices.Contains(k.required, name) || slices.Contains(k.optional, name)

	switch name {
	case "integration_type", "catalog_type":
		if isNew && slices.Contains([]any{"$custom", "$default", nil}, value) {
			return ""
		}

		known = false
	case "external_id":
		known = isNew
	}

	if !known {
		return fmt.Sprintf("'%s' is not a valid field for the resource '%s'.", name, k.name)
	}

	return faultOfCatalog(name, value)
}

func faultOfCatalog(name string, value any) string {
	ok := value == nil

	switch name {
	case "price", "inventory_quantity":
		_, isNumber := value.(float64)
		ok = ok || isNumber
	case "inventory_policy":
		ok = ok || slices.Contains([]any{0.0, 1.0, 2.0}, value)
	case "published":
		_, isBool := value.(bool)
		ok = ok || isBool
	case "images":
		_, isList := value.([]any)
		ok = ok || isList
	case "custom_metadata":
		ok = ok || isFlat(value)
	default:
		s, isText := value.(string)
		ok = ok || isText && (name != "external_id" || s != "")
	}

	if ok {
		return ""
	}

	return "This value is not valid."
}

// isFlat tells whether a value may be custom metadata.
func isFlat(value any) bool {
	object, ok := value.(map[string]any)
	if !ok {
		return false
	}

	for _, v := range object {
		switch v.(type) {
		case map[string]any, []any:
			return false
		}
	}

	data, err := json.Marshal(object)

	return err == nil && len(data) <= maxMetadata
}
