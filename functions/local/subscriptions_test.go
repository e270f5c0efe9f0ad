package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/settings"
)

const testGoogleProject = "my-shop-123456"

// subscriptionShop is a commercetools under a path of its own, as behind a proxy, and what points a command at it.
type subscriptionShop struct {
	ct  *commercetoolstest.Server
	url string
	env []string
}

func newSubscriptionShop(t *testing.T, pick func(*http.Request) faulttest.Fault) subscriptionShop {
	t.Helper()

	ct := commercetoolstest.NewServer(demoProject)
	server := httptest.NewServer(http.StripPrefix("/proxy", faulttest.Wrap(ct, pick)))
	t.Cleanup(server.Close)

	url := server.URL + "/proxy"

	return subscriptionShop{ct: ct, url: url, env: []string{
		"CT_API_URL=" + url, "CT_AUTH_URL=" + url, "CT_PROJECT_ID=" + demoProject,
		fmt.Sprintf(`CT_API_CLIENT={"clientId":%q,"secret":%q}`, commercetoolstest.ClientID, commercetoolstest.ClientSecret),
		"GOOGLE_CLOUD_PROJECT=" + testGoogleProject, "SUBSCRIPTIONS_PREFIX=ctk",
	}}
}

func noFault(*http.Request) faulttest.Fault { return faulttest.Fault{} }

// run runs `subscriptions`, with more variables and these arguments.
func (s subscriptionShop) run(t *testing.T, wantCode int, args ...string) string {
	t.Helper()

	code, out := finish(t, local(t, s.env, append([]string{"subscriptions"}, args...)...))
	if code != wantCode {
		t.Errorf("%v: exit %d, want %d:\n%s", args, code, wantCode, out)
	}

	if strings.Contains(out, commercetoolstest.ClientSecret) {
		t.Errorf("the output holds a secret:\n%s", out)
	}

	return out
}

// kept are the subscriptions that there are, by key.
func (s subscriptionShop) kept(t *testing.T) map[string]keptSubscription {
	t.Helper()

	client, err := newSubscriptionClient(settings.Commercetools{
		APIURL: settings.URL(s.url), AuthURL: settings.URL(s.url), ProjectID: demoProject,
		APIClient: settings.APIClient{ClientID: commercetoolstest.ClientID, Secret: commercetoolstest.ClientSecret},
	})
	if err != nil {
		t.Fatal(err)
	}

	list, err := client.list(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	kept := map[string]keptSubscription{}
	for _, one := range list {
		kept[one.Key] = one
	}

	return kept
}

// put puts a subscription whose id is its key. more are further fields.
func (s subscriptionShop) put(key string, version int, topic, more string) {
	s.ct.Put("subscriptions", json.RawMessage(fmt.Sprintf(
		`{"id":%q,"key":%q,"version":%d,"status":"Healthy","format":{"type":"Platform"},"destination":{"type":"GoogleCloudPubSub","projectId":%q,"topic":%q},%s}`,
		key, key, version, testGoogleProject, topic, more)))
}

// wantApplied fails unless there are the subscriptions of the default config, and those others.
func (s subscriptionShop) wantApplied(t *testing.T, others ...string) {
	t.Helper()

	cfg, err := settings.File{}.Config()
	if err != nil {
		t.Fatal(err)
	}

	got, want := map[string]string{}, map[string]string{}

	for _, tr := range triggers(cfg) {
		want[tr.key("ctk")] = fmt.Sprint(tr.subscription("ctk", testGoogleProject).fields(), "Healthy")
	}

	for _, other := range others {
		want[other] = "other"
	}

	for key, one := range s.kept(t) {
		got[key] = fmt.Sprint(one.fields(), one.Status)
		if want[key] == "other" {
			got[key] = "other"
		}
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("subscriptions (-want +got):\n%s", diff)
	}
}

func TestSubscriptionsApply(t *testing.T) {
	t.Parallel()

	s := newSubscriptionShop(t, noFault)

	wantIn(t, s.run(t, exitUse, "apply"), "project demo-shop, Google Cloud project my-shop-123456, prefix ctk",
		"+ create ctk-orderevents\n    destination: projects/my-shop-123456/topics/ctk-orderevents\n    format: Platform\n"+
			"    messages: order: OrderCreated, OrderCustomerSet, OrderImported, OrderStateChanged\n+ create",
		"6 to create, 0 to change, 0 to replace, 0 to remove", "nothing was changed", "--yes")

	if kept := s.kept(t); len(kept) != 0 {
		t.Errorf("nobody said yes, and there are %d subscriptions", len(kept))
	}

	wantIn(t, s.run(t, 0, "apply", "--yes"), "ctk-inventoryevents: create done")
	s.wantApplied(t)

	before := s.kept(t)

	if out := s.run(t, 0, "apply"); strings.Count(out, "= nothing to do for ctk-") != 6 {
		t.Errorf("a second time there is something to do:\n%s", out)
	}

	if diff := cmp.Diff(before, s.kept(t), cmp.AllowUnexported(keptSubscription{})); diff != "" {
		t.Errorf("a second time it changed (-first +second):\n%s", diff)
	}
}

func TestSubscriptionsApplyChanges(t *testing.T) {
	t.Parallel()

	s := newSubscriptionShop(t, noFault)
	s.put("ctk-orderevents", 3, "orders", `"changes":[{"resourceTypeId":"order"}]`)
	s.put("ctk-paymentevents", 4, "ctk-paymentevents", `"messages":[{"resourceTypeId":"payment"}],"events":[{"resourceTypeId":"checkout","types":["CheckoutPaymentCharged"]}]`)
	s.put("ctk-customerevents", 5, "ctk-customerevents", `"changes":[{"resourceTypeId":"customer"}],
		"messages":[{"resourceTypeId":"customer","types":["CustomerCreated","CustomerAddressChanged","CustomerAddressRemoved"]},
			{"resourceTypeId":"customer","types":["CustomerAddressAdded","CustomerCompanyNameSet"]}]`)
	s.put("ctk-prod-orderevents", 6, "ctk-prod-orderevents", `"changes":[{"resourceTypeId":"order"}]`)
	s.put("ctk-other", 7, "other", `"changes":[{"resourceTypeId":"order"}]`)

	others := s.kept(t)

	wantIn(t, s.run(t, 0, "apply", "--yes"),
		"~ change ctk-orderevents\n    destination: projects/my-shop-123456/topics/orders -> projects/my-shop-123456/topics/ctk-orderevents\n"+
			"    messages: none -> order: OrderCreated, OrderCustomerSet, OrderImported, OrderStateChanged\n    changes: order -> none\n",
		"~ change ctk-paymentevents\n    messages: payment: all -> payment: PaymentTransactionAdded, PaymentTransactionStateChanged\n"+
			"    events: checkout: CheckoutPaymentCharged -> none\n",
		"= nothing to do for ctk-customerevents\n", "3 to create, 2 to change, 0 to replace, 0 to remove")
	s.wantApplied(t, "ctk-prod-orderevents", "ctk-other")

	for _, key := range []string{"ctk-prod-orderevents", "ctk-other"} {
		if diff := cmp.Diff(others[key], s.kept(t)[key], cmp.AllowUnexported(keptSubscription{})); diff != "" {
			t.Errorf("%s is not of this prefix, and was changed:\n%s", key, diff)
		}
	}
}

// Neither a format nor a delivery that commercetools has given up is mended by setting a list.
func TestSubscriptionsApplyMends(t *testing.T) {
	t.Parallel()

	s := newSubscriptionShop(t, noFault)
	s.put("ctk-inventoryevents", 2, "ctk-inventoryevents",
		`"changes":[{"resourceTypeId":"inventory-entry"}],"format":{"type":"CloudEvents","cloudEventsVersion":"1.0"}`)
	s.put("ctk-categoryevents", 3, "ctk-categoryevents", `"changes":[{"resourceTypeId":"category"}],
		"messages":[{"resourceTypeId":"category","types":["CategoryCreated"]}],"status":"ConfigurationErrorDeliveryStopped"`)

	wantIn(t, s.run(t, 0, "apply", "--yes"),
		"! replace ctk-inventoryevents: ", "    format: CloudEvents -> Platform\n",
		"~ change ctk-categoryevents\n    status: ConfigurationErrorDeliveryStopped -> Healthy\n",
		"4 to create, 1 to change, 1 to replace, 0 to remove")
	s.wantApplied(t)
}

func TestSubscriptionsRemoves(t *testing.T) {
	t.Parallel()

	s := newSubscriptionShop(t, noFault)
	s.run(t, 0, "apply", "--yes")

	// Lists that the config file empties leave nothing to subscribe to, and so does a function that is not deployed.
	s.env = append(s.env, `CONFIG_JSON={"payment":{"messages":{"transactionAdded":[],"transactionChanged":[]}},"category":{"messages":{"created":[]}}}`)
	wantIn(t, s.run(t, 0, "apply", "--yes", "--leave-out", "orderevents,productevents"),
		"- remove ctk-orderevents\n", "- remove ctk-paymentevents\n", "- remove ctk-productevents\n",
		"~ change ctk-categoryevents\n    messages: category: CategoryCreated -> none\n", "0 to create, 1 to change, 0 to replace, 3 to remove")

	s.put("ctk-prod-orderevents", 6, "ctk-prod-orderevents", `"changes":[{"resourceTypeId":"order"}]`)
	wantIn(t, s.run(t, exitUse, "delete"), "- remove ctk-customerevents\n", "--yes")

	if n := len(s.kept(t)); n != 4 {
		t.Errorf("nobody said yes, and %d subscriptions are left, want 4", n)
	}

	wantIn(t, s.run(t, 0, "delete", "--yes"), "ctk-customerevents: remove done")

	if kept := s.kept(t); len(kept) != 1 || kept["ctk-prod-orderevents"].ID == "" {
		t.Errorf("left are %v, want those of another prefix", kept)
	}

	wantIn(t, s.run(t, 0, "delete", "--yes"), "0 to remove")
	wantIn(t, s.run(t, 0, "delete", "--yes", "--prefix", "ctk-prod"), "ctk-prod-orderevents: remove done")
}

// Somebody else changes, removes and creates subscriptions after they were read, and an answer gets lost.
func TestSubscriptionsMeanwhile(t *testing.T) {
	t.Parallel()

	var (
		s             subscriptionShop
		change, gone  sync.Once
		comes, breaks sync.Once
	)

	s = newSubscriptionShop(t, func(r *http.Request) (fault faulttest.Fault) {
		switch {
		case r.URL.Path == "/demo-shop/subscriptions/ctk-orderevents":
			change.Do(func() { s.put("ctk-orderevents", 4, "a-third", `"changes":[{"resourceTypeId":"order"}]`) })
		case r.URL.Path == "/demo-shop/subscriptions/ctk-paymentevents":
			gone.Do(func() { s.ct.Delete("subscriptions", "ctk-paymentevents") })
		case r.Method == http.MethodPost && r.URL.Path == "/demo-shop/subscriptions":
			comes.Do(func() { s.put("ctk-customerevents", 1, "else", `"changes":[{"resourceTypeId":"customer"}]`) })

			if body := bodyOf(t, r); strings.Contains(body, "ctk-productevents") {
				breaks.Do(func() { fault = faulttest.Fault{ResetAfter: true} })
			}
		}

		return fault
	})
	s.put("ctk-orderevents", 3, "other", `"changes":[{"resourceTypeId":"order"}]`)
	s.put("ctk-paymentevents", 3, "other", `"changes":[{"resourceTypeId":"payment"}]`)

	s.run(t, 0, "apply", "--yes")
	s.wantApplied(t)
}

// bodyOf reads a request's body and puts it back.
func bodyOf(t *testing.T, r *http.Request) string {
	t.Helper()

	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}

	r.Body = io.NopCloser(bytes.NewReader(body))

	return string(body)
}

// A topic that isn't there keeps its own subscription from being, and no other.
func TestSubscriptionsUndeliverable(t *testing.T) {
	t.Parallel()

	s := newSubscriptionShop(t, func(r *http.Request) faulttest.Fault {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/subscriptions") && strings.Contains(bodyOf(t, r), "ctk-customerevents") {
			return faulttest.Fault{Status: 400, Body: `{"statusCode":400,"message":"The test notification could not be delivered.","errors":[{"code":"InvalidInput"}]}`}
		}

		return faulttest.Fault{}
	})

	wantIn(t, s.run(t, exitStopped, "apply", "--yes"), "ctk-orderevents: create done",
		"create ctk-customerevents: commercetools: POST /proxy/demo-shop/subscriptions: status 400 InvalidInput: The test notification could not be delivered.",
		"the topic must be there, and serviceAccount:subscriptions@commercetools-platform.iam.gserviceaccount.com must have roles/pubsub.publisher on it")

	if n := len(s.kept(t)); n != 5 {
		t.Errorf("%d subscriptions, want the other 5", n)
	}
}

func TestSubscriptionsList(t *testing.T) {
	t.Parallel()

	s := newSubscriptionShop(t, noFault)
	s.run(t, 0, "apply", "--yes")
	s.put("ctk-prod-orderevents", 6, "ctk-prod-orderevents", `"messages":[{"resourceTypeId":"order"}],"status":"ConfigurationError"`)
	s.put("else", 1, "", `"changes":[{"resourceTypeId":"cart"}],"destination":{"type":"SQS","queueUrl":"q","accessKey":"a","accessSecret":"a-secret"}`)

	out := s.run(t, 0, "list")
	for _, want := range []string{
		`│ \* │ ctk-orderevents +│ projects/my-shop-123456/topics/ctk-orderevents +│ order: OrderCreated, +│ +│ Healthy +│`,
		`│   │ ctk-prod-orderevents +│ projects/my-shop-123456/topics/ctk-prod-orderevents │ order: all +│ +│ ConfigurationError │`,
		`│   │ else +│ SQS +│ none +│ cart +│ Healthy +│`, `8 subscriptions, 6 of them of the prefix ctk `,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("the list lacks %s:\n%s", want, out)
		}
	}

	asJSON := s.run(t, 0, "list", "--json", "--prefix", "ctk-prod")
	if strings.Contains(out+asJSON, "a-secret") {
		t.Errorf("the list holds a secret:\n%s", asJSON)
	}

	var listed []listedSubscription
	if err := json.Unmarshal([]byte(asJSON), &listed); err != nil {
		t.Fatal(err)
	}

	kept := s.kept(t)
	for _, l := range listed {
		if diff := cmp.Diff(kept[l.Key], l.keptSubscription, cmp.AllowUnexported(keptSubscription{})); diff != "" || l.Ours != (l.Key == "ctk-prod-orderevents") {
			t.Errorf("%s: ours %t, and (-want +got):\n%s", l.Key, l.Ours, diff)
		}
	}

	if len(listed) != 8 {
		t.Errorf("%d in the list, want 8", len(listed))
	}
}

func TestSubscriptionsErrors(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		fault faulttest.Fault
		env   string
		args  []string
		code  int
		want  []string
	}{
		"scope":             {faulttest.Fault{}, "CT_SCOPES=view_orders:demo-shop", []string{"list"}, exitStopped, []string{"status 403", "needs the scope manage_subscriptions:demo-shop, and CT_SCOPES"}},
		"unknown scope":     {faulttest.Fault{Status: 400, Body: `{"error":"invalid_scope"}`}, "", []string{"list"}, exitStopped, []string{"it needs manage_subscriptions:demo-shop"}},
		"wrong client":      {faulttest.Fault{}, `CT_API_CLIENT={"clientId":"x","secret":"hush-hush"}`, []string{"list"}, exitStopped, []string{"status 401", "CT_API_CLIENT"}},
		"other project":     {faulttest.Fault{}, "CT_PROJECT_ID=other", []string{"delete", "--yes"}, exitStopped, []string{"status 404", "CT_PROJECT_ID"}},
		"HTML":              {faulttest.Fault{Status: 403, Body: "<html>", ContentType: "text/html"}, "", []string{"list"}, exitStopped, []string{"status 403 Forbidden"}},
		"all that is wrong": {faulttest.Fault{}, "CT_API_URL=nonsense", []string{"apply", "--project", "X", "--prefix", "ctk_prod"}, exitUse, []string{"CT_API_URL: must be", "GOOGLE_CLOUD_PROJECT: must be a project's id", "SUBSCRIPTIONS_PREFIX: must be 2 to 9"}},
		"no project":        {faulttest.Fault{}, "GOOGLE_CLOUD_PROJECT=", []string{"apply"}, exitUse, []string{"GOOGLE_CLOUD_PROJECT is required"}},
		"an empty prefix":   {faulttest.Fault{}, "", []string{"delete", "--yes", "--prefix", ""}, exitUse, []string{"--prefix: must not be empty"}},
		"config":            {faulttest.Fault{}, `CONFIG_JSON={"orders":{}}`, []string{"apply"}, exitUse, []string{"CONFIG_JSON: orders: unknown key"}},
		"unknown function":  {faulttest.Fault{}, "", []string{"apply", "--leave-out", "orders"}, exitUse, []string{`--leave-out: there is no function "orders"; there are customerevents, orderevents,`}},
		"an argument":       {faulttest.Fault{}, "", []string{"apply", "orderevents"}, exitUse, []string{`"orderevents"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := newSubscriptionShop(t, func(*http.Request) faulttest.Fault { return c.fault })
			s.env = append(s.env, c.env)

			out := s.run(t, c.code, c.args...)
			wantIn(t, out, c.want...)

			if strings.Contains(out, "hush-hush") {
				t.Errorf("the output holds a secret:\n%s", out)
			}
		})
	}
}

func TestConfirm(t *testing.T) {
	t.Parallel()

	for answer, want := range map[string]bool{"yes\n": true, " yes \n": true, "yes": true, "\n": false, "no\n": false, "y\n": false, "": false, "yesterday\n": false} {
		if err := confirm(t.Context(), strings.NewReader(answer), io.Discard); (err == nil) != want {
			t.Errorf("%q: %v, want that it is a yes: %t", answer, err, want)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	silent, _ := io.Pipe()
	if err := confirm(ctx, silent, io.Discard); err == nil {
		t.Error("interrupted, and that was a yes")
	}
}
