package commercetoolstest

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// condition is a predicate that was read. The zero value is true for everything.
type condition struct {
	test func(fields) bool
	// from and to are the least and the greatest id that can match, "" when any can: a hint that saves reading the rest.
	from, to string
	// only is another hint, nil when there is none.
	only *only
}

// only says that what matches has one of these texts in a field: "id", or "paymentInfo.payments.id" of one inside.
type only struct {
	field  string
	values []string
}

// fields is something that has fields: a resource or an object inside one.
type fields interface{ field(name string) any }

// object is a decoded JSON object.
type object map[string]any

func (o object) field(name string) any { return o[name] }

func (c condition) match(r *resource) bool { return c.test == nil || c.test(r) }

func and(a, b condition) condition {
	to := min(a.to, b.to)
	if to == "" {
		to = max(a.to, b.to)
	}

	return condition{
		test: func(f fields) bool { return a.test(f) && b.test(f) },
		from: max(a.from, b.from),
		to:   to,
		only: cmp.Or(a.only, b.only),
	}
}

func or(a, b condition) condition {
	c := condition{test: func(f fields) bool { return a.test(f) || b.test(f) }, from: min(a.from, b.from)}
	if a.to != "" && b.to != "" {
		c.to = max(a.to, b.to)
	}

	if a.only != nil && b.only != nil && a.only.field == b.only.field {
		c.only = &only{field: a.only.field, values: slices.Concat(a.only.values, b.only.values)}
	}

	return c
}

// comparison makes field operator value.
func comparison(field, operator string, value any) (condition, error) {
	if _, ok := value.(bool); ok && operator != "=" && operator != "!=" {
		return condition{}, fmt.Errorf("%s is not for booleans", operator)
	}

	if text, ok := value.(string); ok && (field == "createdAt" || field == "lastModifiedAt") {
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return condition{}, fmt.Errorf("the value of %s is not a time", field)
		}

		value = instant(t)
	}

	c := condition{test: func(f fields) bool { return holds(f.field(field), operator, value) }}

	if text, ok := value.(string); ok && operator == "=" {
		c.only = &only{field: field, values: []string{text}}
	}

	if id, ok := value.(string); ok && field == "id" {
		switch operator {
		case ">", ">=":
			c.from = id
		case "<", "<=":
			c.to = id
		}
	}

	return c, nil
}

// holds compares values of one kind; of different kinds nothing holds.
func holds(have any, operator string, want any) bool {
	var c int

	switch want := want.(type) {
	case string:
		text, ok := have.(string)
		if !ok {
			return false
		}

		c = cmp.Compare(text, want)
	case float64:
		number, ok := have.(float64)
		if !ok {
			return false
		}

		c = cmp.Compare(number, want)
	default:
		if _, ok := have.(bool); !ok {
			return false
		}

		if have != want {
			c = 1
		}
	}

	switch operator {
	case "=":
		return c == 0
	case "!=", "<>":
		return c != 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	default:
		return c >= 0
	}
}

// within makes field in (values…).
func within(field string, values []any) condition {
	set := make(map[any]bool, len(values))
	texts := make([]string, 0, len(values))

	for _, v := range values {
		set[v] = true

		if text, ok := v.(string); ok {
			texts = append(texts, text)
		}
	}

	c := condition{test: func(f fields) bool {
		switch v := f.field(field).(type) {
		case string, float64, bool:
			return set[v]
		default:
			return false
		}
	}}

	if len(texts) == len(values) {
		c.only = &only{field: field, values: texts}
	}

	return c
}

// presence makes field is defined, or field is not defined.
func presence(field string, defined bool) condition {
	return condition{test: func(f fields) bool { return (f.field(field) != nil) == defined }}
}

// inside makes field(condition): true of an object, or of any object in an array.
func inside(field string, c condition) condition {
	made := condition{test: func(f fields) bool {
		switch v := f.field(field).(type) {
		case map[string]any:
			return c.test(object(v))
		case []any:
			return slices.ContainsFunc(v, func(element any) bool {
				o, ok := element.(map[string]any)

				return ok && c.test(object(o))
			})
		default:
			return false
		}
	}}
	if c.only != nil {
		made.only = &only{field: field + "." + c.only.field, values: c.only.values}
	}

	return made
}
