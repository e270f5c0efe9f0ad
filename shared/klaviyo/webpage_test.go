package klaviyo_test

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"testing"

	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// everything has a call of each method that sends something.
func everything(t *testing.T) map[string]call {
	t.Helper()

	category := klaviyo.Category{ExternalID: "c-1", Name: "Women"}

	return map[string]call{
		"CreateProfile": func(ctx context.Context, c *klaviyo.Client) error { return last(c.CreateProfile(ctx, ann())) },
		"UpsertProfile": func(ctx context.Context, c *klaviyo.Client) error { return last(c.UpsertProfile(ctx, ann())) },
		"UpdateProfile": func(ctx context.Context, c *klaviyo.Client) error { return c.UpdateProfile(ctx, "01P", ann()) },
		"FindProfileByEmail": func(ctx context.Context, c *klaviyo.Client) error {
			return last2(c.FindProfileByEmail(ctx, "ann@example.com"))
		},
		"FindProfileByExternalID": func(ctx context.Context, c *klaviyo.Client) error {
			return last2(c.FindProfileByExternalID(ctx, "c-1"))
		},
		"RequestErasure": func(ctx context.Context, c *klaviyo.Client) error { return c.RequestErasure(ctx, "01P") },
		"ImportProfiles": func(ctx context.Context, c *klaviyo.Client) error {
			return last2(c.ImportProfiles(ctx, batch(t, "c-1")))
		},
		"ImportJob":    func(ctx context.Context, c *klaviyo.Client) error { return last(c.ImportJob(ctx, "J")) },
		"ImportErrors": func(ctx context.Context, c *klaviyo.Client) error { return last(c.ImportErrors(ctx, "J")) },
		"CreateEvent":  create(fullEvent()),
		"ImportEvents": func(ctx context.Context, c *klaviyo.Client) error {
			return last(c.ImportEvents(ctx, eventBatch(t, fullEvent())))
		},
		"CreateItem":         createItem(fullItem()),
		"UpdateItem":         updateItem(fullItem()),
		"UpsertItem":         upsertItem(fullItem()),
		"DeleteItem":         deletions("x")["catalog-items"],
		"ItemVariantIDs":     func(ctx context.Context, c *klaviyo.Client) error { return last(c.ItemVariantIDs(ctx, "p-1")) },
		"ItemIDs":            func(ctx context.Context, c *klaviyo.Client) error { return last2(c.ItemIDs(ctx, "")) },
		"CreateVariant":      createVariant(fullVariant()),
		"UpdateVariant":      updateVariant(fullVariant()),
		"UpdateVariantStock": setStock("sku-1", 0),
		"UpsertVariant":      upsertVariant(fullVariant()),
		"DeleteVariant":      deletions("x")["catalog-variants"],
		"CreateCategory":     createCategory("c-1", "Women"),
		"UpdateCategory":     updateCategory("c-1", "Women"),
		"UpsertCategory":     upsertCategory("c-1", "Women"),
		"DeleteCategory":     deletions("x")["catalog-categories"],
		"CategoryIDs":        func(ctx context.Context, c *klaviyo.Client) error { return last2(c.CategoryIDs(ctx, "")) },
		"CatalogItems": func(ctx context.Context, c *klaviyo.Client) error {
			return last(c.CatalogItems(ctx, []string{"p-1"}, true))
		},
		"CatalogCategories": func(ctx context.Context, c *klaviyo.Client) error {
			return last(c.CatalogCategories(ctx, []string{"c-1"}))
		},
		"StartItems": func(ctx context.Context, c *klaviyo.Client) error {
			return last2(c.StartItems(ctx, klaviyo.CreateItems, []klaviyo.Item{fullItem()}))
		},
		"StartVariants": func(ctx context.Context, c *klaviyo.Client) error {
			return last2(c.StartVariants(ctx, klaviyo.UpdateVariants, []klaviyo.Variant{fullVariant()}))
		},
		"StartCategories": func(ctx context.Context, c *klaviyo.Client) error {
			return last2(c.StartCategories(ctx, klaviyo.CreateCategories, []klaviyo.Category{category}))
		},
		"StartDeletions": func(ctx context.Context, c *klaviyo.Client) error {
			return last2(c.StartDeletions(ctx, klaviyo.DeleteItems, []string{"p-1"}))
		},
		"CatalogJobs": func(ctx context.Context, c *klaviyo.Client) error {
			return last(c.CatalogJobs(ctx, klaviyo.CreateItems, []string{"J"}))
		},
		"CatalogJobs, several": func(ctx context.Context, c *klaviyo.Client) error {
			return last(c.CatalogJobs(ctx, klaviyo.CreateItems, []string{"J", "K"}))
		},
		"OpenCatalogJobs": func(ctx context.Context, c *klaviyo.Client) error {
			return last(c.OpenCatalogJobs(ctx, klaviyo.CreateItems))
		},
	}
}

func last[A any](_ A, err error) error { return err }

func last2[A, B any](_ A, _ B, err error) error { return err }

func TestEverything(t *testing.T) {
	t.Parallel()

	all := everything(t)

	for m := range reflect.TypeFor[*klaviyo.Client]().Methods() {
		if all[m.Name] == nil && m.Name != "Requests" {
			t.Errorf("%s is missing", m.Name)
		}
	}
}

// Something else answers with success in Klaviyo's place. Nothing takes that for done, or for empty.
func TestNotKlaviyos(t *testing.T) {
	t.Parallel()

	const page = "<!DOCTYPE html><title>Sorry, down for maintenance</title>"

	for what, tt := range map[string]struct {
		status  int
		body    string
		notJSON bool
	}{
		"a page":               {http.StatusOK, page, true},
		"a challenge":          {http.StatusAccepted, page, true},
		"nothing":              {http.StatusOK, "", true},
		"a text":               {http.StatusOK, `"OK"`, true},
		"an empty object":      {http.StatusOK, " {} \n", false},
		"an empty object, 201": {http.StatusCreated, "{}", false},
		"no data":              {http.StatusOK, `{"data":null}`, false},
		"other data":           {http.StatusOK, `{"data":"OK"}`, false},
		"half an answer":       {http.StatusOK, `{"data":`, false},
	} {
		for method, call := range everything(t) {
			t.Run(what+" to "+method, func(t *testing.T) {
				t.Parallel()

				c := client(says(tt.status, tt.body))

				err := call(t.Context(), c)
				if !errors.Is(err, klaviyo.ErrUnreadable) || errors.Is(err, klaviyo.ErrNotJSON) != tt.notJSON || c.Requests() != 1 {
					t.Errorf("error %v after %d requests", err, c.Requests())
				}
			})
		}
	}
}
