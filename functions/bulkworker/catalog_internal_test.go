package bulkworker

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/mapping"
	"github.com/ctklaviyo/connector/shared/settings"
)

// What is not known to be done has failed; a reason belongs to its row only.
func TestClosed(t *testing.T) {
	t.Parallel()

	at := func(row int) klaviyo.CatalogJobError { return klaviyo.CatalogJobError{Row: row, Code: "no"} }

	for name, c := range map[string]struct {
		rows              string
		completed, failed int
		errors            []klaviyo.CatalogJobError
		done              []string
		why               map[string]string
	}{
		"all done":               {"abc", 3, 0, nil, []string{"a", "b", "c"}, map[string]string{}},
		"one failed":             {"abc", 2, 1, []klaviyo.CatalogJobError{at(1)}, []string{"a", "c"}, map[string]string{"b": "no"}},
		"one failed for two":     {"abc", 2, 1, []klaviyo.CatalogJobError{at(1), at(1)}, []string{"a", "c"}, map[string]string{"b": "no"}},
		"two failed, one named":  {"abc", 1, 2, []klaviyo.CatalogJobError{at(1)}, nil, map[string]string{"a": "", "b": "no", "c": ""}},
		"no row named":           {"abc", 2, 1, []klaviyo.CatalogJobError{at(-1)}, nil, map[string]string{"a": "", "b": "", "c": ""}},
		"a row that isn't there": {"abc", 2, 1, []klaviyo.CatalogJobError{at(3)}, nil, map[string]string{"a": "", "b": "", "c": ""}},
		"cut short":              {"abc", 1, 0, nil, nil, map[string]string{"a": "", "b": "", "c": ""}},
		"forgotten":              {"abc", 0, 0, nil, nil, map[string]string{"a": "", "b": "", "c": ""}},
		"alone, no row named":    {"a", 0, 1, []klaviyo.CatalogJobError{at(-1)}, nil, map[string]string{"a": "no"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			job := bulk.Job{ID: "j", Rows: len(c.rows), Refs: strings.Split(c.rows, "")}
			why := map[string]string{}

			for _, f := range closed(&job, klaviyo.CatalogJob{Job: klaviyo.Job{Completed: c.completed, Failed: c.failed}, Errors: c.errors}) {
				why[f.ref] = f.why.Code

				if f.job.Rows != len(c.rows) {
					t.Errorf("row %s was in a job of %d", f.ref, f.job.Rows)
				}
			}

			if diff := cmp.Diff(c.why, why); diff != "" {
				t.Errorf("failed (-want +got):\n%s", diff)
			}

			if diff := cmp.Diff(bulk.Job{ID: "j", Ended: true, Refs: c.done, Rows: len(c.done)}, job); diff != "" {
				t.Errorf("job (-want +got):\n%s", diff)
			}
		})
	}
}

// A record counts as failed once, as long as the jobs of its page last.
func TestSettled(t *testing.T) {
	t.Parallel()

	open := bulk.Job{ID: "open", Refs: []string{"x"}}
	first := settled(nil, []bulk.Job{open}, []bulk.Failure{{ID: "b"}, {ID: "a"}, {ID: "b"}}, 0)

	if diff := cmp.Diff([]bulk.Job{open, note(noteFailed, []string{"a", "b"})}, first.Pending); diff != "" || first.Failed != 2 {
		t.Errorf("%d failed; pending (-want +got):\n%s", first.Failed, diff)
	}

	// The jobs of before may come along.
	second := settled(first.Pending, first.Pending, []bulk.Failure{{ID: "b"}, {ID: "c"}}, 0)
	if diff := cmp.Diff([]bulk.Job{open, note(noteFailed, []string{"a", "b", "c"})}, second.Pending); diff != "" || second.Failed != 1 {
		t.Errorf("%d failed; pending (-want +got):\n%s", second.Failed, diff)
	}

	if last := settled(second.Pending, nil, []bulk.Failure{{ID: "c"}}, 0); len(last.Pending) > 0 || last.Failed != 0 {
		t.Errorf("settled = %+v, want nothing left", last)
	}
}

// Of what is read again to be sent again, only what can't be mapped has failed.
func TestReady(t *testing.T) {
	t.Parallel()

	rows, failures := catalog[string]{whose: func(id string) string { return id }}.ready([]record[string]{
		{id: "a", value: "A"}, {id: "b", err: &mapping.MissingError{}}, {id: "c", err: errPanic},
	})
	if diff := cmp.Diff([]string{"A"}, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}

	if diff := cmp.Diff([]bulk.Failure{{ID: "c", Reason: errPanic.Error()}}, failures); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
}

// However large the shop is, its shards have no more jobs in progress than Klaviyo allows.
func TestShardsOfProducts(t *testing.T) {
	t.Parallel()

	ct := commercetoolstest.NewServer("demo")
	ct.Fill(commercetoolstest.NewShop(1, commercetoolstest.Size{Products: 70_000}))

	server := httptest.NewServer(ct)
	t.Cleanup(server.Close)

	p := newProductImport(commercetools.New(commercetools.Config{
		APIURL: server.URL, AuthURL: server.URL, ProjectKey: "demo",
		ClientID: commercetoolstest.ClientID, ClientSecret: commercetoolstest.ClientSecret,
	}), nil, settings.Shop{}, settings.Config{})

	plan, err := p.Plan(t.Context(), bulk.Options{})
	if err != nil || plan.Total < 60_000 || plan.Shards*variantsPerTask/100 > 500 || plan.Shards < 10 {
		t.Errorf("plan = %+v, error %v", plan, err)
	}
}

// A shard's jobs fit into a Firestore document, 1 MiB, when all variants of a page take the place of as many others.
func TestJobsFitIntoADocument(t *testing.T) {
	t.Parallel()

	sku := strings.Repeat("S", 100)

	refs := make([]string, 2*variantsPerTask)
	for i := range refs {
		refs[i] = sku
	}

	raw, err := json.Marshal(bulk.Shard{Jobs: []bulk.Job{{Refs: refs}}})
	if err != nil || len(raw) > 1<<20-50_000 {
		t.Errorf("the shard takes %d bytes, error %v", len(raw), err)
	}
}
