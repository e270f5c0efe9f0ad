package klaviyotest

import (
	"encoding/base64"
	"net/url"
	"strconv"
)

const (
	defaultPage = 20
	maxPage     = 100
)

// page answers with the part of a collection that page[size] (size without it) and page[cursor] ask for. A cursor is opaque
// to clients; here it is the number of what came before.
func page[T any](u *url.URL, size int, all []T, form func(T) resource) answer {
	query := u.Query()
	before := 0

	if s := query.Get("page[size]"); s != "" {
		var err error
		if size, err = strconv.Atoi(s); err != nil || size < 1 || size > maxPage {
			return invalid("page[size] must be between 1 and 100", "/data")
		}
	}

	if c := query.Get("page[cursor]"); c != "" {
		n, err := base64.RawURLEncoding.DecodeString(c)
		if err == nil {
			before, err = strconv.Atoi(string(n))
		}

		if err != nil || before < 0 {
			return invalid("Invalid page cursor", "/data")
		}
	}

	before = min(before, len(all)) // some may be gone since
	end := min(before+size, len(all))
	data := make([]resource, 0, end-before)

	for _, v := range all[before:end] {
		data = append(data, form(v))
	}

	around := links{Self: selfLink(u)}

	if end < len(all) {
		query.Set("page[cursor]", base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(end))))
		around.Next = publicURL + u.EscapedPath() + "?" + query.Encode()
	}

	return answer{status: 200, document: document{Data: data, Links: around}}
}
