package delivery_test

import (
	"encoding/json"
	"testing"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
)

func TestCarried(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		raw     string
		ok      bool
		outcome delivery.Outcome
	}{
		"it is there":            {`{"order":{"id":"o1","version":7}}`, true, delivery.Done},
		"not there":              {`{}`, false, delivery.Done},
		"null":                   {`{"order":null}`, false, delivery.Done},
		"another order":          {`{"order":{"id":"o2","version":7}}`, false, delivery.Done},
		"without an id":          {`{"order":{"version":7}}`, false, delivery.Done},
		"of another shape":       {`{"order":{"id":"o1","lineItems":7}}`, false, delivery.Never},
		"of no shape, and no id": {`{"order":{"lineItems":7}}`, false, delivery.Never},
		"no object":              {`7`, false, delivery.Never},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			m := delivery.Message{Resource: commercetools.Reference{TypeID: "order", ID: "o1"}, Raw: json.RawMessage(tt.raw)}

			order, ok, err := delivery.Carried[commercetools.Order](m, "order")
			if ok != tt.ok || delivery.Classify(err) != tt.outcome || ok && order.Version != 7 {
				t.Errorf("version %d, %t, %v; want %t, %v", order.Version, ok, err, tt.ok, tt.outcome)
			}
		})
	}
}
