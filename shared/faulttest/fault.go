// Package faulttest makes a good server a bad one: it stands before a handler and answers in its place, late, or not at
// all, so that a test sees what its client makes of it.
package faulttest

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"
)

// Fault is what goes wrong with one request. The zero value is nothing: the request passes through.
type Fault struct {
	// Status answers in the handler's place, with Body, ContentType and RetryAfter, each as it is or not at all.
	Status      int
	RetryAfter  string
	Body        string
	ContentType string
	// Delay waits before anything else happens, or until the client has gone.
	Delay time.Duration
	// ResetBefore cuts the connection before the handler runs: nothing has happened.
	ResetBefore bool
	// ResetAfter cuts the connection when the handler has run: it has happened, and the client can't know.
	ResetAfter bool
	// SilentAfter gives no answer when the handler has run, until the client has gone.
	SilentAfter bool
	// Truncated cuts the connection in the middle of the handler's answer.
	Truncated bool
}

// Wrap lets pick decide for each request. It may be called concurrently.
func Wrap(h http.Handler, pick func(*http.Request) Fault) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := pick(r)

		if f.Delay > 0 {
			timer := time.NewTimer(f.Delay)
			defer timer.Stop()

			select {
			case <-timer.C:
			case <-r.Context().Done():
				panic(http.ErrAbortHandler)
			}
		}

		switch {
		case f.ResetBefore:
			panic(http.ErrAbortHandler)
		case f.ResetAfter:
			h.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		case f.SilentAfter:
			h.ServeHTTP(httptest.NewRecorder(), r)
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		case f.Truncated:
			truncate(w, r, h)
		case f.Status != 0:
			f.answer(w, r)
		default:
			h.ServeHTTP(w, r)
		}
	})
}

// truncate gives the first half of an answer.
func truncate(w http.ResponseWriter, r *http.Request, h http.Handler) {
	whole := httptest.NewRecorder()
	h.ServeHTTP(whole, r)
	maps.Copy(w.Header(), whole.Header())
	w.Header().Set("Content-Length", strconv.Itoa(whole.Body.Len()))
	w.WriteHeader(whole.Code)
	_, _ = w.Write(whole.Body.Bytes()[:whole.Body.Len()/2])
	_ = http.NewResponseController(w).Flush()

	panic(http.ErrAbortHandler)
}

// answer reads the request to its end first, as a real server does; the connection stays usable.
func (f Fault) answer(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)

	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}

	if f.ContentType != "" {
		w.Header().Set("Content-Type", f.ContentType)
	}

	w.WriteHeader(f.Status)
	_, _ = io.WriteString(w, f.Body)
}
