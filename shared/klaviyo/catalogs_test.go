package klaviyo_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/klaviyo"
)

func minimalItem() klaviyo.Item {
	return klaviyo.Item{ExternalID: "p-1", Title: "Shirt", Description: "None", URL: "None"}
}

func fullItem() klaviyo.Item {
	return klaviyo.Item{
		ExternalID: "p-1", Title: "Shirt", Description: "", URL: "https://shop.test/shirt",
		ImageFullURL: klaviyo.Set("https://shop.test/shirt.jpg"), Price: "19.99", Published: true,
		CustomMetadata: map[string]string{"title_json": `{"title_de":"Hemd"}`}, CategoryIDs: []string{"c-1", "c-2"},
	}
}

func minimalVariant() klaviyo.Variant {
	return klaviyo.Variant{ExternalID: "sku-1", ItemID: "p-1", Title: "Shirt", Description: "None", SKU: "sku-1", URL: "None"}
}

func fullVariant() klaviyo.Variant {
	return klaviyo.Variant{
		ExternalID: "sku-1", ItemID: "p-1", Title: "Shirt", Description: "", SKU: "SKU 1", URL: "https://shop.test/shirt",
		ImageFullURL: klaviyo.Set("https://shop.test/shirt.jpg"), Price: "1234567.8901", Published: true,
		CustomMetadata: map[string]string{}, InventoryQuantity: -2, InventoryPolicy: 1,
	}
}

type call = func(context.Context, *klaviyo.Client) error

func createItem(i klaviyo.Item) call {
	return func(ctx context.Context, c *klaviyo.Client) error { return c.CreateItem(ctx, i) }
}

func updateItem(i klaviyo.Item) call {
	return func(ctx context.Context, c *klaviyo.Client) error { return c.UpdateItem(ctx, i) }
}

func upsertItem(i klaviyo.Item) call {
	return func(ctx context.Context, c *klaviyo.Client) error { return c.UpsertItem(ctx, i) }
}

func createVariant(v klaviyo.Variant) call {
	return func(ctx context.Context, c *klaviyo.Client) error { return c.CreateVariant(ctx, v) }
}

func updateVariant(v klaviyo.Variant) call {
	return func(ctx context.Context, c *klaviyo.Client) error { return c.UpdateVariant(ctx, v) }
}

func upsertVariant(v klaviyo.Variant) call {
	return func(ctx context.Context, c *klaviyo.Client) error { return c.UpsertVariant(ctx, v) }
}

func createCategory(id, name string) call {
	return func(ctx context.Context, c *klaviyo.Client) error {
		return c.CreateCategory(ctx, klaviyo.Category{ExternalID: id, Name: name})
	}
}

func updateCategory(id, name string) call {
	return func(ctx context.Context, c *klaviyo.Client) error {
		return c.UpdateCategory(ctx, klaviyo.Category{ExternalID: id, Name: name})
	}
}

func upsertCategory(id, name string) call {
	return func(ctx context.Context, c *klaviyo.Client) error {
		return c.UpsertCategory(ctx, klaviyo.Category{ExternalID: id, Name: name})
	}
}

func setStock(id string, quantity int64) call {
	return func(ctx context.Context, c *klaviyo.Client) error { return c.UpdateVariantStock(ctx, id, quantity) }
}

// deletions are the ways to delete something.
func deletions(id string) map[string]call {
	return map[string]call{
		"catalog-items":      func(ctx context.Context, c *klaviyo.Client) error { return c.DeleteItem(ctx, id) },
		"catalog-variants":   func(ctx context.Context, c *klaviyo.Client) error { return c.DeleteVariant(ctx, id) },
		"catalog-categories": func(ctx context.Context, c *klaviyo.Client) error { return c.DeleteCategory(ctx, id) },
	}
}

func TestCatalogRequests(t *testing.T) {
	t.Parallel()

	const (
		id   = `$custom:::$default:::`
		key  = `"integration_type":"$custom","catalog_type":"$default",`
		none = `"title":"Shirt","description":"None","url":"None","price":0,"published":false`
		full = `"title":"Shirt","description":"","url":"https://shop.test/shirt","image_full_url":"https://shop.test/shirt.jpg",`

		fullItemJSON = full + `"price":19.99,"published":true,"custom_metadata":{"title_json":"{\"title_de\":\"Hemd\"}"}`
		categories   = `"relationships":{"categories":{"data":[{"type":"catalog-category","id":"` + id + `c-1"},{"type":"catalog-category","id":"` + id + `c-2"}]}}`
		noCategories = `"relationships":{"categories":{"data":[]}}`

		fullVariantJSON = full + `"price":1234567.8901,"published":true,"custom_metadata":{},"inventory_quantity":-2,"sku":"SKU 1","inventory_policy":1`
		noneVariantJSON = none + `,"inventory_quantity":0,"sku":"sku-1","inventory_policy":0`
		itemOfVariant   = `"relationships":{"item":{"data":{"type":"catalog-item","id":"` + id + `p-1"}}}`
	)

	noPicture := minimalItem()
	noPicture.ImageFullURL = klaviyo.Null[string]()

	tests := []struct {
		name string
		call call
		want string
		body string
	}{
		{
			"create an item", createItem(minimalItem()), "POST /shop/api/catalog-items",
			`{"data":{"type":"catalog-item","attributes":{"external_id":"p-1",` + key + none + `},` + noCategories + `}}`,
		},
		{
			"create a full item", createItem(fullItem()), "POST /shop/api/catalog-items",
			`{"data":{"type":"catalog-item","attributes":{"external_id":"p-1",` + key + fullItemJSON + `},` + categories + `}}`,
		},
		{
			"update an item", updateItem(fullItem()), "PATCH /shop/api/catalog-items/" + id + "p-1",
			`{"data":{"type":"catalog-item","id":"` + id + `p-1","attributes":{` + fullItemJSON + `},` + categories + `}}`,
		},
		{
			"clear a picture", updateItem(noPicture), "PATCH /shop/api/catalog-items/" + id + "p-1",
			`{"data":{"type":"catalog-item","id":"` + id + `p-1","attributes":{` +
				strings.Replace(none, `"price"`, `"image_full_url":null,"price"`, 1) + `},` + noCategories + `}}`,
		},
		{
			"create a variant", createVariant(minimalVariant()), "POST /shop/api/catalog-variants",
			`{"data":{"type":"catalog-variant","attributes":{"external_id":"sku-1",` + key + noneVariantJSON + `},` + itemOfVariant + `}}`,
		},
		{
			"create a full variant", createVariant(fullVariant()), "POST /shop/api/catalog-variants",
			`{"data":{"type":"catalog-variant","attributes":{"external_id":"sku-1",` + key + fullVariantJSON + `},` + itemOfVariant + `}}`,
		},
		{
			"update a variant", updateVariant(fullVariant()), "PATCH /shop/api/catalog-variants/" + id + "sku-1",
			`{"data":{"type":"catalog-variant","id":"` + id + `sku-1","attributes":{` + fullVariantJSON + `}}}`,
		},
		{
			"stock", setStock("sku-1", 0), "PATCH /shop/api/catalog-variants/" + id + "sku-1",
			`{"data":{"type":"catalog-variant","id":"` + id + `sku-1","attributes":{"inventory_quantity":0}}}`,
		},
		{
			"create a category", createCategory("c-1", "Women > Pants"), "POST /shop/api/catalog-categories",
			`{"data":{"type":"catalog-category","attributes":{"external_id":"c-1",` + key + `"name":"Women > Pants"}}}`,
		},
		{
			"update a category", updateCategory("c-1", "Women"), "PATCH /shop/api/catalog-categories/" + id + "c-1",
			`{"data":{"type":"catalog-category","id":"` + id + `c-1","attributes":{"name":"Women"}}}`,
		},
		{
			"an odd SKU", setStock("a/b:::c?d#e%2F é..", 1), "PATCH /shop/api/catalog-variants/" + id + "a%2Fb:::c%3Fd%23e%252F%20%C3%A9..",
			`{"data":{"type":"catalog-variant","id":"` + id + `a/b:::c?d#e%2F é..","attributes":{"inventory_quantity":1}}}`,
		},
	}

	for collection, remove := range deletions("../x") {
		tests = append(tests, struct {
			name string
			call call
			want string
			body string
		}{"delete " + collection, remove, "DELETE /shop/api/" + collection + "/" + id + "..%2Fx", ""})
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkCall(t, tt.call, tt.want, tt.body)
		})
	}
}

// script is a Klaviyo that answers with one status after the other, and notes down the methods that it was asked with.
type script struct {
	statuses []int
	methods  []string
}

func (s *script) client() *klaviyo.Client {
	return client(inMemory(func(w http.ResponseWriter, r *http.Request) {
		s.methods = append(s.methods, r.Method)

		status := http.StatusTeapot // more than was expected
		if len(s.statuses) > 0 {
			status, s.statuses = s.statuses[0], s.statuses[1:]
		}

		if status < http.StatusMultipleChoices {
			succeed(w, r)

			return
		}

		answer(w, status, `{"errors":[{"code":"some_code"}]}`)
	}))
}

func TestUpsert(t *testing.T) {
	t.Parallel()

	const (
		update = http.MethodPatch
		create = http.MethodPost
	)

	tests := []struct {
		name     string
		statuses []int
		methods  []string
		want     int // the error's status; 0 for none
	}{
		{"there", []int{200}, []string{update}, 0},
		{"new", []int{404, 201}, []string{update, create}, 0},
		{"created meanwhile", []int{404, 409, 200}, []string{update, create, update}, 0},
		{"created and deleted meanwhile", []int{404, 409, 404}, []string{update, create, update}, 404},
		{"something else is missing", []int{404, 404}, []string{update, create}, 404},
		{"bad update", []int{400}, []string{update}, 400},
		{"a conflict of another kind", []int{409}, []string{update}, 409},
		{"bad creation", []int{404, 400}, []string{update, create}, 400},
	}

	for what, upsert := range map[string]call{
		"item": upsertItem(fullItem()), "variant": upsertVariant(fullVariant()), "category": upsertCategory("c-1", "Women"),
	} {
		for _, tt := range tests {
			t.Run(what+" "+tt.name, func(t *testing.T) {
				t.Parallel()

				s := script{statuses: tt.statuses}
				err := upsert(t.Context(), s.client())

				if e, _ := errors.AsType[*klaviyo.Error](err); (e != nil) != (tt.want != 0) || e != nil && e.Status != tt.want {
					t.Errorf("error %v", err)
				}

				if diff := cmp.Diff(tt.methods, s.methods); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()

	for what, remove := range deletions("x") {
		for status, fails := range map[int]bool{204: false, 404: false, 400: true, 403: true} {
			t.Run(fmt.Sprint(what, " ", status), func(t *testing.T) {
				t.Parallel()

				s := script{statuses: []int{status}}
				if err := remove(t.Context(), s.client()); (err != nil) != fails || len(s.methods) != 1 {
					t.Errorf("error %v after %v", err, s.methods)
				}
			})
		}
	}
}

// A 404 that is not Klaviyo's own, at a wrong API URL say, must not pass for a delete that has nothing to do.
func TestDeleteElsewhere(t *testing.T) {
	t.Parallel()

	for what, remove := range deletions("x") {
		c := client(inMemory(func(w http.ResponseWriter, _ *http.Request) {
			answer(w, http.StatusNotFound, "<html>nothing here</html>")
		}))
		if err := remove(t.Context(), c); err == nil {
			t.Errorf("%s: a page that was not found passed for a delete", what)
		}
	}
}

func TestItemVariantIDs(t *testing.T) {
	t.Parallel()

	var asked []string

	c := client(inMemory(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.String())

		if r.URL.Query().Get("page[cursor]") == "" {
			answer(w, http.StatusOK, `{"data":[{"type":"catalog-variant","id":"$custom:::$default:::a:::b/c"},{"type":"catalog-variant","id":"$shopify:::$default:::d"}],`+
				`"links":{"self":"x","next":"https://elsewhere.test/api/nothing?page%5Bcursor%5D=bmV4dA%3D%3D"}}`)
		} else {
			answer(w, http.StatusOK, `{"data":[{"type":"catalog-variant","id":"$custom:::$default:::e"}],"links":{"self":"x","next":null}}`)
		}
	}))

	got, err := c.ItemVariantIDs(t.Context(), "p/1")
	if diff := cmp.Diff([]string{"a:::b/c", "e"}, got); diff != "" || err != nil {
		t.Errorf("ids (-want +got):\n%s%v", diff, err)
	}

	const path = "https://klaviyo.test/api/catalog-items/$custom:::$default:::p%2F1/relationships/variants?"

	if diff := cmp.Diff([]string{path + "page%5Bsize%5D=100", path + "page%5Bcursor%5D=bmV4dA%3D%3D&page%5Bsize%5D=100"}, asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}
