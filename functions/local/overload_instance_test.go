package main

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"

	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/loggingtest"
)

// busyInstance is one instance of a function.
type busyInstance struct {
	handler http.HandlerFunc
	// slots are the requests that it takes at once.
	slots chan struct{}
	// written is how many of its requests Klaviyo has taken.
	written *atomic.Int64
}

// start starts an instance, at some distance from commercetools and Klaviyo.
func (o *overload) start(ct http.Handler) busyInstance {
	b := busyInstance{slots: make(chan struct{}, o.concurrency), written: &atomic.Int64{}}

	counted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		o.kl.ServeHTTP(answer, r)

		if answer.Code < http.StatusMultipleChoices {
			b.written.Add(1)
		}

		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
	far := func(h http.Handler) http.Handler {
		return faulttest.Wrap(h, func(*http.Request) faulttest.Fault {
			return faulttest.Fault{Delay: faulttest.Between(o.roll(), 50*time.Millisecond, 150*time.Millisecond)}
		})
	}

	atKlaviyo := functiontest.KlaviyoConfig(functiontest.Memory("http://klaviyo.example", far(counted)))
	atKlaviyo.Limits = klaviyo.PublishedLimits()

	all, err := newInstance(functiontest.CommercetoolsConfig(functiontest.Memory("http://commercetools.example", far(ct))),
		atKlaviyo, loggingtest.New(o.t), &o.parked)
	if err != nil {
		o.t.Fatal(err)
	}

	b.handler = all[o.function]

	return b
}
