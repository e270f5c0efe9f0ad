package klaviyo_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// starting is what starts jobs.
type starting = func(context.Context, *klaviyo.Client) ([]klaviyo.StartedJob, []klaviyo.Refused, error)

func items(kind klaviyo.JobKind, all ...klaviyo.Item) starting {
	return func(ctx context.Context, c *klaviyo.Client) ([]klaviyo.StartedJob, []klaviyo.Refused, error) {
		return c.StartItems(ctx, kind, all)
	}
}

func variants(kind klaviyo.JobKind, all ...klaviyo.Variant) starting {
	return func(ctx context.Context, c *klaviyo.Client) ([]klaviyo.StartedJob, []klaviyo.Refused, error) {
		return c.StartVariants(ctx, kind, all)
	}
}

func categories(kind klaviyo.JobKind, all ...klaviyo.Category) starting {
	return func(ctx context.Context, c *klaviyo.Client) ([]klaviyo.StartedJob, []klaviyo.Refused, error) {
		return c.StartCategories(ctx, kind, all)
	}
}

func away(kind klaviyo.JobKind, ids ...string) starting {
	return func(ctx context.Context, c *klaviyo.Client) ([]klaviyo.StartedJob, []klaviyo.Refused, error) {
		return c.StartDeletions(ctx, kind, ids)
	}
}

// runs starts one job that nothing is refused of, and returns how it ended.
func runs(t *testing.T, c *klaviyo.Client, kind klaviyo.JobKind, start starting) klaviyo.CatalogJob {
	t.Helper()

	jobs, refused, err := start(t.Context(), c)
	if err != nil || len(refused) > 0 || len(jobs) != 1 {
		t.Fatalf("%s: jobs %v, refused %v, error %v", kind, jobs, refused, err)
	}

	states, err := c.CatalogJobs(t.Context(), kind, []string{jobs[0].ID})

	state, ok := states[jobs[0].ID]
	if err != nil || !ok || !state.Ended() || state.Total != len(jobs[0].ExternalIDs) {
		t.Fatalf("%s: states %+v, error %v", kind, states, err)
	}

	return state
}

func named(ids ...string) []klaviyo.Category {
	all := make([]klaviyo.Category, len(ids))
	for i, id := range ids {
		all[i] = klaviyo.Category{ExternalID: id, Name: "category " + id}
	}

	return all
}

func item(id string, categories ...string) klaviyo.Item {
	i := minimalItem()
	i.ExternalID, i.CategoryIDs = id, categories

	return i
}

func variant(id, item string) klaviyo.Variant {
	v := minimalVariant()
	v.ExternalID, v.ItemID = id, item

	return v
}

// A job does what single requests do.
func TestContractCatalogJobs(t *testing.T) {
	t.Parallel()

	changedItem, changedVariant := fullItem(), fullVariant()
	changedItem.Title, changedItem.CategoryIDs, changedItem.ImageFullURL = "Blouse", []string{"c-2"}, klaviyo.Null[string]()
	changedVariant.Price, changedVariant.CustomMetadata = "5", nil

	steps := []struct {
		kind  klaviyo.JobKind
		start starting
		alone []call
	}{
		{klaviyo.CreateCategories, categories(klaviyo.CreateCategories, named("c-1", "c-2")...), []call{createCategory("c-1", "category c-1"), createCategory("c-2", "category c-2")}},
		{klaviyo.UpdateCategories, categories(klaviyo.UpdateCategories, klaviyo.Category{ExternalID: "c-1", Name: "Men"}), []call{updateCategory("c-1", "Men")}},
		{klaviyo.CreateItems, items(klaviyo.CreateItems, fullItem(), item("p-2")), []call{createItem(fullItem()), createItem(item("p-2"))}},
		{klaviyo.CreateVariants, variants(klaviyo.CreateVariants, fullVariant(), variant("v-2", "p-2"), variant("v-3", "p-2")), []call{createVariant(fullVariant()), createVariant(variant("v-2", "p-2")), createVariant(variant("v-3", "p-2"))}},
		{klaviyo.UpdateItems, items(klaviyo.UpdateItems, changedItem), []call{updateItem(changedItem)}},
		{klaviyo.UpdateVariants, variants(klaviyo.UpdateVariants, changedVariant), []call{updateVariant(changedVariant)}},
		{klaviyo.DeleteVariants, away(klaviyo.DeleteVariants, "v-2"), []call{deletions("v-2")["catalog-variants"]}},
		{klaviyo.DeleteCategories, away(klaviyo.DeleteCategories, "c-2"), []call{deletions("c-2")["catalog-categories"]}},
		{klaviyo.DeleteItems, away(klaviyo.DeleteItems, "p-2"), []call{deletions("p-2")["catalog-items"]}},
	}

	c, together := checked(t, klaviyotest.Options{Key: key, Limits: true})
	one, alone := checked(t, klaviyotest.Options{})

	for _, step := range steps {
		before := c.Requests()

		state := runs(t, c, step.kind, step.start)
		if state.Status != "complete" || state.Completed != len(step.alone) || state.Failed != 0 || c.Requests()-before != 2 {
			t.Errorf("%s: %+v after %d requests", step.kind, state, c.Requests()-before)
		}

		do(t, one, step.alone...)

		for what, list := range map[string]func(*klaviyotest.Server) []klaviyotest.Entry{
			"items":      (*klaviyotest.Server).Items,
			"variants":   (*klaviyotest.Server).Variants,
			"categories": (*klaviyotest.Server).Categories,
		} {
			if diff := cmp.Diff(list(alone), list(together)); diff != "" {
				t.Errorf("%s: %s (-alone +together):\n%s", step.kind, what, diff)
			}
		}
	}

	if len(together.Items()) != 1 || len(together.Variants()) != 1 || len(together.Categories()) != 1 {
		t.Errorf("items %v, variants %v, categories %v", together.Items(), together.Variants(), together.Categories())
	}
}

// What is wrong with a row when the job is done fails that row only.
func TestContractCatalogJobErrors(t *testing.T) {
	t.Parallel()

	failed := func(row int, code, pointer string) klaviyo.CatalogJobError {
		return klaviyo.CatalogJobError{Row: row, Code: code, Pointer: pointer}
	}

	for _, tt := range []struct {
		kind  klaviyo.JobKind
		start starting
		want  []klaviyo.CatalogJobError
	}{
		{klaviyo.CreateCategories, categories(klaviyo.CreateCategories, named("new", "c-1")...), []klaviyo.CatalogJobError{failed(1, "duplicate", "/attributes/external_id")}},
		{klaviyo.UpdateCategories, categories(klaviyo.UpdateCategories, named("none", "c-1")...), []klaviyo.CatalogJobError{failed(0, "not_found", "/id")}},
		{klaviyo.DeleteCategories, away(klaviyo.DeleteCategories, "c-1", "c-1"), []klaviyo.CatalogJobError{failed(1, "not_found", "/id")}},
		{klaviyo.CreateItems, items(klaviyo.CreateItems, item("p-1"), item("new"), item("stray", "c-1", "none")), []klaviyo.CatalogJobError{
			failed(0, "duplicate", "/attributes/external_id"), failed(2, "not_found", "/relationships/categories"),
		}},
		{klaviyo.UpdateItems, items(klaviyo.UpdateItems, item("p-1"), item("p-1", "none"), item("none")), []klaviyo.CatalogJobError{
			failed(1, "not_found", "/relationships/categories"), failed(2, "not_found", "/id"),
		}},
		{klaviyo.DeleteItems, away(klaviyo.DeleteItems, "none", "p-1"), []klaviyo.CatalogJobError{failed(0, "not_found", "/id")}},
		{klaviyo.CreateVariants, variants(klaviyo.CreateVariants, variant("orphan", "none"), variant("new", "p-1"), variant("sku-1", "p-1")), []klaviyo.CatalogJobError{
			failed(0, "not_found", "/relationships/item"), failed(2, "duplicate", "/attributes/external_id"),
		}},
		{klaviyo.UpdateVariants, variants(klaviyo.UpdateVariants, variant("none", "p-1"), variant("sku-1", "p-1")), []klaviyo.CatalogJobError{failed(0, "not_found", "/id")}},
		{klaviyo.DeleteVariants, away(klaviyo.DeleteVariants, "sku-1", "none"), []klaviyo.CatalogJobError{failed(1, "not_found", "/id")}},
	} {
		t.Run(string(tt.kind), func(t *testing.T) {
			t.Parallel()

			c, _ := checked(t, klaviyotest.Options{})
			do(t, c, createCategory("c-1", "x"), createItem(item("p-1")), createVariant(minimalVariant()))

			state := runs(t, c, tt.kind, tt.start)
			if state.Status != "complete" || state.Failed != len(tt.want) || state.Completed != state.Total-state.Failed {
				t.Errorf("state %+v", state)
			}

			if diff := cmp.Diff(tt.want, state.Errors, cmpopts.IgnoreFields(klaviyo.CatalogJobError{}, "Title")); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

// What is wrong at once is refused, and a job's row numbers are those of the rest.
func TestContractCatalogJobRefusals(t *testing.T) {
	t.Parallel()

	c, fake := checked(t, klaviyotest.Options{})
	do(t, c, createItem(item("known")))

	large := item("large")
	large.CustomMetadata = map[string]string{"x": strings.Repeat("x", 100_001)}
	huge := item("huge")
	huge.Description = strings.Repeat("x", 5_000_000)

	before := c.Requests()

	jobs, refused, err := c.StartItems(t.Context(), klaviyo.CreateItems, []klaviyo.Item{large, item("new"), huge, item(""), item("known")})
	if err != nil || len(jobs) != 1 || c.Requests()-before != 2 {
		t.Fatalf("jobs %v, error %v after %d requests", jobs, err, c.Requests()-before)
	}

	if diff := cmp.Diff([]klaviyo.Refused{
		{Ref: "huge", Code: "too_large"},
		{Ref: "large", Code: "invalid", Pointer: "/attributes/custom_metadata"},
		{Ref: "", Code: "invalid", Pointer: "/attributes/external_id"},
	}, refused, cmpopts.IgnoreFields(klaviyo.Refused{}, "Title")); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}

	states, err := c.CatalogJobs(t.Context(), klaviyo.CreateItems, []string{jobs[0].ID})
	if err != nil || len(states[jobs[0].ID].Errors) != 1 {
		t.Fatalf("states %v, error %v", states, err)
	}

	if row := states[jobs[0].ID].Errors[0].Row; jobs[0].ExternalIDs[row] != "known" || len(fake.Items()) != 2 {
		t.Errorf("row %d of %v failed; items %v", row, jobs[0].ExternalIDs, fake.Items())
	}

	// Nothing is left to start a job with.
	if jobs, refused, err := c.StartItems(t.Context(), klaviyo.CreateItems, []klaviyo.Item{huge, large}); err != nil || len(jobs) != 0 || len(refused) != 2 {
		t.Errorf("jobs %v, refused %v, error %v", jobs, refused, err)
	}
}

// unlimited is a client that keeps to no limits, and sends without a look at the descriptions: for many or large requests.
func unlimited(opts klaviyotest.Options) (*klaviyo.Client, *klaviyotest.Server) {
	fake := klaviyotest.New(opts)

	return klaviyo.New(klaviyo.Config{
		APIURL: "https://klaviyo.test", AuthKey: key, Transport: inMemory(fake.ServeHTTP), Limits: map[string]klaviyo.Limit{},
	}), fake
}

// A job has 100 rows and 5 MB at the most.
func TestContractCatalogJobsAreCut(t *testing.T) {
	t.Parallel()

	all := make([]klaviyo.Item, 250)
	for i := range all {
		all[i] = item(fmt.Sprintf("p-%03d", i))
		if i >= 100 {
			all[i].Description = strings.Repeat("x", 80_000)
		}
	}

	c, fake := unlimited(klaviyotest.Options{})

	jobs, refused, err := c.StartItems(t.Context(), klaviyo.CreateItems, all)
	if err != nil || len(refused) > 0 {
		t.Fatalf("refused %v, error %v", refused, err)
	}

	var (
		lengths []int
		ids     []string
	)

	for _, j := range jobs {
		lengths = append(lengths, len(j.ExternalIDs))
		ids = append(ids, j.ExternalIDs...)
	}

	if !slices.Equal(lengths, []int{100, 62, 62, 26}) || !slices.IsSorted(ids) || len(fake.Items()) != 250 {
		t.Errorf("jobs of %v rows, %d items", lengths, len(fake.Items()))
	}
}

// checkStatuses asks for jobs that are all at the same point, and for one that Klaviyo has forgotten. It expects to hear of so
// many in so many requests.
func checkStatuses(t *testing.T, c *klaviyo.Client, ids []string, want string, known int, requests int64) {
	t.Helper()

	before := c.Requests()

	states, err := c.CatalogJobs(t.Context(), klaviyo.CreateCategories, append([]string{"forgotten"}, ids...))
	if err != nil || len(states) != known || c.Requests()-before != requests {
		t.Fatalf("%d states, error %v after %d requests", len(states), err, c.Requests()-before)
	}

	for id, state := range states {
		if state.Status != want || state.Total != 1 || state.Ended() != (want == "complete") {
			t.Errorf("job %s: %+v", id, state)
		}
	}
}

// checkOpen asks for the jobs that have not ended.
func checkOpen(t *testing.T, c *klaviyo.Client, want []string) {
	t.Helper()

	got, err := c.OpenCatalogJobs(t.Context(), klaviyo.CreateCategories)
	if diff := cmp.Diff(slices.Sorted(slices.Values(want)), got); err != nil || diff != "" {
		t.Errorf("error %v; open jobs (-want +got):\n%s", err, diff)
	}
}

// Many jobs are asked for at once; a single one by its id.
func TestContractCatalogJobsAreListed(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		c, fake := unlimited(klaviyotest.Options{JobTime: time.Minute})

		var ids []string

		for i := range 102 {
			jobs, _, err := c.StartCategories(t.Context(), klaviyo.CreateCategories, named(fmt.Sprint(i)))
			if err != nil {
				t.Fatal(err)
			}

			ids = append(ids, jobs[0].ID)
		}

		checkStatuses(t, c, ids, "queued", 100, 1) // one of them is enough
		time.Sleep(30 * time.Second)
		checkStatuses(t, c, ids[2:], "processing", 100, 1)
		checkStatuses(t, c, nil, "", 0, 1)

		checkOpen(t, c, ids)

		if got := len(fake.Categories()); got != 0 {
			t.Errorf("%d categories before their time", got)
		}

		time.Sleep(20 * time.Second)

		late, _, err := c.StartCategories(t.Context(), klaviyo.CreateCategories, named("late"))
		if err != nil {
			t.Fatal(err)
		}

		checkOpen(t, c, append(ids, late[0].ID))
		time.Sleep(10 * time.Second)
		checkOpen(t, c, []string{late[0].ID})
		checkStatuses(t, c, ids[50:], "complete", 52, 1+1)
		checkStatuses(t, c, ids, "complete", 102, 2+1)

		if got := len(fake.Categories()); got != 102 {
			t.Errorf("%d categories", got)
		}
	})
}

// noList answers a request for a list of jobs in Klaviyo's place.
func noList(fake http.Handler, status int, body string) *klaviyo.Client {
	return client(inMemory(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "-jobs") {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)

			return
		}

		fake.ServeHTTP(w, r)
	}))
}

// Without a list the jobs are asked for one by one, whoever says that there is none; that none is open has to be said by
// Klaviyo.
func TestCatalogJobsWithoutAList(t *testing.T) {
	t.Parallel()

	const own = `{"errors":[{"id":"1","code":"not_found","title":"x","detail":"x"}]}`

	for name, tt := range map[string]struct {
		status   int
		body     string
		noneOpen bool
	}{
		"404 of Klaviyo": {http.StatusNotFound, own, true},
		"404 of a proxy": {http.StatusNotFound, "<html>", false},
		"405 of Klaviyo": {http.StatusMethodNotAllowed, own, true},
		"405 of another": {http.StatusMethodNotAllowed, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := noList(klaviyotest.New(klaviyotest.Options{JobTime: time.Minute}), tt.status, tt.body)
				checkOneByOne(t, c)

				open, err := c.OpenCatalogJobs(t.Context(), klaviyo.DeleteItems)
				if len(open) > 0 || (err == nil) != tt.noneOpen {
					t.Errorf("open jobs %v, error %v", open, err)
				}
			})
		})
	}
}

// checkOneByOne asks for three jobs that take a minute, before and after that.
func checkOneByOne(t *testing.T, c *klaviyo.Client) {
	t.Helper()

	jobs, _, err := c.StartDeletions(t.Context(), klaviyo.DeleteItems, slices.Repeat([]string{"x"}, 250))
	if err != nil || len(jobs) != 3 {
		t.Fatalf("jobs %v, error %v", jobs, err)
	}

	ids := []string{jobs[0].ID, jobs[1].ID, jobs[2].ID}

	states, err := c.CatalogJobs(t.Context(), klaviyo.DeleteItems, ids)
	if err != nil || len(states) != 1 || states[ids[2]].Ended() {
		t.Errorf("states %+v, error %v, want that of the last one, which goes on", states, err)
	}

	time.Sleep(time.Minute)

	states, err = c.CatalogJobs(t.Context(), klaviyo.DeleteItems, ids)
	if err != nil || len(states) != 3 || !states[ids[0]].Ended() {
		t.Errorf("states %+v, error %v", states, err)
	}
}

// Where nothing but a proxy answers, no job counts as forgotten.
func TestCatalogJobsBehindAProxy(t *testing.T) {
	t.Parallel()

	c := client(says(http.StatusNotFound, "<html>"))

	states, err := c.CatalogJobs(t.Context(), klaviyo.CreateItems, []string{"one", "two"})
	if len(states) > 0 || apiError(t, err).Status != http.StatusNotFound || klaviyo.IsNotFound(err) {
		t.Errorf("states %v, error %v, want the 404", states, err)
	}
}

// Klaviyo takes no more than 500 jobs of a kind at once; what was started before is not lost.
func TestContractTooManyJobs(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		c, _ := unlimited(klaviyotest.Options{JobTime: time.Hour})

		for range 499 {
			if jobs, _, err := c.StartDeletions(t.Context(), klaviyo.DeleteItems, []string{"x"}); len(jobs) != 1 || err != nil {
				t.Fatalf("jobs %v, error %v", jobs, err)
			}
		}

		ids := slices.Repeat([]string{"x"}, 150)

		jobs, _, err := c.StartDeletions(t.Context(), klaviyo.DeleteItems, ids)
		if len(jobs) != 1 || len(jobs[0].ExternalIDs) != 100 || apiError(t, err).Status != http.StatusTooManyRequests {
			t.Errorf("jobs %v, error %v", jobs, err)
		}

		// Another kind is another matter.
		if jobs, _, err := c.StartDeletions(t.Context(), klaviyo.DeleteVariants, ids[:1]); len(jobs) != 1 || err != nil {
			t.Errorf("jobs %v, error %v", jobs, err)
		}
	})
}
