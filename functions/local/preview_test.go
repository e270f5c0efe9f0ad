package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

func previewSize() commercetoolstest.Size {
	return commercetoolstest.Size{Customers: 20, Orders: 300, Products: 30, Categories: 10}
}

// received keeps what comes to a Klaviyo, as "METHOD target" and the JSON.
type received struct {
	mu  sync.Mutex
	all []string
}

func (r *received) before(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			panic(err)
		}

		r.mu.Lock()
		r.all = append(r.all, req.Method+" "+req.RequestURI+" "+canonical(body))
		r.mu.Unlock()

		req.Body = io.NopCloser(bytes.NewReader(body))
		h.ServeHTTP(w, req)
	})
}

// take returns what came, in an order that doesn't depend on what was faster, and forgets it.
func (r *received) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()

	all := r.all
	r.all = nil
	slices.Sort(all)

	return all
}

func canonical(body []byte) string {
	var (
		text  bytes.Buffer
		value any
	)

	if len(body) == 0 {
		return ""
	}

	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()

	if err := d.Decode(&value); err != nil {
		return err.Error()
	}

	if err := json.NewEncoder(&text).Encode(value); err != nil {
		return err.Error()
	}

	return text.String()
}

// shown reads the requests from a preview.
func shown(out string) []string {
	var (
		all      []string
		endpoint = regexp.MustCompile(`(?m)^((?:GET|POST|PATCH|DELETE) /\S+)\n`)
	)

	for _, at := range endpoint.FindAllStringSubmatchIndex(out, -1) {
		body, _, _ := strings.Cut(out[at[1]:], "\n#")
		body, _, _ = strings.Cut("\n"+body, "\n\n")
		all = append(all, out[at[2]:at[3]]+" "+canonical([]byte(strings.TrimSpace(body))))
	}

	slices.Sort(all)

	return all
}

// previewCase is a resource, and the messages that commercetools publishes about it.
type previewCase struct {
	resource string
	raw      json.RawMessage
	messages []map[string]any
	// least is how many requests it takes.
	least int
}

func previewCases(t *testing.T) map[string]previewCase {
	t.Helper()

	shop := commercetoolstest.NewShop(demoSeed, previewSize())
	customer := shop.Resource("customers", 3)
	category := shop.Resource("categories", 9)

	_, product := found(t, shop, "product-projections", func(p commercetools.Product) bool { return len(p.Variants) > 1 && len(p.Categories) > 0 })
	_, placed := found(t, shop, "orders", func(o commercetools.Order) bool {
		return o.OrderState == "Open" && o.CustomerEmail != "" && len(o.LineItems) > 2 && len(o.DiscountCodes) == 0 && len(o.PaymentIDs()) == 0
	})
	refunded, paidBack := found(t, shop, "payments", func(p commercetools.Payment) bool { return len(refunds(p)) > 1 })
	shipped, order := found(t, shop, "orders", func(o commercetools.Order) bool { return slices.Contains(o.PaymentIDs(), refunded.ID) })

	changed := map[string]any{"createdAt": shipped.LastModifiedAt, "orderState": shipped.OrderState}
	tooLarge := map[string]any{"type": "", "payloadNotIncluded": map[string]any{"payloadType": "OrderCreated"}, "resourceVersion": 1}
	ofOrder := []map[string]any{message("order", order, "OrderCreated", tooLarge), message("order", order, "OrderStateChanged", changed)}

	for _, refund := range refunds(refunded) {
		ofOrder = append(ofOrder, message("payment", paidBack, "PaymentTransactionAdded", map[string]any{"transaction": refund}))
	}

	return map[string]previewCase{
		"customer": {"customers", customer, []map[string]any{
			message("customer", customer, "CustomerCreated", map[string]any{"customer": customer}), update("customer", customer),
		}, 2},
		"category": {"categories", category, []map[string]any{update("category", category)}, 2},
		"product": {"products", product, []map[string]any{
			message("product", product, "ProductPublished", map[string]any{"productProjection": product}),
		}, 6},
		"order that was placed": {"orders", placed, []map[string]any{
			message("order", placed, "OrderCreated", map[string]any{"order": placed}),
		}, 4},
		"order that was paid back": {"orders", order, ofOrder, 2 + len(shipped.LineItems) + len(refunds(refunded))},
	}
}

// TestPreviewIsWhatIsSent compares a preview with what Klaviyo gets when commercetools' messages come.
func TestPreviewIsWhatIsSent(t *testing.T) {
	t.Parallel()

	for name, tt := range previewCases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var klaviyo received

			s := newShopOf(t, previewSize(), klaviyotest.Options{}, klaviyo.before)
			if tt.resource == "products" { // Its categories are there before it.
				finish(t, local(t, s.env, "run", "categories"))
				klaviyo.take()
			}

			code, out := finish(t, local(t, s.env, "preview", tt.resource, headOf(tt.raw).ID))
			if sent := klaviyo.take(); code != 0 || len(sent) > 0 {
				t.Fatalf("exit %d, and Klaviyo got %d requests:\n%s", code, len(sent), out)
			}

			s.put(t, tt.messages)

			preview := shown(out)
			if diff := cmp.Diff(klaviyo.take(), preview); diff != "" || len(preview) < tt.least {
				t.Errorf("%d requests, want at least %d; (-sent +previewed):\n%s", len(preview), tt.least, diff)
			}
		})
	}
}

// put puts messages through their functions.
func (s *shop) put(t *testing.T, messages []map[string]any) {
	t.Helper()

	for _, m := range messages {
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}

		c := local(t, s.env, "send", "-")
		c.Stdin = bytes.NewReader(data)

		if code, out := finish(t, c); code != 0 || !strings.Contains(out, ": done") {
			t.Fatalf("exit %d: %s", code, out)
		}
	}
}

func found[T any](t *testing.T, shop *commercetoolstest.Shop, endpoint string, is func(T) bool) (T, json.RawMessage) {
	t.Helper()

	one, raw, err := find(shop, endpoint, is)
	if err != nil {
		t.Fatal(err)
	}

	return one, raw
}

// TestPreviewFile shows a resource that the shop doesn't have like that.
func TestPreviewFile(t *testing.T) {
	t.Parallel()

	shop := commercetoolstest.NewShop(demoSeed, previewSize())
	refunded, _ := found(t, shop, "payments", func(p commercetools.Payment) bool { return len(refunds(p)) > 1 })
	_, order := found(t, shop, "orders", func(o commercetools.Order) bool { return slices.Contains(o.PaymentIDs(), refunded.ID) })
	_, product := found(t, shop, "product-projections", func(p commercetools.Product) bool { return len(p.Categories) > 0 })

	for name, tt := range map[string]struct {
		resource string
		raw      json.RawMessage
		values   map[string]any
		want     []string
	}{
		"customer": {"customers", shop.Resource("customers", 0), map[string]any{"lastName": "O'<Neil> & Søn", "id": "not-there"}, []string{
			"customer not-there, as if Klaviyo had none of it yet; nothing is sent\n\n# CustomerCreated, through CustomerEvents\nPOST /api/profiles\n{\n",
			"# customer ResourceUpdated, through CustomerEvents\nPOST /api/profile-import\n{\n", `"last_name": "O'<Neil> & Søn"`, `"external_id": "not-there"`,
		}},
		"order": {"orders", order, map[string]any{"customerEmail": "new@shop.example.com", "orderState": "Cancelled"}, []string{
			`"email": "new@shop.example.com"`, `"name": "Placed Order"`, `"name": "Cancelled Order"`, `"name": "Refunded Order"`, `"unique_id": "` + headOf(order).ID + ":",
		}},
		"order of nobody": {"orders", order, map[string]any{"customerEmail": "", "customerId": "", "discountCodes": []any{}}, []string{
			"# OrderCreated, through OrderEvents\n# nothing is sent: ",
		}},
		"product": {"products", product, map[string]any{"name": map[string]string{"en-US": "Renamed"}}, []string{`"title": "Renamed"`}},
		"product in a category that is gone": {"products", product, map[string]any{"categories": []any{map[string]string{"typeId": "category", "id": "gone"}}}, []string{
			"# commercetools doesn't give all that the file's categories refer to", "$custom:::$default:::gone",
		}},
		"category": {"categories", shop.Resource("categories", 9), map[string]any{"name": map[string]string{"en-US": "Top"}, "ancestors": []any{}}, []string{`"name": "Top"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			raw, err := changed(tt.raw, tt.values)
			if err != nil {
				t.Fatal(err)
			}

			s := newShopOf(t, previewSize(), klaviyotest.Options{}, asItIs)

			c := local(t, s.env, "preview", tt.resource, "--file", "-")
			c.Stdin = bytes.NewReader(raw)

			code, out := finish(t, c)
			if code != 0 || s.kl.Requests() != 0 {
				t.Errorf("exit %d after %d requests to Klaviyo", code, s.kl.Requests())
			}

			wantIn(t, out, tt.want...)

			if gone := strings.Contains(string(raw), `"gone"`); !gone && strings.Contains(out, "commercetools doesn't give") {
				t.Errorf("commercetools has all that this file refers to:\n%s", out)
			}
		})
	}
}

// TestPreviewFileIsWhole: a file only names what the resource refers to, and shows as much as the resource of the shop.
func TestPreviewFileIsWhole(t *testing.T) {
	t.Parallel()

	size := commercetoolstest.Size{Customers: 20, Orders: 100, Products: 200, Categories: 40}
	s, shop := newShopOf(t, size, klaviyotest.Options{}, asItIs), commercetoolstest.NewShop(demoSeed, size)
	category, plainCategory := found(t, shop, "categories", func(c commercetools.Category) bool { return len(c.Ancestors) > 1 })
	product, plainProduct := found(t, shop, "product-projections", func(p commercetools.Product) bool {
		return slices.ContainsFunc(p.Categories, func(c commercetools.CategoryReference) bool { return c.ID == category.ID })
	})
	order, plainOrder := found(t, shop, "orders", func(o commercetools.Order) bool {
		return o.OrderState == "Open" && o.CustomerEmail != "" && len(o.DiscountCodes) > 0
	})

	for resource, tt := range map[string]struct {
		id   string
		file json.RawMessage
		has  string
	}{
		"categories": {category.ID, plainCategory, " > "}, "products": {product.ID, plainProduct, category.Ancestors[0].ID}, "orders": {order.ID, plainOrder, `"DiscountCode": "`},
	} {
		t.Run(resource, func(t *testing.T) {
			t.Parallel()

			_, want := finish(t, local(t, s.env, "preview", resource, tt.id))
			wantIn(t, want, tt.has)

			c := local(t, s.env, "preview", resource, "--file", "-")
			c.Stdin = bytes.NewReader(tt.file)

			if code, got := finish(t, c); code != 0 || got != want {
				t.Errorf("exit %d, (-the shop's +the file's):\n%s", code, cmp.Diff(want, got))
			}
		})
	}
}

// TestPreviewFirst takes the first of a shop, here the demo's.
func TestPreviewFirst(t *testing.T) {
	t.Parallel()

	for resource, want := range map[string]string{
		"customers": "\nPOST /api/profile-import\n", "orders": "\nPOST /api/events\n", "products": "\nPOST /api/catalog-variants\n", "categories": "\nPOST /api/catalog-categories\n",
	} {
		t.Run(resource, func(t *testing.T) {
			t.Parallel()

			code, out := finish(t, local(t, nil, "preview", resource))
			if code != 0 {
				t.Errorf("exit %d, want 0", code)
			}

			wantIn(t, out, "demo shop:", ", as if Klaviyo had none of it yet; nothing is sent\n", want)
		})
	}
}

func TestPreviewWrong(t *testing.T) {
	t.Parallel()

	customer := `{"id":"c","version":1,"email":"a@b.example","lastModifiedAt":"2026-01-01T00:00:00Z"}`
	s := newShop(t, 1, klaviyotest.Options{}, asItIs)
	withEnv := func(variable string) []string { return append(s.env, variable) }

	for name, tt := range map[string]struct {
		env  []string
		args []string
		file string
		code int
		want string
	}{
		"no resource":        {nil, nil, "", exitUse, "it is called as: local preview customers|orders|products|categories [ID] "},
		"unknown resource":   {nil, []string{"carts"}, "", exitUse, `there is no preview of "carts"; there is one of: `},
		"missing":            {s.env, []string{"customers", "nobody"}, "", exitUse, "commercetools has no customer nobody"},
		"not published":      {s.env, []string{"products", "nothing"}, "", exitUse, "commercetools has no product nothing that is published"},
		"no id":              {s.env, []string{"customers", "a/b"}, "", exitUse, `"a/b" is no id of a customer`},
		"empty shop":         {s.env, []string{"orders"}, "", exitUse, "the shop has no order yet"},
		"settings":           {withEnv("CT_API_URL=nonsense"), []string{"orders"}, "", exitUse, "CT_API_URL: must be"},
		"id and file":        {nil, []string{"customers", "c"}, customer, exitUse, "--file: the file names its resource"},
		"no file":            {nil, []string{"customers", "--file", "nowhere.json"}, "", exitUse, "--file: nothing to read: open nowhere.json"},
		"no JSON":            {nil, []string{"customers"}, `{"id":`, exitUse, "--file: it is not the JSON of one resource"},
		"a list":             {nil, []string{"customers"}, "[" + customer + "]", exitUse, "--file: it is not the JSON of one resource"},
		"a page":             {nil, []string{"customers"}, `{"results":[]}`, exitUse, "it has no email, and every customer has; take it as GET /customers/ID answers"},
		"a message":          {nil, []string{"customers"}, `{"notificationType":"Message"}`, exitUse, "it is a message; `local send` takes it"},
		"another kind":       {nil, []string{"orders"}, customer, exitUse, "it looks like one of the customers; is it `preview customers`?"},
		"product with draft": {nil, []string{"products"}, `{"id":"p","version":1,"masterData":{}}`, exitUse, "GET /product-projections/ID"},
		"without version":    {nil, []string{"customers"}, `{"id":"c","email":"a@b.example"}`, exitUse, "it lacks an id, a version"},
		"unfit":              {s.env, []string{"customers"}, strings.Replace(customer, "}", `,"addresses":7}`, 1), exitFailedRecords, "could never succeed, and would be parked: unreadable: "},
		"no way in":          {withEnv(`CT_API_CLIENT={"clientId":"x","secret":"y"}`), []string{"customers"}, "", exitStopped, "commercetools can't be read: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			args := append([]string{"preview"}, tt.args...)

			if tt.file != "" {
				path := filepath.Join(t.TempDir(), "resource.json")
				if err := os.WriteFile(path, []byte(tt.file), 0o600); err != nil {
					t.Fatal(err)
				}

				args = append(args, "--file", path)
			}

			code, out := finish(t, local(t, tt.env, args...))
			if code != tt.code {
				t.Errorf("exit %d, want %d", code, tt.code)
			}

			wantIn(t, out, tt.want)
		})
	}

	if n := s.kl.Requests(); n != 0 {
		t.Errorf("Klaviyo got %d requests", n)
	}
}
