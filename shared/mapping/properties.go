package mapping

import (
	"encoding/json"
	"maps"
)

// properties returns those of an event about the whole order; [PlacedOrder] tells which.
func (o order) properties() (map[string]json.RawMessage, error) {
	received, err := o.received()
	if err != nil {
		return nil, err
	}

	values := map[string]any{"ItemNames": o.itemNames(), "Categories": o.categories()}
	if o.cfg.GuideProperties {
		for name, value := range o.guide() {
			if _, taken := received[name]; !taken {
				values[name] = value
			}
		}
	}

	made, err := encodeAll(values)
	if err != nil {
		return nil, err
	}

	return fit(received, made), nil
}

// received returns the order's own properties and its custom fields, so far as they are chosen.
func (o order) received() (map[string]json.RawMessage, error) {
	own := without(o.Properties, isEmpty)

	if o.Custom == nil {
		return o.cfg.Properties.Apply(own), nil
	}

	if err := o.holdBack(own); err != nil {
		return nil, err
	}

	all := o.cfg.Properties.Apply(own)
	for name, value := range o.cfg.CustomFields.Apply(without(o.Custom.Fields, isEmpty)) {
		all = put(all, name, value)
	}

	return all, nil
}

// holdBack takes the custom fields that are not chosen out of the order's own property custom.
func (o order) holdBack(own map[string]json.RawMessage) error {
	names := Filter{Include: o.cfg.CustomFields.Include, Exclude: o.cfg.CustomFields.Exclude}

	chosen := names.Apply(o.Custom.Fields)
	if len(chosen) == len(o.Custom.Fields) {
		return nil
	}

	var custom map[string]json.RawMessage
	if err := json.Unmarshal(own["custom"], &custom); err != nil {
		return nil //nolint:nilerr // there is none
	}

	fields, err := encode(chosen)
	if err != nil {
		return err
	}

	own["custom"], err = encode(put(custom, "fields", fields))

	return err
}

// itemNames returns the names of what was bought, each once.
func (o order) itemNames() []string {
	var names []string

	for _, item := range o.LineItems {
		names = append(names, o.shop.text(item.Name))
	}

	for _, item := range o.CustomLineItems {
		names = append(names, o.shop.text(item.Name))
	}

	return unique(compact(names))
}

// categories returns the breadcrumbs of all products, each once.
func (o order) categories() []string {
	var all []string

	for _, item := range o.LineItems {
		all = append(all, o.products[item.ProductID].categories...)
	}

	return unique(all)
}

// without returns the values that are not absent.
func without(values map[string]json.RawMessage, absent func(json.RawMessage) bool) map[string]json.RawMessage {
	kept := maps.Clone(values)
	maps.DeleteFunc(kept, func(_ string, v json.RawMessage) bool { return absent(v) })

	return kept
}

func isNull(v json.RawMessage) bool { return len(v) == 0 || string(v) == "null" }

// isEmpty tells what Klaviyo makes nothing of in an event; 0 and false are values.
func isEmpty(v json.RawMessage) bool { return isNull(v) || string(v) == `""` }

// encodeAll writes values as JSON; a text that is "" is left out.
func encodeAll(values map[string]any) (map[string]json.RawMessage, error) {
	all := make(map[string]json.RawMessage, len(values))

	for name, value := range values {
		if value == "" {
			continue
		}

		text, err := encode(value)
		if err != nil {
			return nil, err
		}

		all[name] = text
	}

	return all, nil
}
