package bulkworker

import (
	"errors"
	"strings"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/mapping"
)

// pageSize is the most that commercetools gives at once.
const pageSize = 500

// limited is how many records to read next: at most size, and no more than the task may have left.
func limited(w bulk.Work, read, size int) int {
	if w.Limit > 0 {
		return min(w.Limit-read, size)
	}

	return size
}

// errPanic is a record whose mapping panicked; the value stays out of it, as it may hold personal data.
var errPanic = errors.New("a mistake of this program's: its mapping panicked")

// mapped maps a record, if there is one. A panic costs this record, not its page.
func mapped[T, R any](r record[T], toKlaviyo func(T) (R, error)) (result R, err error) {
	if r.err != nil {
		return result, r.err
	}

	defer func() {
		if recover() != nil {
			err = errPanic
		}
	}()

	return toKlaviyo(r.value)
}

// count counts a record, for which everything is ready to be sent unless there is an error. One that lacks what Klaviyo
// needs is skipped.
func count[T any](page *bulk.Page, r record[T], err error) {
	page.Cursor = r.id
	page.Read++

	if r.state != 0 {
		page.Recent = append(page.Recent, r.state)
	}

	if _, missing := errors.AsType[*mapping.MissingError](err); missing {
		page.Skipped++
	} else if err != nil {
		page.Failed++
		page.Failures = append(page.Failures, bulk.Failure{ID: r.id, Reason: err.Error()})
	} else {
		page.Sent++
	}
}

// done tells that the page goes as far as what was read, and whether that was the last of the range.
func done[T any](page *bulk.Page, read []record[T], last bool) {
	page.End = last

	if len(read) > 0 {
		page.Cursor = read[len(read)-1].id
	}
}

// fail counts records that were ready to be sent, and were refused.
func fail(page *bulk.Page, failures []bulk.Failure) {
	s := settled(nil, nil, failures, 0)
	page.Sent -= s.Failed
	page.Failed += s.Failed
	page.Failures = append(page.Failures, failures...)
}

// failure is one of Klaviyo's refusals. Its titles and details stay out: they may quote what was sent.
func failure(id, what, code, pointer string) bulk.Failure {
	f := bulk.Failure{ID: id, Reason: what, Code: code, Pointer: pointer}

	if code != "" {
		f.Reason += ": " + strings.TrimSpace(code+" "+pointer)
	}

	return f
}
