package commercetoolstest

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math"
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

var (
	errNoID             = errors.New("it has no id")
	errUnknownParameter = errors.New("it is not known here")
)

// query is what a request for a page says.
type query struct {
	where         condition
	filtered      bool
	sort          []ordering
	limit, offset int
	expand        []path
	withTotal     bool
	// published hides products that are not published.
	published bool
}

// ordering is one sort expression.
type ordering struct {
	field      string
	descending bool
}

// parseQuery reads the parameters of a query of an endpoint. It also returns the name of the parameter that an error is
// about.
func parseQuery(endpoint string, values url.Values) (q query, parameter string, err error) {
	if q.expand, q.published, parameter, err = parseView(endpoint, values, "where", "sort", "limit", "offset", "withTotal"); err != nil {
		return q, parameter, err
	}

	if q.where, err = parseAll(values["where"], queryable(endpoint)); err != nil {
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

	q.withTotal, err = flag(values.Get("withTotal"), true)

	return q, "withTotal", err
}

// parseView reads what a request for a single resource may say too, and refuses what is neither that nor among others.
func parseView(
	endpoint string, values url.Values, others ...string,
) (expand []path, published bool, parameter string, err error) {
	projections := endpoint == "product-projections"

	for name := range values {
		known := name == "expand" || name == "staged" && projections || slices.Contains(others, name)
		if !known {
			return nil, false, name, errUnknownParameter
		}
	}

	staged, err := flag(values.Get("staged"), false)
	if err != nil {
		return nil, false, "staged", err
	}

	expand, err = parsePaths(values["expand"])

	return expand, projections && !staged, "expand", err
}

func flag(text string, unset bool) (bool, error) {
	switch text {
	case "":
		return unset, nil
	case "true", "false":
		return text == "true", nil
	default:
		return false, fmt.Errorf("%q is neither true nor false", text)
	}
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

func parseSort(expressions []string) ([]ordering, error) {
	all := make([]ordering, len(expressions))

	for i, text := range expressions {
		field, direction, _ := strings.Cut(text, " ")

		if !slices.Contains([]string{"id", "createdAt", "lastModifiedAt"}, field) {
			return nil, fmt.Errorf("the path %q can't be sorted by", field)
		}

		if !slices.Contains([]string{"", "asc", "desc"}, direction) {
			return nil, fmt.Errorf("%q is not a direction", direction)
		}

		all[i] = ordering{field: field, descending: direction == "desc"}
	}

	return all, nil
}

// run returns the page and the total of all. A page in the order of the ids, as an import asks for them, costs no more than
// its own length, and the total without a predicate nothing; with one it is counted no further than it is told.
func (q query) run(all view) (page []*resource, total int) {
	var found []*resource

	if len(q.sort) == 0 || q.sort[0] == (ordering{field: "id"}) {
		found, total = q.first(all)
	} else {
		found = slices.SortedStableFunc(q.matches(all), q.compare)
		total = len(found)
	}

	if q.all() {
		total = all.len()
	}

	if q.filtered {
		total = min(total, maxOffset)
	}

	from := min(q.offset, len(found))

	return found[from:min(from+q.limit, len(found))], total
}

// all tells whether everything matches.
func (q query) all() bool { return !q.filtered && !q.published }

// first returns the first that match, in the order of their ids, and counts on as far as need be.
func (q query) first(all view) (found []*resource, count int) {
	wanted := q.offset + q.limit
	enough := wanted

	switch {
	case !q.withTotal || q.all():
	case q.filtered:
		enough = max(maxOffset, wanted)
	default:
		enough = math.MaxInt
	}

	for r := range q.matches(all) {
		if count++; count <= wanted {
			found = append(found, r)
		}

		if count >= enough {
			break
		}
	}

	return found, count
}

func (q query) matches(all view) iter.Seq[*resource] {
	return func(yield func(*resource) bool) {
		for r := range all.candidates(q.where) {
			if (!q.published || !r.lived().hidden) && q.where.match(r) && !yield(r) {
				return
			}
		}
	}
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
