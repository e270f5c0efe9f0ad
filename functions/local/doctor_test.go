package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

func TestDoctor(t *testing.T) {
	t.Parallel()

	allScopes := "view_customers:demo-shop view_orders:demo-shop view_payments:demo-shop view_categories:demo-shop " +
		"view_published_products:demo-shop view_standalone_prices:demo-shop view_products:demo-shop"

	for name, tt := range map[string]struct {
		env  []string
		args []string
		code int
		want []string
		not  string
	}{
		"all is well": {nil, nil, 0, []string{
			"ok       settings: every", "ok       config: config/default.json\n", "ok       commercetools token: ", "ok       commercetools standalone-prices: can be read",
			"ok       PREFERRED_LOCALE: products have en-US", "ok       PREFERRED_CURRENCY: products have USD", "ok       klaviyo imports: can be read",
			"skipped  subscriptions: there are none of this prefix", "skipped  klaviyo write scopes: profiles:write, lists:write, events:write and catalogs:write can't be tried without writing",
		}, "misspelt"},
		"all scopes, none for subscriptions": {[]string{"CT_SCOPES=" + allScopes}, nil, 0, []string{
			"granted, scopes: 7, enough for 7 of the 7 endpoints", "ok       commercetools inventory", "skipped  subscriptions: the API client lacks the scope manage_subscriptions:demo-shop",
		}, "\nmissing"},
		"who manages may view": {
			[]string{"CT_SCOPES=manage_customers:demo-shop manage_orders:demo-shop manage_payments:demo-shop manage_products:demo-shop manage_standalone_prices:demo-shop"},
			nil, 0,
			[]string{"ok       commercetools categories", "ok       commercetools product-projections", "ok       commercetools payments"},
			"\nmissing",
		},
		"missing scopes": {[]string{"CT_SCOPES=view_customers:demo-shop view_orders:other-shop view_categories:demo-shop"}, nil, exitFailedRecords, []string{
			"granted, scopes: 3, enough for 2 of the 7 endpoints", "ok       commercetools customers", "ok       commercetools categories", "missing  commercetools orders: the API client lacks the scope view_orders:demo-shop; ",
			"missing  commercetools payments: the API client lacks the scope view_payments:demo-shop", "view_published_products:demo-shop", "view_standalone_prices:demo-shop",
			"missing  commercetools inventory: the API client lacks the scope view_products:demo-shop", "skipped  shop: the products can't be read", "5 of ",
		}, ""},
		"profiles are deleted": {[]string{`CONFIG_JSON={"customer":{"dataErasure":{"enabled":true}}}`}, nil, 0, []string{
			"skipped  klaviyo write scopes: profiles:write, lists:write, events:write, catalogs:write, and for customer.dataErasure data-privacy:write can't be tried",
		}, "\nmissing"},
		"misspelt message": {[]string{`CONFIG_JSON={"order":{"messages":{"created":["OrderCreatd"]}}}`}, nil, exitUse, []string{
			`failed   settings: CONFIG_JSON: order.messages.created[0]: "OrderCreatd" is not a message type`, `did you mean "OrderCreated"?`,
		}, ""},
		"another project": {[]string{"CT_SCOPES=view_customers:other-shop"}, nil, exitFailedRecords, []string{
			"failed   commercetools token: the API client is one of the project other-shop, and CT_PROJECT_ID is demo-shop; ", "skipped  subscriptions: commercetools could not be asked", "ok       klaviyo profiles",
		}, ""},
		"wrong client": {[]string{`CT_API_CLIENT={"clientId":"x","secret":"y"}`}, nil, exitFailedRecords, []string{
			"failed   commercetools token: ", "are CT_API_CLIENT and CT_AUTH_URL right?", "ok       klaviyo profiles",
		}, ""},
		"wrong key": {[]string{"KLAVIYO_AUTH_KEY=pk_wrong"}, nil, exitFailedRecords, []string{
			"failed   klaviyo key: klaviyo: GET /api/profiles: status 401", "is KLAVIYO_AUTH_KEY a private key of this account?", "ok       commercetools orders",
		}, "klaviyo imports"},
		"settings": {[]string{"CT_API_URL=nonsense", "PREFERRED_CURRENCY=dollars", `CONFIG_JSON={"orders":{}}`}, []string{"--prefix", "Ctk"}, exitUse, []string{
			"failed   settings: CT_API_URL: must be", "failed   settings: PREFERRED_CURRENCY: must be", "failed   settings: CONFIG_JSON: orders: unknown key",
			"failed   settings: SUBSCRIPTIONS_PREFIX: must be", "skipped  everything else", "4 of 5",
		}, "commercetools token"},
		"misspelt": {[]string{"CT_API_CLIENT=", "CT_API_CLENT=x"}, nil, exitUse, []string{
			"CT_API_CLENT is set; what is missing goes into .env", "skipped  CT_API_CLENT: nothing reads it; is the name misspelt?\n", "failed   settings: CT_API_CLIENT is required", "1 of 3",
		}, ""},
		"the shop has other": {[]string{"PREFERRED_LOCALE=ja-JP", "PREFERRED_CURRENCY=AUD", "PRODUCT_URL_TEMPLATE=", `CONFIG_JSON={"disabledEvents":["OrderCreated"],"product":{"inventory":{"useChannelInventory":"nowhere"}}}`}, nil, exitFailedRecords, []string{
			"ok       config: config/default.json, CONFIG_JSON; switched off: OrderCreated", "failed   PREFERRED_LOCALE: none of the first 50 products has ja-JP; they have ", "failed   PREFERRED_CURRENCY: none of the first 50 products has AUD; they have ",
			"skipped  PRODUCT_URL_TEMPLATE: it isn't set", "failed   product.inventory.useChannelInventory: there is no channel",
		}, ""},
		"another country":       {[]string{"PREFERRED_LOCALE=de-CH", "PREFERRED_CURRENCY="}, nil, exitFailedRecords, []string{"failed   PREFERRED_LOCALE", "skipped  PREFERRED_CURRENCY: it isn't set; the products have "}, ""},
		"a function that isn't": {nil, []string{"--leave-out", "cartevents"}, exitUse, []string{`--leave-out: there is no function "cartevents"`}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := newShopOf(t, previewSize(), klaviyotest.Options{}, asItIs)
			code, out := finish(t, local(t, append(s.env, tt.env...), append([]string{"doctor"}, tt.args...)...))

			if code != tt.code || tt.not != "" && strings.Contains(out, tt.not) {
				t.Errorf("exit %d, want %d, and nothing about %q:\n%s", code, tt.code, tt.not, out)
			}

			wantIn(t, out, tt.want...)

			if strings.Contains(out, demoKey) || strings.Contains(out, commercetoolstest.ClientSecret) {
				t.Errorf("the output holds a secret:\n%s", out)
			}
		})
	}
}

// TestPreferred: the mapping takes a text in the language alone, too.
func TestPreferred(t *testing.T) {
	t.Parallel()

	for locale, want := range map[string]checkStatus{"de-DE": checkOK, "en-GB": checkOK, "de-CH": checkFailed, "": checkSkipped} {
		language, _, _ := strings.Cut(locale, "-")

		r := &diagnosis{}
		if r.preferred("PREFERRED_LOCALE", locale, map[string]bool{"de-DE": true, "en": true}, language); r.checks[0].Status != want {
			t.Errorf("%q: %v, want %v", locale, r.checks[0], want)
		}
	}
}

func TestDoctorOfKlaviyo(t *testing.T) {
	t.Parallel()

	forbidden := faulttest.Fault{
		Status: http.StatusForbidden, ContentType: "application/vnd.api+json",
		Body: `{"errors":[{"code":"permission_denied","title":"You do not have permission to perform this action."}]}`,
	}

	for name, tt := range map[string]struct {
		path  string
		fault faulttest.Fault
		code  int
		want  []string
	}{
		"profiles:read": {"/api/profiles", forbidden, exitFailedRecords, []string{"missing  klaviyo profiles: the key lacks the scope profiles:read; ", "ok       klaviyo imports", "ok       klaviyo catalog"}},
		"lists:read":    {"/api/profile-bulk-import-jobs", forbidden, exitFailedRecords, []string{"ok       klaviyo profiles", "missing  klaviyo imports: the key lacks the scope lists:read; "}},
		"catalogs:read": {"/api/catalog-categories", forbidden, exitFailedRecords, []string{"missing  klaviyo catalog: the key lacks the scope catalogs:read; ", "skipped  klaviyo write scopes"}},
		"a firewall":    {"/api/profiles", faulttest.Fault{Status: http.StatusForbidden, Body: "<html>"}, exitFailedRecords, []string{"failed   klaviyo profiles: klaviyo: GET /api/profiles: status 403", "a firewall's"}},
		"another host":  {"/api", faulttest.Fault{Status: http.StatusNotFound, Body: "<html>"}, exitFailedRecords, []string{"failed   klaviyo imports: ", "is KLAVIYO_API_URL right?"}},
		"unavailable":   {"/api", faulttest.Fault{Status: http.StatusServiceUnavailable}, exitStopped, []string{"failed   klaviyo: ", "GET /api/profiles: status 503", "try again later", "ok       commercetools token"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := newShop(t, 1, klaviyotest.Options{}, func(h http.Handler) http.Handler {
				return faulttest.Wrap(h, func(r *http.Request) faulttest.Fault {
					if strings.HasPrefix(r.URL.Path, tt.path) {
						return tt.fault
					}

					return faulttest.Fault{}
				})
			})

			code, out := finish(t, local(t, s.env, "doctor"))
			if code != tt.code {
				t.Errorf("exit %d, want %d", code, tt.code)
			}

			wantIn(t, out, tt.want...)
		})
	}
}

func TestDoctorCannotReach(t *testing.T) {
	t.Parallel()

	s := newShop(t, 1, klaviyotest.Options{}, asItIs)

	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()

	code, out := finish(t, local(t, append(s.env, "CT_AUTH_URL="+gone.URL, "KLAVIYO_API_URL="+gone.URL), "doctor"))
	if code != exitStopped {
		t.Errorf("exit %d, want %d", code, exitStopped)
	}

	wantIn(t, out, "failed   commercetools token: ", "are CT_API_URL and CT_AUTH_URL right", "failed   klaviyo: ", "is KLAVIYO_API_URL right")
}

func TestDoctorOfSubscriptions(t *testing.T) {
	t.Parallel()

	s := newShop(t, 1, klaviyotest.Options{}, asItIs)

	customers := func(messages string) {
		s.ct.Put("subscriptions", json.RawMessage(`{"id":"customerevents","key":"ctk-customerevents","version":1,"status":"Healthy",`+
			`"format":{"type":"Platform"},"destination":{"type":"GoogleCloudPubSub","projectId":"p","topic":"ctk-customerevents"},`+
			`"changes":[{"resourceTypeId":"customer"}],"messages":[{"resourceTypeId":"customer","types":[`+messages+`]}]}`))
	}

	customers(`"CustomerCreated","CustomerCompanyNameSet","CustomerAddressAdded","CustomerAddressRemoved","CustomerAddressChanged"`)

	for key, status := range map[string]string{
		"orderevents": "ConfigurationError", "paymentevents": "ConfigurationErrorDeliveryStopped",
		"categoryevents": "TemporaryError", "productevents": "ManuallySuspended",
	} {
		s.ct.Put("subscriptions", json.RawMessage(`{"id":"`+key+`","key":"ctk-`+key+`","version":1,"status":"`+status+`","format":{"type":"Platform"},`+
			`"destination":{"type":"GoogleCloudPubSub","projectId":"p","topic":"t"}}`))
	}

	code, out := finish(t, local(t, append(s.env, "SUBSCRIPTIONS_PREFIX=ctk"), "doctor", "--json"))
	if code != exitFailedRecords {
		t.Errorf("exit %d, want %d", code, exitFailedRecords)
	}

	var got struct {
		Checks []check `json:"checks"`
	}
	if err := json.NewDecoder(strings.NewReader(out[strings.Index(out, "{"):])).Decode(&got); err != nil {
		t.Fatalf("%v in:\n%s", err, out)
	}

	for key, want := range map[string]struct {
		status checkStatus
		next   string
	}{
		"customerevents":  {checkOK, ""},
		"orderevents":     {checkFailed, "roles/pubsub.publisher"},
		"paymentevents":   {checkFailed, "`local subscriptions apply`"},
		"categoryevents":  {checkFailed, "look again later"},
		"productevents":   {checkFailed, "support"},
		"inventoryevents": {checkMissing, "--leave-out"},
	} {
		i := slices.IndexFunc(got.Checks, func(c check) bool { return c.Check == "subscription ctk-"+key })
		if i < 0 || got.Checks[i].Status != want.status || !strings.Contains(got.Checks[i].Next, want.next) {
			t.Errorf("%s: check %d, want %v:\n%s", key, i, want, out)
		}
	}

	customers(`"CustomerCreated"`)

	_, out = finish(t, local(t, s.env, "doctor", "--prefix", "ctk", "--leave-out", "inventoryevents"))
	wantIn(t, out, "failed   subscription ctk-customerevents: Healthy, but not what the config file asks for: "+
		"messages: customer: CustomerCreated, and not customer: CustomerAddressAdded, ")

	if strings.Contains(out, "inventoryevents") {
		t.Errorf("inventoryevents was to be left out:\n%s", out)
	}
}
