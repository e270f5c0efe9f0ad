package delivery

import (
	"context"
	"io"
	"net/http"

	"github.com/sethvargo/go-envconfig"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/once"
	"github.com/ctklaviyo/connector/shared/settings"
)

// Environment is what every realtime function reads of its environment. A function embeds it in a struct of its own, beside
// the groups that it alone needs.
type Environment struct {
	settings.Commercetools
	settings.Klaviyo
	settings.File
	settings.Parking
	settings.Log
}

func (e Environment) common() Environment { return e }

// Handle handles one message; see Target.
type Handle = func(context.Context, Message) error

// UnlessDisabled returns a handle that does nothing when disabledEvents has this name.
func UnlessDisabled(cfg settings.Config, event string, do Handle) Handle {
	if !cfg.Disabled(event) {
		return do
	}

	return func(context.Context, Message) error { return Ignored("switched off by disabledEvents") }
}

// NewFunction starts a realtime function: it loads an E, which embeds Environment, and hands it to build with both clients
// and the config file. With settings missing the handler still answers, by 503, and its log names them.
func NewFunction[E interface{ common() Environment }](
	function string, variables envconfig.Lookuper, log io.Writer,
	build func(*commercetools.Client, *klaviyo.Client, E, settings.Config) Handle,
) http.HandlerFunc {
	env, err := settings.Load[E](context.Background(), variables)
	target := func() (Target, error) {
		if err != nil {
			return Target{}, err
		}

		return open(env.common(), func(ct *commercetools.Client, kl *klaviyo.Client, cfg settings.Config) Handle {
			return build(ct, kl, env, cfg)
		})
	}

	return NewHandler(function, env.common().Logger(log), once.Success(target))
}

func open(e Environment, build func(*commercetools.Client, *klaviyo.Client, settings.Config) Handle) (Target, error) {
	cfg, err := e.Config()
	if err != nil {
		return Target{}, err
	}

	target := Target{
		Project: e.ProjectID,
		Handle:  build(commercetools.New(e.Commercetools.Client()), klaviyo.New(e.Klaviyo.Client()), cfg),
	}

	if e.Topic != "" {
		parker, err := OpenParker(context.Background(), e.TopicName())
		if err != nil {
			return Target{}, err
		}

		target.Parker = parker
	}

	return target, nil
}
