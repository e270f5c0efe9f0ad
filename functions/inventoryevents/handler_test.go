package inventoryevents

import (
	"encoding/json"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

func TestMessages(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name    string
		config  string
		payload string
		gone    bool // the entry is, and the SKU has another
		want    int
		reason  string
	}{
		{name: "updated", payload: changed(t, "ResourceUpdated"), want: 7},
		{name: "created", payload: changed(t, "ResourceCreated"), want: 7},

		{name: "deleted", payload: changedSKU(t, "ResourceDeleted"), gone: true, want: 7},
		{name: "updated, and deleted since", payload: changedSKU(t, "ResourceUpdated"), gone: true, want: 7},
		{
			name: "deleted, without a SKU", payload: changed(t, "ResourceDeleted"), gone: true,
			want: before, reason: "gone from commercetools",
		},
		{
			name: "a message", payload: functiontest.Message(t, "inventory-entry", entry, "InventoryEntryQuantitySet", nil),
			want: before, reason: "no message that changes a stock",
		},
		{
			name: "another resource", payload: functiontest.Change(t, "product", entry, "ResourceUpdated"),
			want: before, reason: "not about an inventory entry",
		},
		{
			name: "disabled", payload: changed(t, "ResourceUpdated"), config: `{"disabledEvents":["InventoryResourceUpdated"]}`,
			want: before, reason: "switched off by disabledEvents",
		},
		{
			name: "deleted, disabled", payload: changedSKU(t, "ResourceDeleted"), gone: true, config: `{"disabledEvents":["InventoryResourceUpdated"]}`,
			want: before, reason: "switched off by disabledEvents",
		},
	}
	for _, tt := range tests {
		for format, payload := range functiontest.Formats(t, tt.payload) {
			t.Run(tt.name+", "+format, func(t *testing.T) {
				t.Parallel()

				s := open(t, functiontest.Options{Config: tt.config, Checked: format == "Platform"})
				s.Commercetools.Put("inventory", stockOf(entry, sku, "", 7))

				if tt.gone {
					s.Commercetools.Delete("inventory", entry)
					s.Commercetools.Put("inventory", stockOf("2", sku, "", 7))
				}

				s.Acknowledged(t, payload)

				if got := quantity(s); got != tt.want {
					t.Errorf("stock %d, want %d", got, tt.want)
				}

				if got, _ := s.LastLine(t)["reason"].(string); got != tt.reason {
					t.Errorf("reason %q, want %q", got, tt.reason)
				}
			})
		}
	}
}

// Which of a SKU's entries counts, and what it costs to find out. The message is about the first.
func TestChannels(t *testing.T) {
	t.Parallel()

	const (
		one   = "GET /demo/inventory/" + entry
		query = "GET /demo/inventory"
		patch = "PATCH /api/catalog-variants/$custom:::$default:::" + sku
	)

	inBerlin := `{"product":{"inventory":{"useChannelInventory":"` + berlin + `"}}}`

	tests := map[string]struct {
		config   string
		entries  []json.RawMessage
		want     int
		requests []string
	}{
		"no channel":           {"", []json.RawMessage{stockOf(entry, sku, "", 7)}, 7, []string{one, patch}},
		"no channel, nothing":  {"", []json.RawMessage{stockOf(entry, sku, "", 0)}, 0, []string{one, patch}},
		"no channel, too many": {"", []json.RawMessage{stockOf(entry, sku, "", -3)}, -3, []string{one, patch}},
		"none is asked for":    {"", []json.RawMessage{stockOf(entry, sku, paris, 7), stockOf("2", sku, "", 8)}, before, []string{one}},
		"the channel": {
			inBerlin, []json.RawMessage{stockOf(entry, sku, berlin, 7), stockOf("2", sku, "", 8)}, 7, []string{one, patch},
		},
		"the channel, nothing": {
			inBerlin, []json.RawMessage{stockOf(entry, sku, berlin, 0), stockOf("2", sku, "", 8)}, 0, []string{one, patch},
		},
		"another channel": {
			inBerlin, []json.RawMessage{stockOf(entry, sku, paris, 7), stockOf("2", sku, berlin, 8)}, before, []string{one},
		},
		"no channel, but the channel has nothing": {
			inBerlin, []json.RawMessage{stockOf(entry, sku, "", 7), stockOf("2", sku, paris, 8), stockOf("3", sku, berlin, 0)}, 0, []string{one, query, patch},
		},
		"no channel, and none in the channel": {
			inBerlin,
			[]json.RawMessage{stockOf(entry, sku, "", 7), stockOf("2", sku, paris, 8), stockOf("3", "other", berlin, 9)},
			7,
			[]string{one, query, patch},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := open(t, functiontest.Options{Config: tt.config, InMemory: true, Checked: true})
				s.Commercetools.Put("inventory", tt.entries...)
				s.Acknowledged(t, changed(t, "ResourceUpdated"))

				if got := quantity(s); got != tt.want {
					t.Errorf("stock %d, want %d", got, tt.want)
				}

				if diff := cmp.Diff(tt.requests, s.Requests()); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// What a SKU has left when one of its entries is deleted.
func TestDeleted(t *testing.T) {
	t.Parallel()

	inBerlin := `{"product":{"inventory":{"useChannelInventory":"` + berlin + `"}}}`

	tests := map[string]struct {
		config  string
		entries []json.RawMessage
		want    int
	}{
		"nothing":                         {"", nil, 0},
		"nothing in the channel":          {inBerlin, nil, 0},
		"another channel's":               {"", []json.RawMessage{stockOf("2", sku, paris, 8)}, 0},
		"another channel's, in a channel": {inBerlin, []json.RawMessage{stockOf("2", sku, paris, 8)}, 0},
		"that of no channel":              {inBerlin, []json.RawMessage{stockOf("2", sku, "", 8)}, 8},
		"the channel's":                   {inBerlin, []json.RawMessage{stockOf("2", sku, berlin, 8), stockOf("3", sku, paris, 9)}, 8},
		"another SKU's":                   {"", []json.RawMessage{stockOf("2", "another", "", 8)}, 0},
		"a new one":                       {"", []json.RawMessage{stockOf("2", sku, "", 8)}, 8},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := open(t, functiontest.Options{Config: tt.config, Checked: true})
			s.Commercetools.Put("inventory", tt.entries...)

			for range 2 {
				s.Done(t, changedSKU(t, "ResourceDeleted"))

				if got := quantity(s); got != tt.want {
					t.Errorf("stock %d, want %d", got, tt.want)
				}

				s.ExpectRequests(t, 2, 1)
			}
		})
	}
}

func TestNothingToWrite(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		entries []json.RawMessage
		reason  string
	}{
		"the entry is gone":      {nil, "gone from commercetools"},
		"the variant is unknown": {[]json.RawMessage{stockOf(entry, "unknown", "", 7)}, "no such variant in Klaviyo"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := open(t, functiontest.Options{Checked: true})
			s.Commercetools.Put("inventory", tt.entries...)
			s.Acknowledged(t, changed(t, "ResourceUpdated"))

			if line := s.LastLine(t); line["reason"] != tt.reason || line["level"] != "INFO" || quantity(s) != before {
				t.Errorf("stock %d, logged %v", quantity(s), line)
			}
		})
	}
}

// The sample messages about the sample entry, and when it is gone.
func TestSample(t *testing.T) {
	t.Parallel()

	s := open(t, functiontest.Options{Checked: true})
	s.Commercetools.Put("inventory", functiontest.Samples(t, "inventory")...)

	v := klaviyo.Variant{ExternalID: "SKU-0000010-3", ItemID: "p", SKU: "SKU-0000010-3"}
	if err := s.Client.CreateVariant(t.Context(), v); err != nil {
		t.Fatal(err)
	}

	for range 2 {
		s.Acknowledged(t, string(functiontest.SampleMessage(t, "inventory-entry ResourceUpdated")))
		s.Acknowledged(t, string(functiontest.SampleMessage(t, "inventory-entry ResourceDeleted")))
	}

	if got := s.Klaviyo.Variants()[1].Attributes["inventory_quantity"]; got != 477.0 {
		t.Errorf("stock %v, want 477", got)
	}

	s.Commercetools.Delete("inventory", entry)
	s.Acknowledged(t, string(functiontest.SampleMessage(t, "inventory-entry ResourceDeleted")))

	if got := s.Klaviyo.Variants()[1].Attributes["inventory_quantity"]; got != 0.0 {
		t.Errorf("stock %v when the entry is gone, want 0", got)
	}
}
