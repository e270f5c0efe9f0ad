package main

import (
	"fmt"
	"io"
	"slices"
)

// What a step does.
const (
	stepKeep    = "keep"
	stepCreate  = "create"
	stepChange  = "change"
	stepReplace = "replace"
	stepRemove  = "remove"
)

// step brings one key of the prefix from what there is to what is wanted; nil is nothing.
type step struct {
	key  string
	have *keptSubscription
	want *subscription
}

// difference is a field that is to change.
type difference struct{ name, from, to string }

// plan has a step for each key, in their order.
func plan(keys []string, have []keptSubscription, want []subscription) []step {
	steps := make([]step, len(keys))

	for i, key := range keys {
		steps[i] = step{key: key}.again(have)

		if n := slices.IndexFunc(want, func(s subscription) bool { return s.Key == key }); n >= 0 {
			steps[i].want = &want[n]
		}
	}

	return steps
}

// again is the step from what there is now.
func (s step) again(have []keptSubscription) step {
	s.have = nil
	if n := slices.IndexFunc(have, func(k keptSubscription) bool { return k.Key == s.key }); n >= 0 {
		s.have = &have[n]
	}

	return s
}

func (s step) kind() string {
	switch differences := s.differences(); {
	case s.have == nil && s.want != nil:
		return stepCreate
	case s.have != nil && s.want == nil:
		return stepRemove
	case slices.ContainsFunc(differences, func(d difference) bool { return d.name == "format" }):
		return stepReplace // The API has no action for it.
	case len(differences) > 0:
		return stepChange
	default:
		return stepKeep
	}
}

// differences are those between two subscriptions; there are none when one is missing.
func (s step) differences() []difference {
	if s.have == nil || s.want == nil {
		return nil
	}

	var found []difference

	to := s.want.fields()
	for i, f := range s.have.fields() {
		if f.value != to[i].value {
			found = append(found, difference{name: f.name, from: f.value, to: to[i].value})
		}
	}

	// It doesn't heal by itself. Setting the destination again does.
	if s.have.Status == deliveryStopped {
		found = append(found, difference{name: "status", from: deliveryStopped, to: healthy})
	}

	return found
}

// describe writes the step as a diff.
func (s step) describe(out io.Writer) {
	switch s.kind() {
	case stepCreate:
		fmt.Fprintf(out, "+ create %s\n", s.key)

		for _, f := range s.want.fields() {
			if f.value != none {
				fmt.Fprintf(out, "    %s: %s\n", f.name, f.value)
			}
		}
	case stepChange:
		fmt.Fprintf(out, "~ change %s\n", s.key)
		s.describeDifferences(out)
	case stepReplace:
		fmt.Fprintf(out, "! replace %s: a format can't be changed, and what is published in between is lost\n", s.key)
		s.describeDifferences(out)
	case stepRemove:
		fmt.Fprintf(out, "- remove %s\n", s.key)
	default:
		fmt.Fprintf(out, "= nothing to do for %s\n", s.key)
	}
}

func (s step) describeDifferences(out io.Writer) {
	for _, d := range s.differences() {
		fmt.Fprintf(out, "    %s: %s -> %s\n", d.name, d.from, d.to)
	}
}

// count tells how many steps of each kind there are.
func count(steps []step) map[string]int {
	counts := map[string]int{}
	for _, s := range steps {
		counts[s.kind()]++
	}

	return counts
}
