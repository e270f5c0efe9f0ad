package bulkworker_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/functions/bulkworker"
	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/bulktest"
	"github.com/ctklaviyo/connector/shared/bulk/embedded"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest/contract"
	"github.com/ctklaviyo/connector/shared/loggingtest"
	"github.com/ctklaviyo/connector/shared/settings"
)

const key = "pk_test"

// shop is the worker between a commercetools and a Klaviyo, behind a queue, all over HTTP.
type shop struct {
	ct      *commercetoolstest.Server
	kl      *klaviyotest.Server
	control *bulk.Control
	// klaviyo writes beforehand what an account may have already.
	klaviyo *klaviyo.Client
}

// options are what a test changes about a shop.
type options struct {
	// fault lets requests to Klaviyo fail.
	fault func(*http.Request) faulttest.Fault
	// config is CONFIG_JSON.
	config string
	// unchecked does not hold the requests against Klaviyo's OpenAPI descriptions, which takes 25 ms an event.
	unchecked bool
}

// open starts a shop; every request to Klaviyo is held against its OpenAPI descriptions. fault lets requests to Klaviyo fail.
func open(t *testing.T, fault func(*http.Request) faulttest.Fault) *shop {
	t.Helper()

	return openWith(t, options{fault: fault})
}

func openWith(t *testing.T, o options) *shop {
	t.Helper()

	if o.fault == nil {
		o.fault = healthy
	}

	cfg, err := settings.File{JSON: o.config}.Config()
	if err != nil {
		t.Fatal(err)
	}

	store := bulktest.NewStore(t)
	s := &shop{ct: commercetoolstest.NewServer("demo"), kl: klaviyotest.New(klaviyotest.Options{Key: key})}
	ct, kl := httptest.NewServer(s.ct), httptest.NewServer(faulttest.Wrap(s.kl, o.fault))

	at := klaviyo.Config{APIURL: kl.URL, AuthKey: key}
	if !o.unchecked {
		at.Transport = contract.Transport(t, http.DefaultTransport)
	}

	s.klaviyo = klaviyo.New(at)
	client := commercetools.New(functiontest.CommercetoolsConfig(ct.URL, nil))

	var worker *bulk.Worker

	log := loggingtest.New(t)
	server := httptest.NewServer(bulkworker.New(func() (*bulk.Worker, error) { return worker, nil }, log))
	rates := embedded.DefaultRates()
	rates.MinBackoff, rates.MaxBackoff = 10*time.Millisecond, 100*time.Millisecond
	queue := embedded.NewQueue(server.URL, rates, log)
	worker = bulk.NewWorker(store, queue, bulkworker.Importers(client, s.klaviyo, settings.Shop{Locale: "en-US", Currency: "EUR"}, cfg), log)
	s.control = bulk.NewControl(store, queue, log)

	t.Cleanup(func() {
		queue.Close()
		server.Close()
		kl.Close()
		ct.Close()
	})

	return s
}

func healthy(*http.Request) faulttest.Fault { return faulttest.Fault{} }

// run imports customers and waits for the end.
func (s *shop) run(t *testing.T, o bulk.Options) bulk.Progress {
	t.Helper()

	return s.importing(t, bulk.Customers, o)
}

func (s *shop) importing(t *testing.T, resource bulk.Resource, o bulk.Options) bulk.Progress {
	t.Helper()

	if err := o.Normalize(resource); err != nil {
		t.Fatal(err)
	}

	if _, err := s.control.Start(t.Context(), resource, o); err != nil {
		t.Fatal(err)
	}

	for {
		p, err := s.control.Progress(t.Context(), resource, 100)
		if err != nil {
			t.Fatal(err)
		}

		if p.Status != bulk.Running {
			return p
		}

		time.Sleep(10 * time.Millisecond)
	}
}

func want(t *testing.T, p bulk.Progress, counts bulk.Counts, reasons ...string) {
	t.Helper()

	if p.Status != bulk.Done || p.Counts != counts {
		t.Errorf("progress = %s %+v %q, want done %+v", p.Status, p.Counts, p.Reason, counts)
	}

	said, err := json.Marshal(p.Errors)
	if err != nil {
		t.Fatal(err)
	}

	loggingtest.Check(t, string(said))

	for _, reason := range reasons {
		if !strings.Contains(string(said), reason) {
			t.Errorf("errors = %s, want one with %q", said, reason)
		}
	}
}
