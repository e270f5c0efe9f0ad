package commercetoolstest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools"
)

// known are the fields of all types.
func known() []string {
	var all []string
	for _, endpoint := range endpoints() {
		all = append(all, queryable(endpoint)...)
	}

	return all
}

func TestPredicate(t *testing.T) {
	t.Parallel()

	raw := []string{
		`{"id":"a","version":1,"email":"A@x","lastModifiedAt":"2026-01-01T00:00:00.000Z","active":true}`,
		`{"id":"b","version":2,"email":"b@x","lastModifiedAt":"2026-01-01T00:00:00.500Z","active":false}`,
		`{"id":"c","version":2.5,"sku":"s\"1","lastModifiedAt":"2026-01-01T00:00:01.000Z","paymentInfo":{"payments":[{"id":"p1"},{"id":"p2"}]}}`,
		`{"id":"d","masterData":{"published":true},"paymentInfo":{"payments":[{"id":"p3","typeId":"payment"}]}}`,
	}

	resources := make([]*resource, len(raw))

	for i, r := range raw {
		var err error
		if resources[i], err = newResource(json.RawMessage(r)); err != nil {
			t.Fatal(err)
		}
	}

	tests := map[string]string{
		`id = "b"`:               "b",
		`id != "b"`:              "acd",
		`id <> "b"`:              "acd",
		`id > "b"`:               "cd",
		`id >= "b"`:              "bcd",
		`id < "b"`:               "a",
		`id <= "b"`:              "ab",
		`id>"a"and id<"d"`:       "bc",
		`id > "c" and id < "b"`:  "",
		`id > "z"`:               "",
		`id < ""`:                "",
		`id in ("d","a")`:        "ad",
		`id in ("d")`:            "d",
		`id in ("d","x","d")`:    "d",
		`id in ("a") or id="c"`:  "ac",
		`id in ("a") or id>"b"`:  "acd",
		`email = "A@x"`:          "a",
		`email = "a@x"`:          "",
		`email in ("b@x","A@x")`: "ab",
		`sku = "s\"1"`:           "c",
		`version > 1.5`:          "bc",
		`version = 2`:            "b",
		`version = "2"`:          "",
		`version in (1, 2)`:      "ab",
		`active = true`:          "a",
		`active != true`:         "b",
		`active is defined`:      "ab",
		`active is not defined`:  "cd",
		`lastModifiedAt >= "2026-01-01T00:00:00.5Z"`:                          "bc",
		`lastModifiedAt > "2026-01-01T01:00:00+01:00"`:                        "bc",
		`lastModifiedAt = "2026-01-01T00:00:00Z"`:                             "a",
		`paymentInfo(payments(id="p2"))`:                                      "c",
		`paymentInfo(payments(id in ("p2", "p3")))`:                           "cd",
		`paymentInfo(payments(id="p3" and typeId="payment"))`:                 "d",
		`paymentInfo(payments(id="p1" and id="p2"))`:                          "",
		`paymentInfo(payments(id > "a")) and id < "d"`:                        "c",
		`masterData(published = true)`:                                        "d",
		`id = "a" or id = "c" and version > 9`:                                "a",
		`(id = "a" or id = "c") and version > 1`:                              "c",
		`id = "c" or email = "b@x"`:                                           "bc",
		`(lastModifiedAt > "2026-01-01T00:00:00Z" and id > "b") or id = "a" `: "ac",
	}
	for text, want := range tests {
		c, err := parse(text, known())
		if err != nil {
			t.Errorf("%s: %v", text, err)

			continue
		}

		got := ""

		for r := range (view{made: &series{}, put: resources}).candidates(c) {
			if c.match(r) {
				got += r.id
			}
		}

		if got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestPredicateRefusals(t *testing.T) {
	t.Parallel()

	for _, text := range []string{
		"", " ", "id", "id =", `= "a"`, `id "a"`, `id = a`, `id = "a`, `id = 'a'`, `id = "a" and`, `id = "a" "b"`, `id = "\n"`,
		`(id = "a"`, `id = "a")`, `id in ()`, `id in "a"`, `id in ("a"`, `id in ("a",)`, `and = "a"`, `id == "a"`, `id = "a" && id = "b"`,
		`mail = "a"`, `paymentInfo()`, `paymentInfo(payments(id="a")`, `lastModifiedAt > "yesterday"`, `lastModifiedAt > "2026-01-01"`,
		`active > true`, `active is`, `active is not`, `active is true`, `is defined`, `id = NaN`, `id = Inf`, `id = 1a`, `id;`, "id = \"a\"\x00",
	} {
		if _, err := parse(text, known()); err == nil {
			t.Errorf("%q was understood", text)
		}
	}
}

// Whatever is in an id, the predicate says that id and nothing else.
func FuzzPredicate(f *testing.F) {
	for _, id := range []string{"a", `"`, `\`, `\"`, `") or (id > "`, "\n", "ü\xff", ":id", `\\\"`, "`"} {
		f.Add(id, id)
	}

	f.Fuzz(func(t *testing.T, a, b string) {
		for p, want := range map[commercetools.Predicate][]string{
			commercetools.IDIn(a, b):  {"id", "in", "(", `"` + a, ",", `"` + b, ")"},
			commercetools.IDAfter(a):  {"id", ">", `"` + a},
			commercetools.IDBefore(a): {"id", "<", `"` + a},
			commercetools.PaidBy(a):   {"paymentInfo", "(", "payments", "(", "id", "=", `"` + a, ")", ")"},
			commercetools.IDAfter(a) + " and " + commercetools.IDBefore(b): {"id", ">", `"` + a, "and", "id", "<", `"` + b},
		} {
			expectPredicate(t, string(p), want)
		}
	})
}

// So it is with the SKUs and channels that the client makes predicates of by itself.
func FuzzSKUs(f *testing.F) {
	for _, sku := range []string{"a", `"`, `\`, `\"`, `") or (sku in ("x"`, "\n", "ü\xff", `5" nail`, " ", "&where=1#%22"} {
		f.Add(sku, sku, sku)
	}

	f.Fuzz(func(t *testing.T, a, b, channel string) {
		if len(a)+len(b)+len(channel) > 1000 {
			t.Skip("they may need two queries, or be longer than a URL may be")
		}

		var asked []url.Values

		server := NewServer("demo")
		ct := commercetools.New(commercetools.Config{
			APIURL: "http://ct.example", AuthURL: "http://ct.example", ProjectKey: "demo", ClientID: ClientID, ClientSecret: ClientSecret,
			Transport: transport(func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodGet {
					asked = append(asked, r.URL.Query())
				}

				w := httptest.NewRecorder()
				server.ServeHTTP(w, r)

				return w.Result(), nil
			}),
		})

		if _, err := ct.InventoryOf(t.Context(), channel, "x"+a, "x"+b); err != nil {
			t.Fatal(err)
		}

		if len(asked[0]["where"]) != 1 || asked[0].Get("limit") != "500" {
			t.Fatalf("asked for %v", asked)
		}

		of := []string{"and", "supplyChannel", "is", "not", "defined"}
		if channel != "" {
			of = []string{"and", "(", "supplyChannel", "is", "not", "defined", "or", "supplyChannel", "(", "id", "=", `"` + channel, ")", ")"}
		}

		in := []string{"sku", "in", "(", `"x` + a, ",", `"x` + b, ")"}
		expectPredicate(t, asked[0].Get("where"), append(in, of...))
	})
}

type transport func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

func expectPredicate(t *testing.T, predicate string, want []string) {
	t.Helper()

	got, err := lex(predicate)
	if err != nil {
		t.Fatalf("%s: %v", predicate, err)
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", predicate, diff)
	}

	if _, err := parse(predicate, known()); err != nil {
		t.Errorf("%s: %v", predicate, err)
	}
}

// The parser reads anything without a crash, and what it cuts away by the ids would not have matched.
func FuzzParse(f *testing.F) {
	f.Add(`id > "a" and (id <= "c" or id in ("b","d")) and version != 2`)
	f.Add(`paymentInfo(payments(id="p2")) or id = "a"`)

	var resources []*resource

	for _, id := range []string{"a", "b", "c", "d"} {
		r, err := newResource(json.RawMessage(`{"id":"` + id + `","version":2}`))
		if err != nil {
			f.Fatal(err)
		}

		resources = append(resources, r)
	}

	f.Fuzz(func(t *testing.T, text string) {
		c, err := parse(text, known())
		if err != nil {
			return
		}

		kept := slices.Collect(view{made: &series{}, put: resources}.candidates(c))
		for _, r := range resources {
			if c.match(r) && !slices.Contains(kept, r) {
				t.Errorf("%s matches %s, which is outside of %q to %q", text, r.id, c.from, c.to)
			}
		}
	})
}
