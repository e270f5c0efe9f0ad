package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labd/commercetools-go-sdk/platform"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/settings"
)

// publisher is whom commercetools publishes as.
// Source: https://docs.commercetools.com/api/projects/subscriptions#googlecloudpubsubdestination.
const publisher = "serviceAccount:subscriptions@commercetools-platform.iam.gserviceaccount.com"

// subscriptionClient keeps a project's subscriptions, with the SDK. Tokens, repeats and errors are those of our own client,
// which carries the SDK's requests: the SDK's own lose the status of an answer that isn't JSON.
type subscriptionClient struct {
	api     *platform.ByProjectKeySubscriptionsRequestBuilder
	project string
}

func newSubscriptionClient(env settings.Commercetools) (*subscriptionClient, error) {
	base, err := url.Parse(string(env.APIURL))
	if err != nil {
		return nil, fmt.Errorf("CT_API_URL: %w", err)
	}

	sdk, err := platform.NewClient(&platform.ClientConfig{
		URL:        string(env.APIURL),
		HTTPClient: &http.Client{Transport: commercetools.New(env.Client())},
	})
	if err != nil {
		return nil, fmt.Errorf("CT_API_URL: %w", err)
	}

	// The SDK puts its own path in the place of the URL's, which has one when a proxy stands in between.
	root := strings.TrimPrefix(base.Path+"/"+env.ProjectID, "/")

	return &subscriptionClient{api: sdk.WithProjectKey(root).Subscriptions(), project: env.ProjectID}, nil
}

// list returns all subscriptions in the order of their keys. A project has at most 50, which is one page.
func (c *subscriptionClient) list(ctx context.Context) ([]keptSubscription, error) {
	page, err := c.api.Get().Limit(commercetools.MaxLimit).WithTotal(false).Execute(ctx)
	if err != nil {
		return nil, c.explain("list the subscriptions", err)
	}

	kept := make([]keptSubscription, len(page.Results))
	for i, s := range page.Results {
		kept[i] = keptOf(s)
	}

	slices.SortFunc(kept, func(a, b keptSubscription) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.ID, b.ID)) })

	return kept, nil
}

// do takes a step. When somebody else has changed the subscription meanwhile, or an answer got lost, it reads anew and goes
// on from there.
func (c *subscriptionClient) do(ctx context.Context, s step) error {
	const attempts = 5

	for n := 1; ; n++ {
		err := c.try(ctx, s)
		if n == attempts || !meanwhile(err) {
			return c.explain(s.kind()+" "+s.key, err)
		}

		have, err := c.list(ctx)
		if err != nil {
			return err
		}

		s = s.again(have)
	}
}

func (c *subscriptionClient) try(ctx context.Context, s step) (err error) {
	kind := s.kind()

	switch kind {
	case stepCreate:
		_, err = c.api.Post(draft(*s.want)).Execute(ctx)
	case stepChange:
		update := platform.SubscriptionUpdate{Version: s.have.Version, Actions: actions(*s.want, s.differences())}
		_, err = c.api.WithId(s.have.ID).Post(update).Execute(ctx)
	case stepRemove, stepReplace:
		_, err = c.api.WithId(s.have.ID).Delete().Version(s.have.Version).Execute(ctx)
	}

	if kind == stepReplace && err == nil {
		_, err = c.api.Post(draft(*s.want)).Execute(ctx)
	}

	return err //nolint:wrapcheck // explain does
}

// meanwhile tells whether what there is isn't what was read: another version, gone, or there already.
func meanwhile(err error) bool {
	e, ok := errors.AsType[*commercetools.Error](err)

	return ok && (e.Status == http.StatusConflict || e.Status == http.StatusNotFound || e.Code == "DuplicateField")
}

// explain says what was being done, and what to do about an error of the SDK.
func (c *subscriptionClient) explain(doing string, err error) error {
	if err == nil {
		return nil
	}

	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // says what was asked for again
	}

	if ctErr, ok := errors.AsType[*commercetools.Error](err); ok {
		err = fmt.Errorf("%s: %w: %s", doing, err, c.advice(ctErr))
	} else if errors.Is(err, context.Canceled) {
		err = fmt.Errorf("%s: interrupted", doing)
	} else {
		err = fmt.Errorf("%s: %w; are CT_API_URL and CT_AUTH_URL right?", doing, err)
	}

	return &exitError{code: exitStopped, err: err}
}

func (c *subscriptionClient) advice(e *commercetools.Error) string {
	switch {
	case e.Code == "invalid_scope":
		return "CT_SCOPES names a scope that the API client lacks; it needs manage_subscriptions:" + c.project
	case e.Status == http.StatusUnauthorized:
		return "commercetools doesn't know the API client: are CT_API_CLIENT and CT_AUTH_URL right?"
	case e.Status == http.StatusForbidden:
		return "the API client needs the scope manage_subscriptions:" + c.project + ", and CT_SCOPES, when it is set, must name it"
	case e.Status == http.StatusNotFound:
		return "are CT_PROJECT_ID, CT_API_URL and CT_AUTH_URL right?"
	case e.Status == http.StatusBadRequest:
		return "commercetools publishes a test notification first: the topic must be there, and " + publisher +
			" must have roles/pubsub.publisher on it"
	case e.Status == http.StatusConflict:
		return "somebody else keeps changing it; try again"
	default:
		return "try again later"
	}
}
