package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/settings"
)

// record is one thing that Klaviyo has.
type record struct {
	Attributes map[string]any
	Refs       []string
}

// stateOf is all that Klaviyo has, by what it is and its id: "variant SKU-1", "event Placed Order <order id>".
func stateOf(t *testing.T, kl *klaviyotest.Server) map[string]record {
	t.Helper()

	all := map[string]record{}
	add := func(r record, key ...any) {
		name := fmt.Sprintln(key...)
		if _, twice := all[name]; twice {
			t.Errorf("Klaviyo has this twice: %s", name)
		}

		all[name] = r
	}

	// Klaviyo numbers profiles as they come.
	whose := map[string]string{}

	for _, p := range kl.Profiles() {
		whose[p.ID] = fmt.Sprint(p.Attributes["external_id"], " ", p.Attributes["email"])
		add(record{Attributes: p.Attributes}, "profile", whose[p.ID])
	}

	for _, e := range kl.Events() {
		add(record{Attributes: map[string]any{
			"properties": e.Properties, "time": e.Time.String(), "value": string(e.Value), "currency": e.ValueCurrency, "profile": whose[e.ProfileID],
		}}, "event", e.Metric, e.UniqueID)
	}

	for kind, entries := range map[string][]klaviyotest.Entry{"item": kl.Items(), "variant": kl.Variants(), "category": kl.Categories()} {
		for _, e := range entries {
			add(record{e.Attributes, e.Refs}, kind, e.ExternalID)
		}
	}

	return all
}

// instance is one instance of every realtime function, by their names.
type instance map[string]http.HandlerFunc

// newInstance starts an instance. What it parks goes to parked.
func newInstance(ct commercetools.Config, kl klaviyo.Config, log *slog.Logger, parked *parkedInTest) (instance, error) {
	cfg, err := settings.File{}.Config()
	if err != nil {
		return nil, err
	}

	c := &connector{ct: commercetools.New(ct), kl: klaviyo.New(kl)}
	i := instance{}

	for name, handle := range c.realtime(settings.Shop{Locale: "en", Currency: "EUR", ProductURL: "https://shop.example/{{productSlug}}"}, cfg) {
		target := delivery.Target{Project: ct.ProjectKey, Handle: handle, Parker: parked}
		i[name] = delivery.NewHandler(name, log, func() (delivery.Target, error) { return target, nil })
	}

	return i, nil
}

// inMemory starts an instance between a commercetools and a Klaviyo without a network.
func inMemory(t *testing.T, ct, kl http.Handler, parked *parkedInTest) instance {
	t.Helper()

	i, err := newInstance(
		functiontest.CommercetoolsConfig(functiontest.Memory("http://commercetools.example", ct)),
		functiontest.KlaviyoConfig(functiontest.Memory("http://klaviyo.example", kl)), slog.New(slog.DiscardHandler), parked)
	if err != nil {
		t.Fatal(err)
	}

	return i
}

// parkedInTest keeps what is parked.
type parkedInTest struct {
	mu  sync.Mutex
	all []delivery.Parked
}

func (p *parkedInTest) Park(_ context.Context, m delivery.Parked) error {
	p.mu.Lock()
	defer p.mu.Unlock()

	p.all = append(p.all, m)

	return nil
}
