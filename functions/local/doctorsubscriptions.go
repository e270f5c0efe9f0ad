package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/labd/commercetools-go-sdk/platform"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/settings"
)

// subscriptions checks the health of those that are wanted.
func (r *diagnosis) subscriptions(ctx context.Context, env settings.Commercetools, want []subscription) {
	const name = "subscriptions"

	client, err := newSubscriptionClient(env)
	if err != nil {
		r.failure(name, err, "")

		return
	}

	kept, err := client.list(ctx)
	if e, ok := errors.AsType[*commercetools.Error](err); ok && e.Status == http.StatusForbidden {
		r.add(checkSkipped, name, "the API client lacks the scope manage_subscriptions:"+env.ProjectID+", which nothing else needs",
			"with one that has it their health can be seen here")

		return
	}

	if err != nil {
		r.failure(name, err, "") // It says what to do.

		return
	}

	byKey := map[string]keptSubscription{}
	for _, k := range kept {
		byKey[k.Key] = k
	}

	if !slices.ContainsFunc(want, func(s subscription) bool { return byKey[s.Key].ID != "" }) {
		r.add(checkSkipped, name, "there are none of this prefix, and so no messages come",
			"Terraform or `local subscriptions apply` makes them; --prefix names another prefix")

		return
	}

	for _, s := range want {
		r.subscription(s, byKey[s.Key])
	}
}

// subscription checks one against what is wanted; the zero value is none.
// Source: https://docs.commercetools.com/api/projects/subscriptions#subscriptionhealthstatus.
func (r *diagnosis) subscription(want subscription, s keptSubscription) {
	name := "subscription " + want.Key

	switch platform.SubscriptionHealthStatus(s.Status) {
	case platform.SubscriptionHealthStatusHealthy:
		r.subscribed(name, want, s)
	case platform.SubscriptionHealthStatusConfigurationError:
		r.add(checkFailed, name, s.Status+": commercetools can't publish to "+s.Destination.String(),
			"the topic must be there, and "+publisher+" must have roles/pubsub.publisher on it; then what was held back comes")
	case platform.SubscriptionHealthStatusConfigurationErrorDeliveryStopped:
		r.add(checkFailed, name, s.Status+": commercetools has given up, and messages are lost",
			"mend the topic and its publisher, then `local subscriptions apply`, then `local run` for what was lost")
	case platform.SubscriptionHealthStatusTemporaryError:
		r.add(checkFailed, name, s.Status+": commercetools can't publish at the moment, and tries again", "look again later")
	case platform.SubscriptionHealthStatusManuallySuspended:
		r.add(checkFailed, name, s.Status+": messages are lost", "ask commercetools' support, then `local run` for what was lost")
	default:
		if s.ID == "" {
			r.add(checkMissing, name, "there is none, and so its messages don't come",
				"Terraform or `local subscriptions apply` makes it; --leave-out says that it isn't wanted")

			return
		}

		r.add(checkFailed, name, "commercetools calls it "+s.Status, "look at `local subscriptions list`")
	}
}

// subscribed compares what a healthy one publishes with what the config file asks for. In which project the topic is, only
// Terraform and `subscriptions` know.
func (r *diagnosis) subscribed(name string, want subscription, s keptSubscription) {
	want.Destination.Project = s.Destination.Project

	different := step{key: want.Key, have: &s, want: &want}.differences()
	if len(different) == 0 {
		r.add(checkOK, name, s.Status, "")

		return
	}

	texts := make([]string, len(different))
	for i, d := range different {
		texts[i] = fmt.Sprintf("%s: %s, and not %s", d.name, d.from, d.to)
	}

	r.add(checkFailed, name, s.Status+", but not what the config file asks for: "+strings.Join(texts, "; "),
		"`terraform apply` or `local subscriptions apply` mends it")
}
