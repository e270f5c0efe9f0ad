package orderevents

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/functiontest"
)

// withItems is a message about an order with as many line items of which there is nothing.
func withItems(t *testing.T, n int) string {
	t.Helper()

	o := strings.Replace(string(order(t, object{"lineItems": []object{}})), `"lineItems":[]`, `"lineItems":[{}`+strings.Repeat(",{}", n-1)+`]`, 1)

	return strings.Replace(message(t, "OrderCreated", object{"order": "ORDER"}), `"ORDER"`, o, 1)
}

// An instance has 256 MiB, and up to 20 messages in hand. An order that would take them all is parked, and soon.
func TestOrderWithTooMuchInIt(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	for _, tt := range []struct {
		items int
		want  string
		mib   uint64 // enough for the copies of the message
	}{
		{10_000, "it has more than 2000 line items", 20},             // 30 KB
		{200_000, "it has more than 10000 elements in an array", 20}, // 600 KB
		{700_000, "it has more than 10000 elements in an array", 60}, // 2 MB
	} {
		s := open(t, functiontest.Options{InMemory: true})
		s.stock(t, order(t, nil))

		payload := withItems(t, tt.items)

		took := mebibytes(func() {
			s.ExpectParked(t, payload, map[string]string{
				"function": "OrderEvents", "message_id": "m1", "resource": "order/" + id, "reason": "unreadable",
				"error": "delivery: unreadable: the order in the message can't be read: " + tt.want,
			})
		})
		if took > tt.mib {
			t.Errorf("%d line items took %d MiB in all, want at most %d", tt.items, took, tt.mib)
		}

		s.ExpectRequests(t, 0, 0)
	}
}

// The largest order that is read takes no more than an instance can spare.
func TestLargestOrder(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	s := open(t, functiontest.Options{InMemory: true})
	s.stock(t, order(t, nil))

	items := make([]object, commercetools.MaxLineItems)
	for i := range items {
		items[i] = item(fmt.Sprint("l", i), "p1", 100)
	}

	payload := message(t, "OrderCreated", object{"order": order(t, object{"lineItems": items})})

	took := mebibytes(func() { s.Done(t, payload) })
	if took > 96 {
		t.Errorf("it took %d MiB in all, want at most 96", took)
	}

	if n := len(s.Klaviyo.Events()); n != 1+len(items) {
		t.Errorf("%d events, want one of the order and %d of its line items", n, len(items))
	}
}

// mebibytes is what the process allocates while do runs.
func mebibytes(do func()) uint64 {
	var before, after runtime.MemStats

	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)

	return (after.TotalAlloc - before.TotalAlloc) >> 20
}
