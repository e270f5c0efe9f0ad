package main

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"testing"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest/contract"
	"github.com/ctklaviyo/connector/shared/loggingtest"
	"github.com/ctklaviyo/connector/shared/settings"
)

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

	for name, handle := range c.realtime(soakShop(), cfg) {
		target := delivery.Target{Project: ct.ProjectKey, Handle: handle, Parker: parked}
		i[name] = delivery.NewHandler(name, log, func() (delivery.Target, error) { return target, nil })
	}

	return i, nil
}

func soakShop() settings.Shop {
	return settings.Shop{Locale: "en", Currency: "EUR", ProductURL: "https://shop.example/{{productSlug}}"}
}

// inMemory starts an instance between a commercetools and a Klaviyo without a network. Its requests are held against Klaviyo's
// descriptions where these are.
func inMemory(t *testing.T, ct, kl http.Handler, parked *parkedInTest) instance {
	t.Helper()

	return inMemoryWith(t, ct, checked(t, klaviyoInMemory(kl)), loggingtest.New(t), parked)
}

func inMemoryWith(t *testing.T, ct http.Handler, kl klaviyo.Config, log *slog.Logger, parked *parkedInTest) instance {
	t.Helper()

	i, err := newInstance(functiontest.CommercetoolsConfig(functiontest.Memory("http://commercetools.example", ct)), kl, log, parked)
	if err != nil {
		t.Fatal(err)
	}

	return i
}

func klaviyoInMemory(kl http.Handler) klaviyo.Config {
	return functiontest.KlaviyoConfig(functiontest.Memory("http://klaviyo.example", kl))
}

func checked(t *testing.T, kl klaviyo.Config) klaviyo.Config {
	t.Helper()

	kl.Transport = contract.IfThere(t, kl.Transport)

	return kl
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
