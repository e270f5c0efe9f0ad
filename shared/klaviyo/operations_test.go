package klaviyo_test

import (
	"fmt"
	"testing"

	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest/contract"
)

func TestPublishedLimitsAreThoseOfTheDescriptions(t *testing.T) {
	t.Parallel()

	descriptions := contract.Load(t)

	for name, limit := range klaviyo.PublishedLimits() {
		op, _, _, err := descriptions.Operation(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)

			continue
		}

		published, ok := op.Extensions["x-klaviyo-ratelimit"].(map[string]any)
		if !ok {
			t.Errorf("%s has no x-klaviyo-ratelimit", name)

			continue
		}

		got := fmt.Sprintf("%d/s %d/m", limit.Burst, limit.Steady)
		if want := fmt.Sprint(published["burst"], " ", published["steady"]); got != want {
			t.Errorf("%s: limit %s, published %s", name, got, want)
		}
	}
}
