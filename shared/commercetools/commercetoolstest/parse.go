package commercetoolstest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The predicates that are understood:
//
//	or      = and { "or" and }
//	and     = primary { "and" primary }
//	primary = "(" or ")"
//	        | field "(" or ")"                        an object in that field
//	        | field ( "=" | "!=" | "<>" | "<" | "<=" | ">" | ">=" ) value
//	        | field "in" "(" value { "," value } ")"
//	        | field "is" [ "not" ] "defined"
//	value   = "text" | number | "true" | "false"
//
// Source: https://docs.commercetools.com/api/predicates/query.

// parseAll reads predicates that must all be true, about a resource with these fields.
func parseAll(predicates, known []string) (condition, error) {
	var all condition

	for i, text := range predicates {
		c, err := parse(text, known)
		if err != nil {
			return condition{}, err
		}

		if i == 0 {
			all = c
		} else {
			all = and(all, c)
		}
	}

	return all, nil
}

func parse(text string, known []string) (condition, error) {
	tokens, err := lex(text)
	if err != nil {
		return condition{}, err
	}

	p := &parser{tokens: tokens, known: known}

	c, err := p.or()
	if err == nil && p.peek() != "" {
		err = p.unexpected()
	}

	return c, err
}

type parser struct {
	tokens []string
	at     int
	// known are the fields that the resource has.
	known []string
	// depth is how many objects the field in question lies inside.
	depth int
}

// peek returns the next token, "" at the end.
func (p *parser) peek() string {
	if p.at == len(p.tokens) {
		return ""
	}

	return p.tokens[p.at]
}

func (p *parser) accept(token string) bool {
	if p.peek() != token {
		return false
	}

	p.at++

	return true
}

func (p *parser) unexpected() error {
	return fmt.Errorf("syntax error: unexpected %q as token %d", p.peek(), p.at+1)
}

func (p *parser) or() (condition, error) {
	c, err := p.and()
	for err == nil && p.accept("or") {
		var other condition

		other, err = p.and()
		c = or(c, other)
	}

	return c, err
}

func (p *parser) and() (condition, error) {
	c, err := p.primary()
	for err == nil && p.accept("and") {
		var other condition

		other, err = p.primary()
		c = and(c, other)
	}

	return c, err
}

func (p *parser) primary() (condition, error) {
	if p.accept("(") {
		return p.rest()
	}

	field := p.peek()
	if field == "" || !letter(field[0]) || slices.Contains([]string{"and", "or", "in", "true", "false"}, field) {
		return condition{}, p.unexpected()
	}

	if p.depth == 0 && !slices.Contains(p.known, field) {
		return condition{}, fmt.Errorf("the field '%s' does not exist", field)
	}

	p.at++

	switch operator := p.peek(); operator {
	case "(":
		p.at++
		p.depth++

		c, err := p.rest()
		p.depth--

		return inside(field, c), err
	case "in":
		p.at++

		values, err := p.values()

		return within(field, values), err
	case "is":
		p.at++

		return p.presence(field)
	case "=", "!=", "<>", "<", "<=", ">", ">=":
		p.at++

		value, err := p.value()
		if err != nil {
			return condition{}, err
		}

		return comparison(field, operator, value)
	default:
		return condition{}, p.unexpected()
	}
}

// presence reads what follows "is".
func (p *parser) presence(field string) (condition, error) {
	defined := !p.accept("not")
	if !p.accept("defined") {
		return condition{}, p.unexpected()
	}

	return presence(field, defined), nil
}

// rest reads what follows an opening parenthesis.
func (p *parser) rest() (condition, error) {
	c, err := p.or()
	if err == nil && !p.accept(")") {
		err = p.unexpected()
	}

	return c, err
}

func (p *parser) values() ([]any, error) {
	if !p.accept("(") {
		return nil, p.unexpected()
	}

	var values []any

	for {
		value, err := p.value()
		if err != nil {
			return nil, err
		}

		values = append(values, value)

		if p.accept(")") {
			return values, nil
		}

		if !p.accept(",") {
			return nil, p.unexpected()
		}
	}
}

func (p *parser) value() (any, error) {
	token := p.peek()
	p.at = min(p.at+1, len(p.tokens))

	if text, ok := strings.CutPrefix(token, `"`); ok {
		return text, nil
	}

	if token == "true" || token == "false" {
		return token == "true", nil
	}

	number, err := strconv.ParseFloat(token, 64)
	if err != nil || letter(token[0]) {
		return nil, fmt.Errorf("syntax error: %q is not a value", token)
	}

	return number, nil
}

func letter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
