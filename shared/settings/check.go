package settings

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// check compares a decoded JSON value with the type that it will fill, and returns a line for each place where they
// differ, in the order of the keys: "order.metrics.placedOrder: must be text, not a number". encoding/json would stop at
// the first, accept null everywhere, and keys in any case.
func check(path string, v any, t reflect.Type) []string {
	switch want := t.Kind(); want {
	case reflect.Struct, reflect.Map:
		if object, ok := v.(map[string]any); ok {
			return checkObject(path, object, t)
		}
	case reflect.Slice:
		if list, ok := v.([]any); ok {
			return checkList(path, list, t)
		}
	default:
		if reflect.TypeOf(v) == t {
			return checkValue(path, v)
		}
	}

	if v == nil {
		return []string{at(path, "must not be null")}
	}

	return []string{at(path, fmt.Sprintf("must be %s, not %s", wanted(t), found(v)))}
}

func checkObject(path string, object map[string]any, t reflect.Type) []string {
	var problems []string

	for _, key := range slices.Sorted(maps.Keys(object)) {
		inner := below(path, key)

		if t.Kind() == reflect.Map {
			problems = append(problems, check(inner, object[key], t.Elem())...)
			continue
		}

		fields := fieldsOf(t)
		if field, ok := fields[key]; ok {
			problems = append(problems, check(inner, object[key], field)...)
			continue
		}

		names := strings.Join(slices.Sorted(maps.Keys(fields)), ", ")
		problems = append(problems, at(inner, "unknown key; there are "+names))
	}

	return problems
}

func checkList(path string, list []any, t reflect.Type) []string {
	var problems []string
	for i, v := range list {
		problems = append(problems, check(fmt.Sprintf("%s[%d]", path, i), v, t.Elem())...)
	}

	return problems
}

// maxMetric is how long the name of an event may be. Source: https://developers.klaviyo.com/en/reference/create_event.
const maxMetric = 127

// checkValue holds the rules for single values that their type doesn't tell.
func checkValue(path string, v any) []string {
	text, _ := v.(string)

	switch {
	case messageList.MatchString(path):
		return checkMessage(path, text)
	case strings.HasPrefix(path, "disabledEvents[") && !slices.Contains(events(), text):
		return []string{at(path, fmt.Sprintf("%q is not an event; there are %s", text, strings.Join(events(), ", ")))}
	case strings.HasPrefix(path, "order.states.") && !slices.Contains(orderStates(), text):
		return []string{at(path, fmt.Sprintf("%q is not a state of an order; there are %s", text, strings.Join(orderStates(), ", ")))}
	case strings.HasPrefix(path, "payment.states.") && !slices.Contains(transactionStates(), text):
		return []string{at(path, fmt.Sprintf("%q is not a state of a transaction; there are %s", text, strings.Join(transactionStates(), ", ")))}
	case strings.HasPrefix(path, "order.metrics.") && text == "":
		return []string{at(path, "must not be empty: Klaviyo takes no event without a name")}
	case strings.HasPrefix(path, "order.metrics.") && utf8.RuneCountInString(text) > maxMetric:
		return []string{at(path, fmt.Sprintf("must have at most %d characters: Klaviyo takes no longer name", maxMetric))}
	default:
		return nil
	}
}

// checkMetrics finds events of the same name in the config file as a whole. What becomes of an order has the order's id for
// its unique id, so that Klaviyo would take a second event of the name for the first once more, and drop it.
func checkMetrics(tree map[string]any) []string {
	order, _ := tree["order"].(map[string]any)
	metrics, _ := order["metrics"].(map[string]any)

	var problems []string

	keys := map[string]string{} // by the event's name

	for _, key := range slices.Sorted(maps.Keys(metrics)) {
		name, _ := metrics[key].(string)

		if other, twice := keys[name]; twice && name != "" {
			problems = append(problems, at("order.metrics."+key,
				fmt.Sprintf("must be another name than order.metrics.%s: Klaviyo would drop one of the two events", other)))
		}

		keys[name] = key
	}

	return problems
}

// orderStates are those of https://docs.commercetools.com/api/projects/orders#orderstate.
func orderStates() []string { return []string{"Open", "Confirmed", "Complete", "Cancelled"} }

// transactionStates are those of https://docs.commercetools.com/api/projects/payments#transactionstate.
func transactionStates() []string { return []string{"Initial", "Pending", "Success", "Failure"} }

// events returns what disabledEvents takes.
func events() []string {
	return []string{
		CustomerCreated, CustomerCompanyNameSet, CustomerResourceUpdated,
		OrderCreated, OrderStateChanged, OrderRefunded,
		CategoryCreated, CategoryResourceUpdated, CategoryResourceDeleted,
		ProductPublished, ProductUnpublished, ProductResourceDeleted,
		InventoryResourceUpdated,
	}
}

// fieldsOf returns the types of a struct's fields by their JSON names.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := make(map[string]reflect.Type, t.NumField())

	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields[name] = f.Type
	}

	return fields
}

func below(path, key string) string {
	if path == "" {
		return key
	}

	return path + "." + key
}

func at(path, text string) string {
	if path == "" {
		return text
	}

	return path + ": " + text
}

// wanted names a type of Config in JSON's words.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice:
		return "a list"
	case reflect.Bool:
		return "true or false"
	default:
		return "text"
	}
}

// found names a decoded JSON value.
func found(v any) string {
	switch v.(type) {
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case bool:
		return "true or false"
	case string:
		return "text"
	default:
		return "a number"
	}
}
