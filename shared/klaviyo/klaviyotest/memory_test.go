package klaviyotest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// inProcess answers requests without a network.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)

	return w.Result(), nil
}

// BenchmarkRecords fills a fake with records and tells what one takes, with its client: memory at the end, and time at the
// beginning and at the end. Run it with -benchtime=1x, and with GOGC=400, as a process that does nothing else should have it:
// the more often the garbage collector looks through all profiles, the later ones pay.
func BenchmarkRecords(b *testing.B) {
	b.Run("profiles", func(b *testing.B) { fill(b, 1_000_000, 8_000, importCustomers) })
	b.Run("events", func(b *testing.B) { fill(b, 400_000, 1_000, importOrders) })
}

func importCustomers(b *testing.B, c *klaviyo.Client, first, n int) {
	b.Helper()

	var batch klaviyo.ProfileBatch

	for i := first; i < first+n; i++ {
		if err := batch.Add("", customer(i)); err != nil {
			b.Fatal(err)
		}
	}

	if _, refused, err := c.ImportProfiles(b.Context(), &batch); err != nil || len(refused) > 0 {
		b.Fatal(refused, err)
	}
}

func importOrders(b *testing.B, c *klaviyo.Client, first, n int) {
	b.Helper()

	var batch klaviyo.EventBatch

	for i := first; i < first+n; i++ {
		if err := batch.Add("", order(i)); err != nil {
			b.Fatal(err)
		}
	}

	if refused, err := c.ImportEvents(b.Context(), &batch); err != nil || len(refused) > 0 {
		b.Fatal(refused, err)
	}
}

func fill(b *testing.B, records, batch int, send func(b *testing.B, c *klaviyo.Client, first, n int)) {
	b.Helper()

	for b.Loop() {
		s := klaviyotest.New(klaviyotest.Options{})
		c := klaviyo.New(klaviyo.Config{APIURL: "http://x", AuthKey: "k", Transport: inProcess{s}, Limits: map[string]klaviyo.Limit{}})
		before := heap()

		var took []time.Duration

		for first := 0; first < records; first += batch {
			start := time.Now()

			send(b, c, first, batch)

			took = append(took, time.Since(start))
		}

		b.ReportMetric(float64(heap()-before)/float64(records), "B/record")

		tenth := len(took) / 10
		for name, part := range map[string][]time.Duration{"ns/early": took[:tenth], "ns/late": took[len(took)-tenth:]} {
			var sum time.Duration
			for _, d := range part {
				sum += d
			}

			b.ReportMetric(float64(sum.Nanoseconds())/float64(len(part)*batch), name)
		}

		runtime.KeepAlive(s)
	}
}

func heap() uint64 {
	runtime.GC()

	var m runtime.MemStats

	runtime.ReadMemStats(&m)

	return m.HeapAlloc
}

// customer is a profile of some 500 bytes.
func customer(i int) klaviyo.Profile {
	return klaviyo.Profile{
		Email:        klaviyo.Set(fmt.Sprintf("customer-%d@example.com", i)),
		ExternalID:   klaviyo.Set(fmt.Sprintf("6c5f3f3e-6d5c-4d4c-8b1f-%012d", i)),
		PhoneNumber:  klaviyo.Set(fmt.Sprintf("+49151%08d", i)),
		FirstName:    klaviyo.Set("Annegret"),
		LastName:     klaviyo.Set("Müller-Lüdenscheidt"),
		Organization: klaviyo.Set("Example & Sons"),
		Locale:       klaviyo.Set("de-DE"),
		Location: &klaviyo.Location{
			Address1: klaviyo.Set("12 B, Unter den Linden"), City: klaviyo.Set("Berlin"), Country: klaviyo.Set("DE"), Zip: klaviyo.Set("10117"),
		},
		Properties: map[string]json.RawMessage{"loyaltyPoints": json.RawMessage(`1200`), "newsletter": json.RawMessage(`true`)},
	}
}

// order is an event of some 2 KB, like one of the four that an order with three lines makes on the average.
func order(i int) klaviyo.Event {
	return klaviyo.Event{
		Metric: "Placed Order", UniqueID: fmt.Sprintf("8a5f3f3e-6d5c-4d4c-8b1f-%012d", i), Time: time.Unix(1_600_000_000+int64(i), 0), Value: "19.90", ValueCurrency: "EUR",
		Profile: klaviyo.EventProfile{
			ExternalID: fmt.Sprintf("6c5f3f3e-6d5c-4d4c-8b1f-%012d", i/10), Email: fmt.Sprintf("customer-%d@example.com", i/10),
		},
		Properties: map[string]json.RawMessage{
			"lineItems": json.RawMessage(`[` + strings.Repeat(`{"id":"x","price":{"centAmount":1990,"currencyCode":"EUR"}},`, 30) + `{}]`),
		},
		Backfill: true,
	}
}
