package categoryevents

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// What each message makes of a category that Klaviyo doesn't have, and of one that it has under an old name.
func TestMessages(t *testing.T) {
	t.Parallel()

	const disabled = "switched off by disabledEvents"

	now, none, old := map[string]string{pants: "Women > Pants"}, map[string]string{}, map[string]string{pants: "Old"}

	tests := []struct {
		name    string
		config  string
		payload string
		// fresh and known are what Klaviyo has then, if it had nothing and if it had Old.
		fresh, known map[string]string
		reason       string
	}{
		{name: "created", payload: created(t), fresh: now, known: now},
		{name: "created, not included", fresh: now, known: now, payload: functiontest.TooLarge(t, "category", pants, "CategoryCreated")},
		{
			name: "a message of the config file", payload: functiontest.Message(t, "category", pants, "CategorySlugChanged", nil),
			config: `{"category":{"messages":{"created":["CategoryCreated","CategorySlugChanged"]}}}`, fresh: now, known: now,
		},
		{name: "created, as a change", payload: changed(t, "ResourceCreated"), fresh: now, known: now},
		{name: "updated", payload: changed(t, "ResourceUpdated"), fresh: now, known: now},
		{name: "deleted", payload: changed(t, "ResourceDeleted"), fresh: none, known: none},

		{
			name: "another message", payload: functiontest.Message(t, "category", pants, "CategorySlugChanged", nil),
			fresh: none, known: old, reason: "no message that changes a catalog category",
		},
		{
			name: "another resource", payload: functiontest.Change(t, "product", pants, "ResourceUpdated"),
			fresh: none, known: old, reason: "not about a category",
		},
		{
			name: "created disabled", payload: created(t), config: `{"disabledEvents":["CategoryCreated"]}`,
			fresh: none, known: old, reason: disabled,
		},
		{
			name: "updated disabled", payload: changed(t, "ResourceUpdated"), config: `{"disabledEvents":["CategoryResourceUpdated"]}`,
			fresh: none, known: old, reason: disabled,
		},
		{
			name: "deleted disabled", payload: changed(t, "ResourceDeleted"), config: `{"disabledEvents":["CategoryResourceDeleted"]}`,
			fresh: none, known: old, reason: disabled,
		},
		{
			name: "the others disabled", payload: changed(t, "ResourceUpdated"), fresh: now, known: now,
			config: `{"disabledEvents":["CategoryCreated","CategoryResourceDeleted"]}`,
		},
	}
	for _, tt := range tests {
		for format, payload := range functiontest.Formats(t, tt.payload) {
			t.Run(tt.name+", "+format, func(t *testing.T) {
				t.Parallel()

				s := open(t, functiontest.Options{Config: tt.config, Checked: format == "Platform"})
				expect(t, s, payload, tt.fresh, tt.reason)

				s = open(t, functiontest.Options{Config: tt.config})
				if err := s.Client.CreateCategory(t.Context(), klaviyo.Category{ExternalID: pants, Name: "Old"}); err != nil {
					t.Fatal(err)
				}

				expect(t, s, payload, tt.known, tt.reason)
			})
		}
	}
}

// expect delivers a payload, and looks at the categories and the reason in the log.
func expect(t *testing.T, s *functiontest.Shop, payload string, want map[string]string, reason string) {
	t.Helper()
	s.Acknowledged(t, payload)

	if diff := cmp.Diff(want, names(s)); diff != "" {
		t.Errorf("categories (-want +got):\n%s", diff)
	}

	if got, _ := s.LastLine(t)["reason"].(string); got != reason {
		t.Errorf("reason %q, want %q", got, reason)
	}
}

// A category that is gone has none in Klaviyo, whatever a late update has done before.
func TestCategoryIsGone(t *testing.T) {
	t.Parallel()

	for name, payload := range map[string]string{"created": created(t), "updated": changed(t, "ResourceUpdated")} {
		for config, want := range map[string]map[string]string{
			"": {},
			`{"disabledEvents":["CategoryResourceDeleted"]}`: {pants: "Women > Pants"},
		} {
			t.Run(name+" "+config, func(t *testing.T) {
				t.Parallel()

				s := open(t, functiontest.Options{Config: config, Checked: true})
				s.Acknowledged(t, changed(t, "ResourceUpdated"))
				s.Commercetools.Delete("categories", pants)
				expect(t, s, payload, want, "gone from commercetools")
			})
		}
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		get, patch := "GET /demo/categories/"+pants, "PATCH /api/catalog-categories/$custom:::$default:::"+pants

		s := open(t, functiontest.Options{InMemory: true})

		for _, step := range []struct {
			name    string
			payload string
			want    []string
		}{
			{"created", created(t), []string{get, patch, "POST /api/catalog-categories"}},
			{"updated", changed(t, "ResourceUpdated"), []string{get, patch}},
			{"created once more", created(t), []string{get, patch}},
			{"deleted", changed(t, "ResourceDeleted"), []string{"DELETE /api/catalog-categories/$custom:::$default:::" + pants}},
		} {
			s.Acknowledged(t, step.payload)

			if diff := cmp.Diff(step.want, s.Requests()); diff != "" {
				t.Errorf("%s: requests (-want +got):\n%s", step.name, diff)
			}
		}
	})
}

// The sample messages about the sample categories: twice, and in the opposite order.
func TestSamples(t *testing.T) {
	t.Parallel()

	const id = "1ba940d8-d243-42ee-a214-c8d51abe8b45"

	var messages []string
	for _, name := range []string{"CategoryCreated", "category ResourceUpdated", "category ResourceDeleted"} {
		messages = append(messages, string(functiontest.SampleMessage(t, name)))
	}

	exists, gone := map[string]string{id: "Women 0 > Men 1 > Men 13"}, map[string]string{}
	opposite := slices.Clone(messages)
	slices.Reverse(opposite)

	for name, tt := range map[string]struct {
		messages []string
		exists   bool
		want     map[string]string
	}{
		"exists":       {messages[:2], true, exists},
		"twice":        {slices.Concat(messages[:2], messages[:2]), true, exists},
		"reverse":      {opposite[1:], true, exists},
		"gone":         {messages, false, gone},
		"gone twice":   {slices.Concat(messages, messages), false, gone},
		"gone reverse": {opposite, false, gone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := open(t, functiontest.Options{Checked: true})
			s.Commercetools.Put("categories", roots(t)...)

			if tt.exists {
				s.Commercetools.Put("categories", functiontest.Samples(t, "categories")...)
			}

			s.Acknowledged(t, tt.messages...)

			if diff := cmp.Diff(tt.want, names(s)); diff != "" {
				t.Errorf("categories (-want +got):\n%s", diff)
			}
		})
	}
}

// roots are the ancestors that the sample categories carry with them.
func roots(t *testing.T) []json.RawMessage {
	t.Helper()

	all := map[string]json.RawMessage{}

	for _, raw := range functiontest.Samples(t, "categories") {
		var c struct {
			Ancestors []struct {
				ID  string          `json:"id"`
				Obj json.RawMessage `json:"obj"`
			} `json:"ancestors"`
		}

		if err := json.Unmarshal(raw, &c); err != nil {
			t.Fatal(err)
		}

		for _, a := range c.Ancestors {
			all[a.ID] = a.Obj
		}
	}

	return slices.Collect(maps.Values(all))
}
