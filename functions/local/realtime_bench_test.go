package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sethvargo/go-envconfig"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/logging"
	"github.com/ctklaviyo/connector/shared/settings"
)

// withoutLimits makes the test binary be a `serve` of the realtime functions that does not keep Klaviyo's limits: those
// allow 75 profiles a second.
const withoutLimits = "without limits"

func serveWithoutLimits() error {
	env, err := settings.Load[environment](context.Background(), envconfig.OsLookuper())
	if err != nil {
		return err
	}

	kl := env.Klaviyo.Client()
	kl.Limits = map[string]klaviyo.Limit{}

	functions, err := newInstance(env.Commercetools.Client(), kl, logging.New(os.Stderr, slog.LevelInfo, ""), &parkedInTest{})
	if err != nil {
		return err
	}

	mux := http.NewServeMux()
	for name, handler := range functions {
		mux.Handle("/"+name, handler)
	}

	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}

	fmt.Printf("serving at http://%s: the realtime functions\n", listener.Addr()) //nolint:forbidigo // `serve` is asked for it

	return newServer(context.Background(), mux).Serve(listener)
}

// shoppers is how many customers and orders there are that change.
const shoppers = 1000

// BenchmarkRealtime delivers messages over HTTP to one process that serves the functions: of four, a new customer, a
// customer who has changed, a new order of three line items, and an order that was fulfilled. The fakes and the load are in
// this process, the functions in another.
//
// It reports messages a second, requests a message, and the functions' processor time a message and the most memory they
// have held.
func BenchmarkRealtime(b *testing.B) {
	// The fakes keep all that they get; collecting that again and again would take the processor from the functions.
	defer debug.SetGCPercent(debug.SetGCPercent(800))

	ct, kl := commercetoolstest.NewServer("demo"), klaviyotest.New(klaviyotest.Options{})
	m := newMessages(b)

	for i := range shoppers {
		ct.Put("customers", about(m.customer, i))
		ct.Put("orders", about(m.order, i))
	}

	for i := range 3 {
		ct.Put("product-projections", []byte(fmt.Sprintf(
			`{"id":"product-%d","version":1,"name":{"en":"Shirt"},"slug":{"en":"shirt"},"categories":[{"typeId":"category","id":"women"}]}`, i)))
	}

	ct.Put("categories", []byte(`{"id":"women","version":1,"name":{"en":"Women"},"ancestors":[]}`))

	ctURL, klURL := httptest.NewServer(ct), httptest.NewServer(kl)
	b.Cleanup(ctURL.Close)
	b.Cleanup(klURL.Close)

	env := []string{asCommand + "=" + withoutLimits}
	for name, value := range functiontest.Variables(ctURL.URL, klURL.URL) {
		env = append(env, name+"="+value)
	}

	url, process := serve(b, env)
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	b.Cleanup(transport.CloseIdleConnections)

	var (
		next   atomic.Int64
		failed atomic.Int64
	)

	before := ct.Requests() + kl.Requests()

	b.SetParallelism(32 / runtime.GOMAXPROCS(0)) // 32 at once
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			function, body := m.push(int(next.Add(1)))
			if !posted(b.Context(), transport, url+"/"+function, body) {
				failed.Add(1)
			}
		}
	})

	if n := failed.Load(); n > 0 {
		b.Errorf("%d of %d messages were not acknowledged", n, b.N)
	}

	requests := ct.Requests() + kl.Requests() - before
	seconds := b.Elapsed().Seconds()

	b.ReportMetric(float64(b.N)/seconds, "messages/s")
	b.ReportMetric(float64(requests)/float64(b.N), "requests/message")
	b.ReportMetric(peak(b, process.Process.Pid), "peak-MiB")

	_ = process.Process.Kill()
	_ = process.Wait()
	spent := process.ProcessState.UserTime() + process.ProcessState.SystemTime()
	b.ReportMetric(float64(spent.Microseconds())/float64(b.N), "cpu-µs/message")
}

func posted(ctx context.Context, transport http.RoundTripper, url, body string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return false
	}

	resp, err := transport.RoundTrip(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()

	_, _ = io.Copy(io.Discard, resp.Body)

	return resp.StatusCode == http.StatusNoContent
}

// messages are templates, in which one id and one e-mail address stand for all.
type messages struct{ customer, order, created, updated, placed, fulfilled string }

const (
	anyID    = "00000000-0000-4000-8000-000000000000"
	anyEmail = anyID + "@shop.example.org"
)

func newMessages(b *testing.B) messages {
	b.Helper()

	var lines []object
	for i := range 3 {
		lines = append(lines, object{
			"id": fmt.Sprintf("%s-%d", anyID, i), "productId": fmt.Sprintf("product-%d", i), "name": object{"en": "Shirt", "de": "Hemd"}, "quantity": 2,
			"variant": object{
				"id": 1, "sku": fmt.Sprintf("SKU-%d", i), "images": []object{{"url": "https://cdn.example/shirt.jpg", "dimensions": object{"w": 800, "h": 600}}},
				"attributes": []object{{"name": "color", "value": object{"key": "red", "label": "Red"}}, {"name": "brand", "value": "Acme"}},
			},
			"price": object{"value": functiontest.Euros(1999)}, "totalPrice": functiontest.Euros(3998), "taxRate": object{"name": "19 %", "amount": 0.19},
		})
	}

	order := object{
		"id": anyID, "version": 1, "createdAt": "2026-01-02T03:04:05.678Z", "lastModifiedAt": "2026-01-02T03:04:05.678Z", "orderState": "Open",
		"orderNumber": "N-" + anyID, "customerEmail": anyEmail, "totalPrice": functiontest.Euros(11994),
		"billingAddress": address("Berlin"), "shippingAddress": address("Hamburg"), "lineItems": lines, "customLineItems": []object{},
		"discountCodes": []object{}, "custom": object{"type": ref("type", "t"), "fields": object{"gift": false, "note": "Please ring twice."}},
	}
	customer := object{
		"id": anyID, "version": 1, "createdAt": "2026-01-02T03:04:05.678Z", "lastModifiedAt": "2026-01-02T03:04:05.678Z", "email": anyEmail,
		"firstName": "Ann", "lastName": "Arbor", "companyName": "Acme", "locale": "en-US", "addresses": []object{address("Berlin"), address("Hamburg")},
		"custom": object{"type": ref("type", "t"), "fields": object{"tier": "gold", "points": 1234, "newsletter": true}},
	}

	return messages{
		customer:  string(functiontest.Encode(b, customer)),
		order:     string(functiontest.Encode(b, order)),
		created:   functiontest.Message(b, "customer", anyID, "CustomerCreated", object{"customer": customer}),
		updated:   functiontest.Change(b, "customer", anyID, "ResourceUpdated"),
		placed:    functiontest.Message(b, "order", anyID, "OrderCreated", object{"order": order}),
		fulfilled: functiontest.Message(b, "order", anyID, "OrderStateChanged", object{"orderState": "Complete"}),
	}
}

// about puts the id of a number in.
func about(template string, n int) []byte {
	return []byte(strings.ReplaceAll(template, anyID, fmt.Sprintf("00000000-0000-4000-8000-%012x", n)))
}

// push is the nth message, as Pub/Sub pushes it. New customers and orders are new, those that change are there.
func (m messages) push(n int) (function, body string) {
	kind, n := n%4, n/4
	function = [...]string{"CustomerEvents", "CustomerEvents", "OrderEvents", "OrderEvents"}[kind]

	var payload []byte

	switch kind {
	case 0:
		payload = about(m.created, shoppers+n)
	case 1:
		payload = about(m.updated, n%shoppers)
	case 2:
		payload = about(m.placed, shoppers+n)
	default:
		payload = about(m.fulfilled, n%shoppers)
	}

	return function, `{"message":{"data":"` + base64.StdEncoding.EncodeToString(payload) + `","messageId":"1"},"subscription":"projects/p/subscriptions/s"}`
}
