package faulttest

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// Any returns one of the faults that there are, each as often as the others.
func Any(roll *rand.Rand) Fault {
	all := []Fault{
		{Status: http.StatusTooManyRequests},
		{Status: http.StatusTooManyRequests, RetryAfter: strconv.Itoa(1 + roll.IntN(3))},
		{Status: http.StatusInternalServerError},
		{Status: http.StatusServiceUnavailable},
		{Status: http.StatusForbidden, ContentType: "text/html", Body: "<html>wait</html>"},
		{Status: http.StatusOK, ContentType: "text/html", Body: "<html>maintenance</html>"},
		{ResetBefore: true},
		{ResetAfter: true},
		{SilentAfter: true},
		{Truncated: true},
		{Delay: Between(roll, time.Second, 30*time.Second)},
	}

	return all[roll.IntN(len(all))]
}

// ErrOutOfOrder is what a call that has been spoiled ends with.
var ErrOutOfOrder = errors.New("out of order")

// Spoil makes a call that isn't a request, such as one of a store: it fails before it has done its work, or after, or takes up
// to ten seconds.
func Spoil(roll *rand.Rand, call func() error) error {
	switch roll.IntN(3) {
	case 0:
		return ErrOutOfOrder
	case 1:
		return errors.Join(ErrOutOfOrder, call())
	default:
		time.Sleep(Between(roll, 0, 10*time.Second)) //nolint:forbidigo // a slow call can't be interrupted

		return call()
	}
}

// Between is a time from least to less than most.
func Between(roll *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(roll.Int64N(int64(most-least)))
}

// About names a request for [Dice]: its method, URL and body, which stays to be read.
func About(r *http.Request) string {
	about := r.Method + " " + r.URL.String()
	if r.Body == nil {
		return about
	}

	body, err := io.ReadAll(r.Body)
	if err != nil {
		return about // and whoever reads it next will notice
	}

	r.Body = io.NopCloser(bytes.NewReader(body))

	return about + " " + string(body)
}
