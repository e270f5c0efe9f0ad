package klaviyo

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
)

// Refused is a row of a bulk request that Klaviyo won't take.
type Refused struct {
	// Ref is the row's, as it was added; the external id of a catalog resource.
	Ref string
	// Code and Title say why: "invalid", "Invalid input.".
	Code, Title string
	// Pointer is the place within the row: "/attributes/email".
	Pointer string
}

// sendRows sends rows, and reads the answer into answer unless that is nil. Klaviyo looks over all of them first and takes
// none when one is malformed; those that it points at come back as refused, unless the form can mend them, and the rest is
// sent again. taken are the others; without any nothing was done. Every other answer, also a 400 that points at no row, is an
// *[Error].
func (c *Client) sendRows(
	ctx context.Context, operation string, f form, r *rows, answer any,
) (taken []row, refused []Refused, err error) {
	// Each turn ends the loop, or takes out or mends at least one row.
	for left := r.list; len(left) > 0; {
		err := c.send(ctx, request{
			operation: operation, method: http.MethodPost, path: f.path(), body: r.body(f, left),
		}, answer)
		if err == nil {
			return left, refused, nil
		}

		kept, out, mended := r.without(f, left, refusedRows(err, f.pointer()))
		if len(out) == 0 && !mended {
			return nil, nil, err
		}

		left, refused = kept, append(refused, out...)
	}

	return nil, refused, nil
}

// without takes refused rows out of those that were sent, by their numbers there, or mends them.
func (r *rows) without(f form, sent []row, bad map[int]Refused) (kept []row, out []Refused, mended bool) {
	kept = make([]row, 0, len(sent))

	for i, w := range sent {
		why, refused := bad[i]

		if refused && f.mend != nil {
			if instead := f.mend(r.encoded(w), why); instead != nil {
				w.instead, refused, mended = instead, false, true
			}
		}

		if !refused {
			kept = append(kept, w)

			continue
		}

		why.Ref = w.ref
		out = append(out, why)
	}

	return kept, out, mended
}

// startJob sends rows to an operation that answers with the id of a job, which is "" when no row is left.
func (c *Client) startJob(
	ctx context.Context, operation string, f form, r *rows,
) (id string, taken []row, refused []Refused, err error) {
	var answer document[identity]

	taken, refused, err = c.sendRows(ctx, operation, f, r, &answer)

	switch {
	case err != nil:
		return "", nil, nil, err
	case len(taken) > 0 && answer.Data.ID == "":
		return "", nil, nil, errNoID
	}

	return answer.Data.ID, taken, refused, nil
}

// refusedRows are the rows that an answer points at: /data/attributes/profiles/data/17/attributes/email is number 17 of
// those that were sent. The first error of a row counts.
func refusedRows(err error, pointer string) map[int]Refused {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Status != http.StatusBadRequest {
		return nil
	}

	rows := map[int]Refused{}

	for _, d := range e.Details {
		i, within := rowAt(d.Pointer, pointer)
		if _, known := rows[i]; !known && i >= 0 {
			rows[i] = Refused{Code: d.Code, Title: d.Title, Pointer: within}
		}
	}

	return rows
}

// rowAt splits a pointer behind that of the rows: the number of the row, -1 without one, and the place within it.
func rowAt(pointer, rows string) (number int, within string) {
	place, _ := strings.CutPrefix(pointer, rows)
	digits, within, _ := strings.Cut(place, "/")

	n, err := strconv.ParseUint(digits, 10, 31)
	if err != nil {
		return -1, ""
	}

	return int(n), "/" + within
}
