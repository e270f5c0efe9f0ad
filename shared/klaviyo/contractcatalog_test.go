package klaviyo_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// do makes calls that must all succeed.
func do(t *testing.T, c *klaviyo.Client, calls ...call) {
	t.Helper()

	for i, call := range calls {
		if err := call(t.Context(), c); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
	}
}

func TestContractCatalog(t *testing.T) {
	t.Parallel()

	item := map[string]any{
		"external_id": "p-1", "title": "Shirt", "description": "", "url": "https://shop.test/shirt",
		"image_full_url": "https://shop.test/shirt.jpg", "price": 19.99, "published": true,
		"custom_metadata": map[string]any{"title_json": `{"title_de":"Hemd"}`},
	}
	variant := map[string]any{
		"external_id": "sku-1", "title": "Shirt", "description": "", "url": "https://shop.test/shirt", "sku": "SKU 1",
		"image_full_url": "https://shop.test/shirt.jpg", "price": 1234567.8901, "published": true,
		"custom_metadata": map[string]any{}, "inventory_quantity": -2.0, "inventory_policy": 1.0,
	}
	minimal := map[string]any{
		"external_id": "p-1", "title": "Shirt", "description": "None", "url": "None", "price": 0.0, "published": false,
	}
	entryOf := func(attributes map[string]any, refs ...string) klaviyotest.Entry {
		return klaviyotest.Entry{ExternalID: fmt.Sprint(attributes["external_id"]), Attributes: attributes, Refs: refs, Writes: 1}
	}

	for how, tt := range map[string]struct {
		item         call
		wantItem     klaviyotest.Entry
		variant      call
		wantVariants []klaviyotest.Entry
	}{
		"create": {createItem(fullItem()), entryOf(item, "c-1", "c-2"), createVariant(fullVariant()), []klaviyotest.Entry{entryOf(variant, "p-1")}},
		"upsert": {upsertItem(fullItem()), entryOf(item, "c-1", "c-2"), upsertVariant(fullVariant()), []klaviyotest.Entry{entryOf(variant, "p-1")}},
		"minimal": {upsertItem(minimalItem()), entryOf(minimal), createVariant(minimalVariant()), []klaviyotest.Entry{entryOf(map[string]any{
			"external_id": "sku-1", "title": "Shirt", "description": "None", "url": "None", "sku": "sku-1", "price": 0.0,
			"published": false, "inventory_quantity": 0.0, "inventory_policy": 0.0,
		}, "p-1")}},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()

			c, fake := checked(t, klaviyotest.Options{Key: key, Limits: true})
			do(t, c, upsertCategory("c-1", "Women"), createCategory("c-2", "Women > Shirts"), tt.item, tt.variant)

			if diff := cmp.Diff([]klaviyotest.Entry{tt.wantItem}, fake.Items()); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}

			if diff := cmp.Diff(tt.wantVariants, fake.Variants()); diff != "" {
				t.Errorf("variants (-want +got):\n%s", diff)
			}

			if diff := cmp.Diff([]klaviyotest.Entry{
				entryOf(map[string]any{"external_id": "c-1", "name": "Women"}),
				entryOf(map[string]any{"external_id": "c-2", "name": "Women > Shirts"}),
			}, fake.Categories()); diff != "" {
				t.Errorf("categories (-want +got):\n%s", diff)
			}
		})
	}
}

func TestContractCatalogUpdates(t *testing.T) {
	t.Parallel()

	c, fake := checked(t, klaviyotest.Options{})
	do(t, c, createCategory("c-1", "Women"), createCategory("c-2", "Women > Shirts"), createItem(fullItem()), createVariant(fullVariant()))

	// One request each.
	before := c.Requests()

	withoutPicture := fullItem()
	withoutPicture.Price, withoutPicture.ImageFullURL, withoutPicture.CategoryIDs = "0.1", klaviyo.Null[string](), []string{"c-2"}
	withoutMetadata := fullVariant()
	withoutMetadata.Title, withoutMetadata.CustomMetadata = "Blouse", nil
	do(t, c, upsertItem(withoutPicture), upsertVariant(withoutMetadata), upsertCategory("c-1", "Men"), setStock("sku-1", 7))

	if got := c.Requests() - before; got != 4 {
		t.Errorf("%d requests", got)
	}

	item, variant, category := fake.Items()[0], fake.Variants()[0], fake.Categories()[0]
	if _, ok := item.Attributes["image_full_url"]; ok || item.Attributes["price"] != 0.1 || !slices.Equal(item.Refs, []string{"c-2"}) {
		t.Errorf("item %v", item)
	}

	if variant.Attributes["title"] != "Blouse" || variant.Attributes["custom_metadata"] == nil || variant.Attributes["inventory_quantity"] != 7.0 {
		t.Errorf("variant %v", variant)
	}

	if category.Attributes["name"] != "Men" {
		t.Errorf("category %v", category)
	}

	// No categories any more.
	do(t, c, updateItem(minimalItem()))

	if item := fake.Items()[0]; len(item.Refs) != 0 {
		t.Errorf("item %v", item)
	}
}

func TestContractCatalogRefusals(t *testing.T) {
	t.Parallel()

	elsewhere := fullVariant()
	elsewhere.ItemID = "p-2"

	orphan := minimalVariant()
	orphan.ExternalID, orphan.ItemID = "sku-2", "none"

	strayed := minimalItem()
	strayed.CategoryIDs = []string{"c-1", "none"}

	unnamed := minimalVariant()
	unnamed.ExternalID = ""

	tests := []struct {
		name    string
		call    call
		status  int
		pointer string
	}{
		{"an item twice", createItem(fullItem()), http.StatusConflict, "/data/attributes/external_id"},
		{"a variant twice", createVariant(fullVariant()), http.StatusConflict, "/data/attributes/external_id"},
		{"a variant of another item", createVariant(elsewhere), http.StatusConflict, "/data/attributes/external_id"},
		{"a category twice", createCategory("c-1", "x"), http.StatusConflict, "/data/attributes/external_id"},
		{"no such variant", setStock("none", 1), http.StatusNotFound, "/data"},
		{"no such category", updateCategory("none", "x"), http.StatusNotFound, "/data"},
		{"a variant of no item", createVariant(orphan), http.StatusNotFound, "/data/relationships/item"},
		{"an upserted variant of no item", upsertVariant(orphan), http.StatusNotFound, "/data/relationships/item"},
		{"an item of no category", upsertItem(strayed), http.StatusNotFound, "/data/relationships/categories"},
		{"no id", createVariant(unnamed), http.StatusBadRequest, "/data/attributes/external_id"},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			c, fake := checked(t, klaviyotest.Options{})
			other := minimalItem()
			other.ExternalID = "p-2"
			do(t, c, createCategory("c-1", "Women"), createCategory("c-2", "Men"), createItem(fullItem()), createItem(other), createVariant(fullVariant()))

			before := append(append(fake.Items(), fake.Variants()...), fake.Categories()...)

			e := apiError(t, tt.call(t.Context(), c))
			if e.Status != tt.status || e.Pointer() != tt.pointer {
				t.Errorf("error %v", e)
			}

			if diff := cmp.Diff(before, append(append(fake.Items(), fake.Variants()...), fake.Categories()...)); diff != "" {
				t.Errorf("something changed:\n%s", diff)
			}
		})
	}
}

// A variant stays with its item, and nobody is told.
func TestContractVariantOfAnotherItem(t *testing.T) {
	t.Parallel()

	c, fake := checked(t, klaviyotest.Options{})

	other := minimalItem()
	other.ExternalID = "p-2"
	moved := minimalVariant()
	moved.ItemID = "p-2"

	do(t, c, createItem(minimalItem()), createItem(other), createVariant(minimalVariant()), upsertVariant(moved))

	if got := fake.Variants()[0]; !slices.Equal(got.Refs, []string{"p-1"}) || got.Writes != 2 {
		t.Errorf("variant %v", got)
	}

	if ids, err := c.ItemVariantIDs(t.Context(), "p-2"); len(ids) != 0 || err != nil {
		t.Errorf("ids %v, %v", ids, err)
	}
}

func TestContractDeletions(t *testing.T) {
	t.Parallel()

	c, fake := checked(t, klaviyotest.Options{})
	do(t, c, createCategory("c-1", "Women"), createCategory("c-2", "Men"), createItem(fullItem()), createVariant(fullVariant()), createVariant(klaviyo.Variant{ExternalID: "sku-2", ItemID: "p-1"}))

	for range 2 {
		do(t, c, deletions("sku-1")["catalog-variants"], deletions("c-1")["catalog-categories"])
	}

	if got := fake.Items(); len(got) != 1 || !slices.Equal(got[0].Refs, []string{"c-2"}) {
		t.Errorf("items %v", got)
	}

	if ids, err := c.ItemVariantIDs(t.Context(), "p-1"); !slices.Equal(ids, []string{"sku-2"}) || err != nil {
		t.Errorf("ids %v, %v", ids, err)
	}

	for range 2 {
		do(t, c, deletions("p-1")["catalog-items"])
	}

	if len(fake.Items())+len(fake.Variants()) != 0 || len(fake.Categories()) != 1 {
		t.Errorf("items %v, variants %v, categories %v", fake.Items(), fake.Variants(), fake.Categories())
	}

	if _, err := c.ItemVariantIDs(t.Context(), "p-1"); !klaviyo.IsNotFound(err) {
		t.Errorf("error %v", err)
	}

	// And back again.
	do(t, c, upsertItem(minimalItem()), upsertVariant(minimalVariant()))
}

func TestContractVariantIDsHavePages(t *testing.T) {
	t.Parallel()

	c, fake := checked(t, klaviyotest.Options{})
	do(t, c, createItem(minimalItem()))

	// Within the published limits it would take some seconds.
	hasty := klaviyo.New(klaviyo.Config{
		APIURL: "https://klaviyo.test", AuthKey: key, Transport: inMemory(fake.ServeHTTP), Limits: map[string]klaviyo.Limit{},
	})

	for i := range 250 {
		v := minimalVariant()
		v.ExternalID = fmt.Sprintf("%03d/:::?", i)

		do(t, hasty, createVariant(v))
	}

	before := c.Requests()

	ids, err := c.ItemVariantIDs(t.Context(), "p-1")
	if err != nil || len(ids) != 250 || !slices.IsSorted(ids) || ids[0] != "000/:::?" || c.Requests()-before != 3 {
		t.Errorf("%d ids in %d requests, %v", len(ids), c.Requests()-before, err)
	}
}

// Ids that are odd in a URL come through.
func TestContractOddIDs(t *testing.T) {
	t.Parallel()

	for _, id := range []string{"a/b", "/", "a//b", "..", "a:::b", "$custom:::$default:::x", "ü ?#&%2F+;,=", `"<>\`, "\x7f\t"} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			checkOddID(t, id)
		})
	}
}

func checkOddID(t *testing.T, id string) {
	t.Helper()

	c, fake := checked(t, klaviyotest.Options{})

	item := fullItem()
	item.ExternalID, item.CategoryIDs = id, []string{id}
	variant := fullVariant()
	variant.ExternalID, variant.ItemID = id, id

	for range 2 {
		do(t, c, upsertCategory(id, "x"), upsertItem(item), upsertVariant(variant), setStock(id, 3))
	}

	if got := fake.Variants(); len(got) != 1 || got[0].ExternalID != id || got[0].Writes != 4 || !slices.Equal(got[0].Refs, []string{id}) {
		t.Errorf("variants %v", got)
	}

	if ids, err := c.ItemVariantIDs(t.Context(), id); !slices.Equal(ids, []string{id}) || err != nil {
		t.Errorf("ids %q, %v", ids, err)
	}

	for _, remove := range deletions(id) {
		do(t, c, remove)
	}

	if len(fake.Items())+len(fake.Variants())+len(fake.Categories()) != 0 {
		t.Errorf("items %v, variants %v, categories %v", fake.Items(), fake.Variants(), fake.Categories())
	}
}
