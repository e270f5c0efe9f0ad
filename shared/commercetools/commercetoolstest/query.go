package commercetoolstest

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	defaultLimit = 20
	maxLimit     = 500
	// maxOffset also bounds the total of a query with a predicate.
	maxOffset = 10_000
)

var errNoID = errors.New("it has no id")

// query is what a request for a page says.
type query struct {
	where         condition
	filtered      bool
	sort          []order
	limit, offset int
	expand        []path
	withTotal     bool
}

// order is one sort expression.
type order struct {
	field      string
	descending bool
}

// parseQuery also returns the name of the parameter that an error is about.
func parseQuery(values url.Values) (q query, parameter string, err error) {
	q.where, err = parseAll(values["where"])
	if err != nil {
		return q, "where", err
	}

	q.filtered = len(values["where"]) > 0

	if q.sort, err = parseSort(values["sort"]); err != nil {
		return q, "sort", err
	}

	if q.limit, err = number(values.Get("limit"), defaultLimit, maxLimit); err != nil {
		return q, "limit", err
	}

	if q.offset, err = number(values.Get("offset"), 0, maxOffset); err != nil {
		return q, "offset", err
	}

	if q.expand, err = parsePaths(values["expand"]); err != nil {
		return q, "expand", err
	}

	q.withTotal = true
	if v := values.Get("withTotal"); v != "" {
		if q.withTotal, err = strconv.ParseBool(v); err != nil {
			return q, "withTotal", fmt.Errorf("%q is neither true nor false", v)
		}
	}

	return q, "", nil
}

func number(text string, unset, most int) (int, error) {
	if text == "" {
		return unset, nil
	}

	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, fmt.Errorf("%q is not a number from 0 to %d", text, most)
	}

	return n, nil
}

func parseSort(expressions []string) ([]order, error) {
	all := make([]order, len(expressions))

	for i, text := range expressions {
		field, direction, _ := strings.Cut(text, " ")

		if !slices.Contains([]string{"id", "createdAt", "lastModifiedAt"}, field) {
			return nil, fmt.Errorf("the path %q can't be sorted by", field)
		}

		if !slices.Contains([]string{"", "asc", "desc"}, direction) {
			return nil, fmt.Errorf("%q is not a direction", direction)
		}

		all[i] = order{field: field, descending: direction == "desc"}
	}

	return all, nil
}

// run returns the page and the total of all; inOrder is sorted by id. Pages in the order of the ids, as an import asks
// for them, cost no more than their own length.
func (q query) run(inOrder []*resource) (page []*resource, total int) {
	byID := len(q.sort) == 0 || q.sort[0] == order{field: "id"}

	var found []*resource

	for _, r := range q.where.window(inOrder) {
		if !q.where.match(r) {
			continue
		}

		found = append(found, r)

		if byID && !q.withTotal && len(found) == q.offset+q.limit {
			break
		}
	}

	if !byID {
		slices.SortStableFunc(found, q.compare)
	}

	total = len(found)
	if q.filtered {
		total = min(total, maxOffset)
	}

	from := min(q.offset, len(found))

	return found[from:min(from+q.limit, len(found))], total
}

func (q query) compare(a, b *resource) int {
	for _, o := range q.sort {
		c := cmp.Compare(fmt.Sprint(a.field(o.field)), fmt.Sprint(b.field(o.field)))
		if o.descending {
			c = -c
		}

		if c != 0 {
			return c
		}
	}

	return 0
}
