package commercetools_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/faulttest"
)

const newSubscription = `{"key":"k","destination":{"type":"GoogleCloudPubSub","projectId":"p","topic":"t"},"changes":[{"resourceTypeId":"order"}]}`

// post sends a request of another library's through the client.
func post(t *testing.T, client *commercetools.Client, apiURL, body string) (status int, answer string, err error) {
	t.Helper()

	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, strings.TrimRight(apiURL, "/")+"/shop/subscriptions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}

	resp, err := client.RoundTrip(req)
	if token := req.Header.Get("Authorization"); token != "" {
		t.Errorf("the caller's request was changed: it has the token %q", token)
	}

	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()

	read, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}

	return resp.StatusCode, string(read), nil
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()

	// The first answer is a gateway's; the second attempt must have the body, too.
	cfg := serve(t, scripted(func(n int, _ *http.Request) faulttest.Fault {
		if n == 1 {
			return faulttest.Fault{Status: http.StatusServiceUnavailable, Body: "<html>"}
		}

		return faulttest.Fault{}
	}))

	status, answer, err := post(t, commercetools.Impatient(cfg), cfg.APIURL, newSubscription)
	if err != nil || status != http.StatusCreated || !strings.Contains(answer, `"key":"k"`) {
		t.Errorf("got %d %s %v, want 201 and the subscription", status, answer, err)
	}
}

func TestRoundTripErrors(t *testing.T) {
	t.Parallel()

	cfg := serve(t, commercetoolstest.NewServer("shop"))

	_, _, err := post(t, commercetools.New(cfg), cfg.APIURL, `{"destination":{}}`)

	var got *commercetools.Error
	if !errors.As(err, &got) {
		t.Fatalf("not an Error: %v", err)
	}

	got.Message = "" // the fake's own words
	if diff := cmp.Diff(commercetools.Error{Status: 400, Code: "InvalidInput", Operation: "POST /api/shop/subscriptions"}, *got); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}
