package commercetools_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
)

func TestScopes(t *testing.T) {
	t.Parallel()

	server := commercetoolstest.NewServer("shop")

	for name, tt := range map[string]struct{ asked, want []string }{
		"those that were asked for": {[]string{"view_customers:shop", "view_orders:shop"}, []string{"view_customers:shop", "view_orders:shop"}},
		"all of the API client's":   {nil, []string{"manage_project:shop"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			cfg := serve(t, server)
			cfg.Scopes = tt.asked

			got, err := commercetools.New(cfg).Scopes(t.Context())
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("error %v, scopes (-want +got):\n%s", err, diff)
			}
		})
	}

	cfg := serve(t, &grants{takes: anyToken})
	if got, err := commercetools.New(cfg).Scopes(t.Context()); err != nil || len(got) > 0 {
		t.Errorf("%v, %v of a service that doesn't say; want none", got, err)
	}

	cfg = serve(t, server)
	cfg.ClientID = "nobody"

	if got, err := commercetools.New(cfg).Scopes(t.Context()); err == nil {
		t.Errorf("%v of a client that isn't known, want an error", got)
	}
}
