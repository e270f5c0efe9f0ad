package categoryevents

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/settings"
)

// Pants are in Women.
const (
	women = "043cf898-d6f7-4572-b0c9-7e65a577069e"
	pants = "0f0443ef-d561-4a75-8858-bc2f7fc4f6b2"
)

func open(t *testing.T, o functiontest.Options) *functiontest.Shop {
	t.Helper()

	s := functiontest.Open(t, functiontest.Function{
		Name: name,
		New: func(ct *commercetools.Client, kl *klaviyo.Client, cfg settings.Config) delivery.Handle {
			return New(ct, kl, settings.Shop{Locale: "en-US"}, cfg)
		},
	}, o)
	s.Commercetools.Put("categories", category(women, "Women"), category(pants, "Pants", women))

	return s
}

// category is a category in commercetools.
func category(id, name string, ancestors ...string) json.RawMessage {
	above := "[]"
	for _, a := range ancestors {
		above = fmt.Sprintf(`[{"typeId":"category","id":%q}]`, a)
	}

	return json.RawMessage(fmt.Sprintf(`{"id":%q,"version":1,"name":{"en":%q,"de":"Hosen"},"ancestors":%s}`, id, name, above))
}

// names are the names of the categories in Klaviyo, by their ids.
func names(s *functiontest.Shop) map[string]string {
	all := map[string]string{}
	for _, c := range s.Klaviyo.Categories() {
		all[c.ExternalID], _ = c.Attributes["name"].(string)
	}

	return all
}

func created(t *testing.T) string {
	t.Helper()

	// What the message carries differs from what the category is by now.
	return functiontest.Message(t, "category", pants, "CategoryCreated", map[string]any{"category": category(pants, "Trousers", women)})
}

func changed(t *testing.T, kind string) string {
	t.Helper()

	return functiontest.Change(t, "category", pants, kind)
}
