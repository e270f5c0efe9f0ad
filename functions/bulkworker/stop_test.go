package bulkworker_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/functions/bulkworker"
	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/settings"
)

// stopping is a commercetools where somebody stops the run before a certain query is answered.
type stopping struct {
	*commercetoolstest.Server

	at      int64
	stop    func(context.Context) error
	queries atomic.Int64
	failed  atomic.Bool
}

func (s *stopping) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/demo/customers" && s.queries.Add(1) == s.at {
		s.failed.Store(s.stop(r.Context()) != nil)
	}

	s.Server.ServeHTTP(w, r)
}

// account is a Klaviyo that notes what is written.
type account struct {
	*klaviyotest.Server

	mu     sync.Mutex
	writes []string
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		a.mu.Lock()
		a.writes = append(a.writes, r.Method+" "+r.URL.Path)
		a.mu.Unlock()
	}

	a.Server.ServeHTTP(w, r)
}

func (a *account) written() []string {
	a.mu.Lock()
	defer a.mu.Unlock()

	return a.writes
}

// TestStopBeforeSending: a run that is stopped while its customers are read sends nothing any more: neither the first
// time, nor what Klaviyo has refused.
func TestStopBeforeSending(t *testing.T) {
	t.Parallel()

	// The queries of a run with one customer whom Klaviyo refuses at first. The last looks for what was modified meanwhile.
	const count, read, readAgain, catchUp, never = 1, 2, 3, 4, 5

	const owner, imported = "POST /api/profiles", "POST /api/profile-bulk-import-jobs"

	for name, c := range map[string]struct {
		stop   int64
		status bulk.Status
		writes []string
	}{
		"counting":                 {count, bulk.Stopped, []string{owner}},
		"reading":                  {read, bulk.Stopped, []string{owner}},
		"reading what was refused": {readAgain, bulk.Stopped, []string{owner, imported}},
		"never":                    {never, bulk.Done, []string{owner, imported, imported}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			ct := &stopping{Server: commercetoolstest.NewServer("demo"), at: c.stop}
			kl := &account{Server: klaviyotest.New(klaviyotest.Options{Key: key})}
			p := between(t, ct, kl)
			p.start(t)
			p.deliverAll(t)

			if queries := min(c.stop, catchUp); ct.queries.Load() != queries || ct.failed.Load() {
				t.Errorf("%d queries, want %d: the stop was not where it should be", ct.queries.Load(), queries)
			}

			if diff := cmp.Diff(c.writes, kl.written()); diff != "" {
				t.Errorf("writes to Klaviyo (-want +got):\n%s", diff)
			}

			progress, err := p.control.Progress(t.Context(), bulk.Customers, 10)
			if err != nil || progress.Status != c.status || progress.Failed > 0 {
				t.Errorf("progress = %+v %v, want %s without failures", progress, err, c.status)
			}
		})
	}
}

// between returns the function between the two, with a customer whose phone number is another profile's.
func between(t *testing.T, ct *stopping, kl *account) *post {
	t.Helper()

	shop, profiles := httptest.NewServer(ct), httptest.NewServer(kl)
	t.Cleanup(shop.Close)
	t.Cleanup(profiles.Close)

	ct.Put("customers", customer(1, "+49 30 123456"))

	client := klaviyo.New(klaviyo.Config{APIURL: profiles.URL, AuthKey: key})

	owner := klaviyo.Profile{Email: klaviyo.Set("owner@kunden.example.de"), PhoneNumber: klaviyo.Set("+4930123456")}
	if _, err := client.CreateProfile(t.Context(), owner); err != nil {
		t.Fatal(err)
	}

	p := newPost(t, bulkworker.Importers(commercetools.New(functiontest.CommercetoolsConfig(shop.URL, nil)), client,
		settings.Shop{}, settings.Config{}))
	ct.stop = func(ctx context.Context) error {
		_, err := p.control.Stop(ctx, bulk.Customers)

		return err
	}

	return p
}

// deliverAll delivers tasks until there are no more; each is meant to be done at once.
func (p *post) deliverAll(t *testing.T) {
	t.Helper()

	for w, ok := p.deliver(t); ok; w, ok = p.deliver(t) {
		if w.Code != http.StatusNoContent {
			t.Fatalf("status = %d, want 204", w.Code)
		}
	}
}
