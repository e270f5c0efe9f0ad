package orderevents

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// sampleMessages are the sample messages about orders, and beside them some about each sample order.
func sampleMessages(t *testing.T) map[string]string {
	t.Helper()

	messages := map[string]string{}
	for _, name := range []string{
		"OrderCreated", "OrderCreated, payload not included", "OrderImported", "OrderStateChanged", "order ResourceUpdated", "order ResourceDeleted",
	} {
		messages[name] = string(functiontest.SampleMessage(t, name))
	}

	for _, raw := range functiontest.Samples(t, "orders") {
		var o struct {
			ID         string `json:"id"`
			OrderState string `json:"orderState"`
		}
		if err := json.Unmarshal(raw, &o); err != nil {
			t.Fatal(err)
		}

		about := object{"typeId": "order", "id": o.ID}
		messages["state of "+o.ID] = message(t, "OrderStateChanged", object{"resource": about, "orderState": o.OrderState})
		messages["customer of "+o.ID] = message(t, "OrderCustomerSet", object{"resource": about})
	}

	return messages
}

// deliverSamples delivers messages to a sample shop of their own.
func deliverSamples(t *testing.T, messages map[string]string, names []string) shop {
	t.Helper()

	s := open(t, functiontest.Options{Checked: true})
	s.Commercetools.Put("orders", functiontest.Samples(t, "orders")...)
	s.Commercetools.Put("product-projections", functiontest.Samples(t, "product-projections")...)

	for _, name := range names {
		s.Done(t, messages[name])
	}

	return s
}

func TestSamples(t *testing.T) {
	t.Parallel()

	messages := sampleMessages(t)
	names := slices.Sorted(maps.Keys(messages))
	s := deliverSamples(t, messages, names)
	once := s.Klaviyo.Events()

	var all []string
	for _, e := range once {
		all = append(all, e.Metric+" "+e.UniqueID)
	}

	// The others are not open any more.
	want := []string{
		"Cancelled Order 01b7ef64-ea25-4197-8888-1e3a52fb5718", "Fulfilled Order 015eba2f-01fe-437a-b063-d2162add9ccf",
		"Fulfilled Order 0246e9a4-b4ef-4691-a137-64a5fad7c51c", "Ordered Product 9d6f79a7-f4c7-43b4-bb90-3b6a30231acb", "Placed Order " + id,
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}

	var carried struct {
		Order map[string]any `json:"order"`
	}
	if err := json.Unmarshal([]byte(messages["OrderCreated"]), &carried); err != nil {
		t.Fatal(err)
	}

	event := s.Event(t, "Placed Order", id).Properties
	for name, value := range carried.Order {
		if diff := cmp.Diff(value, event[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}

	again := slices.Concat(names, names)

	slices.Reverse(names)

	for how, names := range map[string][]string{"again": again, "in reverse": names} {
		got := deliverSamples(t, messages, names).Klaviyo.Events()

		// Profiles are numbered as they come.
		if diff := cmp.Diff(once, got, cmpopts.IgnoreFields(klaviyotest.Event{}, "ProfileID", "Received")); diff != "" {
			t.Errorf("%s (-once +now):\n%s", how, diff)
		}
	}
}
