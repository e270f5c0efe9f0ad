package bulksync_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// tooLarge returns a body with a byte more than is taken.
func tooLarge() string { return strings.Repeat(" ", 1<<20+1) }

// description is what /openapi.yaml says.
type description struct {
	doc    *openapi3.T
	router routers.Router
}

// describedAt reads the description of a server. Its answers are closed: a field that it lacks is an error.
func describedAt(t *testing.T, url string) description {
	t.Helper()

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/openapi.yaml", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}

	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()

	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/yaml" {
		t.Fatalf("the description: %s, Content-Type %q, %v", resp.Status, resp.Header.Get("Content-Type"), err)
	}

	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		t.Fatal(err)
	}

	doc.Servers = nil // the test's is another

	for _, name := range []string{"RunState", "Progress", "Failure", "Status", "Refusal"} {
		doc.Components.Schemas[name].Value.AdditionalProperties.Has = new(false)
	}

	router, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}

	return description{doc: doc, router: router}
}

// check fails unless a request and its answer are as described: what is described is taken, what is refused for its body or
// query is not described, and the answer is one of those that the call can have.
func (d description) check(t *testing.T, req *http.Request, body string, resp *http.Response, answer []byte) {
	t.Helper()

	what := fmt.Sprintf("%s %s %.80s -> %d %s", req.Method, req.URL.RequestURI(), body, resp.StatusCode, answer)

	route, params, err := d.router.FindRoute(req)
	if err != nil {
		d.checkElsewhere(t, what, resp, answer)

		return
	}

	req.Body = io.NopCloser(strings.NewReader(body))
	input := &openapi3filter.RequestValidationInput{
		Request: req, PathParams: params, QueryParams: req.URL.Query(), Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	undescribed := openapi3filter.ValidateRequest(t.Context(), input)

	switch code := decode(t, answer).Error.Code; {
	case code == "invalid_body" || code == "invalid_query":
		if undescribed == nil {
			t.Errorf("%s: is refused, and described", what)
		}
	case code == "unknown_resource" || code == "body_too_large":
	case undescribed != nil:
		t.Errorf("%s: is taken, and not described: %v", what, undescribed)
	}

	if err := openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: resp.StatusCode, Header: resp.Header,
		Body: io.NopCloser(strings.NewReader(string(answer))), Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}); err != nil {
		t.Errorf("%s: the answer is not described: %v", what, err)
	}
}

// checkElsewhere is for calls that aren't described: they end with 404, or 405 and what is allowed.
func (d description) checkElsewhere(t *testing.T, what string, resp *http.Response, answer []byte) {
	t.Helper()

	var v any
	if err := errors.Join(json.Unmarshal(answer, &v), d.doc.Components.Schemas["Refusal"].Value.VisitJSON(v)); err != nil {
		t.Errorf("%s: the answer is not described: %v", what, err)
	}

	switch {
	case resp.StatusCode == http.StatusNotFound:
	case resp.StatusCode == http.StatusMethodNotAllowed && resp.Header.Get("Allow") != "":
	default:
		t.Errorf("%s: is answered, and not described", what)
	}
}

// TestOptionsAreDescribed: what the description allows is taken, and what it doesn't is not; see check.
func TestOptionsAreDescribed(t *testing.T) {
	t.Parallel()

	const id = `"043cf898-d6f7-4572-b0c9-7e65a577069e"`

	taken := map[string][]bulk.Resource{
		``:                                   bulk.Resources(),
		`{}`:                                 bulk.Resources(),
		`{"ids":[` + id + `]}`:               bulk.Resources(),
		`{"ids":[` + id + `],"dryRun":true}`: bulk.Resources(),
		`{"ids":[` + strings.Repeat(id+",", bulk.MaxIDs-1) + id + `]}`: bulk.Resources(),
		`{"since":"2026-01-01T00:00:00Z","dryRun":false}`:              bulk.Resources(),
		`{"since":"2026-01-01T00:00:00.5+01:00"}`:                      bulk.Resources(),
		`{"since":"26h"}`:                                               bulk.Resources(),
		`{"since":"1h30m"}`:                                             bulk.Resources(),
		`{"startId":` + id + `}`:                                        {bulk.Orders},
		`{"startId":` + id + `,"since":"26h"}`:                          {bulk.Orders},
		`{"deleteAll":true,"confirmDeletion":"categories"}`:             {bulk.Categories},
		`{"deleteAll":true,"confirmDeletion":"products"}`:               {bulk.Products},
		`{"deleteAll":true,"confirmDeletion":"products","dryRun":true}`: {bulk.Products},
	}
	refused := []string{
		`{"ids":[` + strings.Repeat(id+",", bulk.MaxIDs) + id + `]}`,
		`{"since":"26"}`,
		`{"since":"0h"}`,
		`{"since":"2026-01-01"}`,
		`{"since":""}`,
		`{"since":null}`,
		`{"since":"26h","ids":[` + id + `]}`,
		`{"ids":[]}`,
		`{"ids":["` + strings.Repeat("0", 36) + `"]}`,
		`{"dryRun":"yes"}`,
		`{"all":true}`,
		`null`,
		`[]`,
		`{"startId":` + id + `,"ids":[` + id + `]}`,
		`{"startId":"first"}`,
		`{"deleteAll":true}`,
		`{"confirmDeletion":"products"}`,
		`{"deleteAll":true,"confirmDeletion":"products","since":"26h"}`,
		`{"deleteAll":true,"confirmDeletion":"orders"}`,
	}

	for _, resource := range bulk.Resources() {
		t.Run(string(resource), func(t *testing.T) {
			t.Parallel()

			api := serve(t, idle{})
			path := "/sync/" + string(resource)

			for _, body := range slices.AppendSeq(slices.Clone(refused), maps.Keys(taken)) {
				want := http.StatusBadRequest
				if slices.Contains(taken[body], resource) {
					want = http.StatusAccepted
				}

				if status, answer := api.call(t, "POST", path, body); status != want {
					t.Errorf("%.80s: %d %s, want %d", body, status, answer, want)
				}

				api.call(t, "POST", path+"/stop", "")
			}

			api.call(t, "POST", path, tooLarge())
		})
	}
}

// TestEveryDescribedAnswer gets each answer that is described, and so each of the error codes.
func TestEveryDescribedAnswer(t *testing.T) {
	t.Parallel()

	codes := map[string]bool{}
	doc := serve(t, idle{}).doc
	doc.Paths.Delete("/openapi.yaml") // describedAt gets it

	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			for status := range operation.Responses.Map() {
				codes[provoke(t, method, path, status)] = true
			}
		}
	}

	for method, path := range map[string]string{"GET": "/", "PUT": "/sync/orders"} {
		_, answer := serve(t, idle{}).call(t, method, path, "")
		codes[decode(t, answer).Error.Code] = true
	}

	for _, code := range doc.Components.Schemas["Refusal"].Value.Properties["error"].Value.Properties["code"].Value.Enum {
		if !codes[fmt.Sprint(code)] {
			t.Errorf("no answer has the code %v", code)
		}
	}
}

// provoke makes a call end with a status, and returns the error code.
func provoke(t *testing.T, method, path, status string) (code string) {
	t.Helper()

	api, body := serve(t, idle{}), ""
	start, stop := strings.CutSuffix(strings.Replace(path, "{resource}", "orders", 1), "/stop")
	path = strings.Replace(path, "{resource}", "orders", 1)

	switch {
	case status == "503":
		api = serveBy(t, nil, func() (*bulk.Control, error) { return nil, errors.New("away") })
	case status == "413":
		body = tooLarge()
	case status == "404":
		path = strings.Replace(path, "orders", "carts", 1)
	case status == "409" || stop && status == "200":
		api.call(t, "POST", start, "")
	case method == "GET" && status == "400":
		path += "?errors=1001"
	case !stop && status == "400":
		body = "{"
	}

	got, answer := api.call(t, method, path, body)
	if strconv.Itoa(got) != status {
		t.Errorf("%s %s: %d %s, want %s", method, path, got, answer, status)
	}

	return decode(t, answer).Error.Code
}

// TestEveryStatusIsDescribed: the answer has every field that a run can fill.
func TestEveryStatusIsDescribed(t *testing.T) {
	t.Parallel()

	api := serve(t, idle{})

	for _, status := range []bulk.Status{bulk.Running, bulk.Done, bulk.Stopped, bulk.Failed} {
		if _, answer := api.call(t, "POST", "/sync/orders", `{"since":"26h","dryRun":true}`); decode(t, answer).Run == "" {
			t.Fatalf("start: %s", answer)
		}

		run, err := api.store.UpdateRun(t.Context(), bulk.Orders, func(r *bulk.Run) error {
			r.Status, r.Total, r.Shards, r.Reason = status, 10, 1, "klaviyo: status 401"
			r.StartedAt = r.StartedAt.Add(-time.Minute)

			if status != bulk.Running {
				r.FinishedAt = r.StartedAt.Add(time.Second)
			}

			return nil
		})
		if err != nil {
			t.Fatal(err)
		}

		shards := bulk.Split(run)
		failures := []bulk.Failure{{ID: "1", Reason: "refused", Code: "invalid", Pointer: "/data"}, {ID: "2", Reason: "gone"}}

		created := api.store.CreateShards(t.Context(), shards)

		_, updated := api.store.UpdateShard(t.Context(), shards[0].ShardKey, failures, func(s *bulk.Shard) error {
			s.Counts = bulk.Counts{Read: 4, Sent: 1, Failed: 2, Skipped: 1}

			return nil
		})
		if err := errors.Join(created, updated); err != nil {
			t.Fatal(err)
		}

		_, answer := api.call(t, "GET", "/sync/orders", "")

		var p bulk.Progress
		if err := json.Unmarshal(answer, &p); err != nil || p.Status != status || len(p.Errors) != 2 || p.Read != 4 {
			t.Errorf("progress = %s, %v; want %s and two failures", answer, err, status)
		}

		api.call(t, "POST", "/sync/orders/stop", "")
	}
}
