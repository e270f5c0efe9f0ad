package settings

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/sethvargo/go-envconfig"
)

// Load fills a T, a struct that embeds groups of this package, from the environment. Its error has a line for each
// variable that is missing or wrong: "CT_API_URL is required".
func Load[T any](ctx context.Context, l envconfig.Lookuper) (T, error) {
	var t T

	var problems []error

	seen := map[string]bool{}

	for _, err := range fill(ctx, present(l), reflect.ValueOf(&t).Elem()) {
		// Two groups may read the same variable.
		if !seen[err.Error()] {
			seen[err.Error()] = true

			problems = append(problems, err)
		}
	}

	return t, errors.Join(problems...)
}

// present hides variables that are empty, and trims the others.
func present(l envconfig.Lookuper) envconfig.LookuperFunc {
	return func(name string) (string, bool) {
		v, ok := l.Lookup(name)
		v = strings.TrimSpace(v)

		return v, ok && v != ""
	}
}

// fill sets the fields of a struct and of those in it one by one, because envconfig stops at the first problem.
func fill(ctx context.Context, l envconfig.Lookuper, v reflect.Value) []error {
	var problems []error

	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)

		tag, tagged := field.Tag.Lookup("env")
		if !tagged {
			if field.IsExported() && value.Kind() == reflect.Struct {
				problems = append(problems, fill(ctx, l, value)...)
			}

			continue
		}

		alone := reflect.New(reflect.StructOf([]reflect.StructField{field}))
		// NoInit: a variable that isn't set isn't decoded.
		cfg := &envconfig.Config{Target: alone.Interface(), Lookuper: l, DefaultNoInit: true}

		if err := envconfig.ProcessWith(ctx, cfg); err != nil {
			name, _, _ := strings.Cut(tag, ",")
			problems = append(problems, problem(name, field.Tag.Get("must"), err))

			continue
		}

		value.Set(alone.Elem().Field(0))
	}

	if g, ok := reflect.TypeAssert[interface{ Validate() error }](v); ok {
		problems = append(problems, flatten(g.Validate())...)
	}

	return problems
}

// problem says in the operator's words what is wrong with a variable. must, the tag of that name, replaces the words of
// a type that isn't ours.
func problem(name, must string, err error) error {
	if errors.Is(err, envconfig.ErrMissingRequired) {
		return fmt.Errorf("%s is required", name)
	}

	if must != "" {
		return fmt.Errorf("%s: must %s", name, must)
	}

	if inner := errors.Unwrap(err); inner != nil {
		err = inner // without the name of the Go field, which envconfig puts in front
	}

	return fmt.Errorf("%s: %w", name, err)
}

// flatten returns the errors that were joined.
func flatten(err error) []error {
	if err == nil {
		return nil
	}

	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}

	return []error{err}
}
