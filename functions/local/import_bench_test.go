package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"github.com/sethvargo/go-envconfig"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/logging"
	"github.com/ctklaviyo/connector/shared/settings"
)

// importsWithoutLimits makes the test binary be a `serve` that does not keep Klaviyo's limits, which say no more than how
// long to wait.
const importsWithoutLimits = "imports without limits"

func serveImportsWithoutLimits() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()

	env, err := settings.Load[environment](ctx, envconfig.OsLookuper())
	if err != nil {
		return err
	}

	cfg, err := env.Config()
	if err != nil {
		return err
	}

	at := env.Klaviyo.Client()
	at.Limits = map[string]klaviyo.Limit{}

	c := &connector{ct: commercetools.New(env.Commercetools.Client()), kl: klaviyo.New(at)}
	if err := c.openStore("", env); err != nil {
		return err
	}

	if err := c.listen(ctx, env, cfg, logging.New(io.Discard, slog.LevelError, "")); err != nil {
		return err
	}

	fmt.Fprintf(os.Stdout, "serving at %s: without limits\n", c.url)
	<-ctx.Done()

	return c.close()
}

// BenchmarkImport imports whole shops through `serve` in a process of its own; the shop is in another. "limits" are
// Klaviyo's, kept by the fake as by the client; without them it shows what a process can do.
//
// It reports records a second, requests to both APIs for 1,000 records, the importing process's processor time a record and
// the most memory it has held, and the share of requests that Klaviyo answered with 429.
func BenchmarkImport(b *testing.B) {
	// The fakes keep all that they get; collecting that again and again would take the processor from the import.
	defer debug.SetGCPercent(debug.SetGCPercent(400))

	for _, c := range []struct {
		name     string
		resource bulk.Resource
		size     commercetoolstest.Size
		limits   bool
	}{
		{"customers=10000", bulk.Customers, commercetoolstest.Size{Customers: 10_000}, false},
		{"customers=100000", bulk.Customers, commercetoolstest.Size{Customers: 100_000}, false},
		{"customers=1000000", bulk.Customers, commercetoolstest.Size{Customers: 1_000_000}, false},
		{"customers=300000,limits", bulk.Customers, commercetoolstest.Size{Customers: 300_000}, true},
		{"orders=20000", bulk.Orders, commercetoolstest.Size{Customers: 2_000, Orders: 20_000, Products: 500, Categories: 40}, false},
		{"orders=60000,limits", bulk.Orders, commercetoolstest.Size{Customers: 2_000, Orders: 60_000, Products: 500, Categories: 40}, true},
		{"products=10000", bulk.Products, commercetoolstest.Size{Products: 10_000, Categories: 40}, false},
		{"products=10000,limits", bulk.Products, commercetoolstest.Size{Products: 10_000, Categories: 40}, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()

				s := newShopOf(b, c.size, klaviyotest.Options{Limits: c.limits, JobTime: time.Second}, asItIs)
				if c.resource == bulk.Products {
					s.withCategories(b)
				}

				ctBefore, klBefore, throttled := s.ct.Requests(), s.kl.Requests(), s.kl.Throttled()

				var env []string
				if !c.limits {
					env = []string{asCommand + "=" + importsWithoutLimits}
				}

				b.StartTimer()

				f, _ := importing{shop: s, resource: c.resource, environment: env}.run(b)

				records := float64(f.records)
				klaviyo := float64(s.kl.Requests() - klBefore)

				b.ReportMetric(records/f.seconds, "records/s")
				b.ReportMetric((float64(s.ct.Requests()-ctBefore)+klaviyo)/records*1000, "requests/1000")
				b.ReportMetric(klaviyo/f.seconds*60, "klaviyo-requests/min")
				b.ReportMetric(float64(s.kl.Throttled()-throttled)/klaviyo*100, "throttled-%")
				b.ReportMetric(f.micros/records, "cpu-µs/record")
				b.ReportMetric(f.peakMiB, "peak-MiB")
				b.ReportMetric(0, "ns/op") // one import is one number, above
			}
		})
	}
}

// withCategories imports the categories, without which there are no products.
func (s *shop) withCategories(b *testing.B) {
	b.Helper()

	importing{shop: s, resource: bulk.Categories}.run(b)
}
