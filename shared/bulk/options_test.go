package bulk_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/bulk"
)

func TestParseOptions(t *testing.T) {
	t.Parallel()

	since := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := since.Add(1000 * time.Hour)
	many := `{"ids":["` + strings.Repeat(`x","`, bulk.MaxIDs) + `x"]}`

	for body, want := range map[string]struct {
		options bulk.Options
		problem string
	}{
		``:     {},
		` {} `: {},
		`{"ids":["143cf898-d6f7-4572-b0c9-7e65a577069e","043cf898-d6f7-4572-b0c9-7e65a577069e","143cf898-d6f7-4572-b0c9-7e65a577069e"],"dryRun":true}`: {options: bulk.Options{IDs: []string{"043cf898-d6f7-4572-b0c9-7e65a577069e", "143cf898-d6f7-4572-b0c9-7e65a577069e"}, DryRun: true}},
		`{"since":"2026-01-01T00:00:00Z"}`:      {options: bulk.Options{Since: since}},
		`{"since":"2026-01-02T00:00:00+24:00"}`: {options: bulk.Options{Since: since}},
		`{"since":"9999-12-31T23:59:59-23:59"}`: {problem: "since: must be a time such as"},
		`{"since":"0001-01-01T00:00:00+01:00"}`: {problem: "since: must be a time such as"},
		`{"ids":["143CF898-D6F7-4572-B0C9-7E65A577069E","043cf898-d6f7-4572-b0c9-7e65a577069e","143cf898-d6f7-4572-b0c9-7e65a577069e"]}`: {options: bulk.Options{IDs: []string{"043cf898-d6f7-4572-b0c9-7e65a577069e", "143cf898-d6f7-4572-b0c9-7e65a577069e"}}},
		`{"startId":"043CF898-D6F7-4572-B0C9-7E65A577069E"}`:                                                                             {options: bulk.Options{StartID: "043cf898-d6f7-4572-b0c9-7e65a577069e"}},
		`{"since":"26h"}`:       {options: bulk.Options{Since: now.Add(-26 * time.Hour)}},
		`{"since":"-26h"}`:      {problem: "since: must be a time such as"},
		`{"since":"yesterday"}`: {problem: `since: must be a time such as "2026-01-01T00:00:00Z"`},
		`{"since":"2026-01-01T00:00:00Z","ids":["043cf898-d6f7-4572-b0c9-7e65a577069e"]}`: {problem: "since: does not go with ids"},
		`{"ids":"a"}`: {problem: "ids: must be a list of ids, not string"},
		`{"ids":["043cf898-d6f7-4572-b0c9-7e65a577069e",""]}`: {problem: "ids[1]: must be a commercetools id"},
		`{"modifiedSince":"2026-01-01T00:00:00Z"}`:            {problem: `modifiedSince: is unknown; there are`},
		`{"dryRun":"yes"}`: {problem: "dryRun: must be true or false, not string"},
		`[]`:               {problem: "the body must be a JSON object, not array"},
		`{"ids":`:          {problem: "unexpected EOF"},
		`{} {}`:            {problem: "something after its JSON object"},
		`null`:             {problem: "must be a JSON object, not null"},
		`{"ids":null}`:     {problem: "ids: must not be null"},
		`{"ids":[]}`:       {problem: "ids: must name at least one id"},
		`{"startId":"043cf898-d6f7-4572-b0c9-7e65a577069e"}`: {options: bulk.Options{StartID: "043cf898-d6f7-4572-b0c9-7e65a577069e"}},
		`{"startId":"yesterday"}`:                            {problem: "startId: must be a commercetools id"},
		`{"startId":""}`:                                     {problem: `startId: must not be ""`},
		`{"ids":["043cf898-d6f7-4572-b0c9-7e65a577069e"],"startId":"043cf898-d6f7-4572-b0c9-7e65a577069e"}`: {problem: "startId: does not go with ids"},
		`{"deleteAll":true,"confirmDeletion":"orders"}`:                                                     {problem: "deleteAll: is there for categories and products only"},
		`{"confirmDeletion":"orders"}`:                                                                      {problem: "confirmDeletion: goes with deleteAll only"},
		many:                                                                                                {problem: "ids: has 10001 ids; at most 10000 go into one run"},
	} {
		t.Run(body[:min(len(body), 40)], func(t *testing.T) {
			t.Parallel()

			got, err := bulk.ParseOptions(bulk.Orders, []byte(body), now)
			if _, err := json.Marshal(got); err != nil {
				t.Errorf("the options can't be stored: %v", err)
			}

			if diff := cmp.Diff(want.options, got); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}

			var problem *bulk.OptionsError

			switch {
			case want.problem == "" && err != nil:
				t.Errorf("error = %v, want none", err)
			case want.problem != "" && (!errors.As(err, &problem) || !strings.Contains(err.Error(), want.problem)):
				t.Errorf("error = %v, want %q", err, want.problem)
			}
		})
	}
}

func TestDeletion(t *testing.T) {
	t.Parallel()

	for _, resource := range []bulk.Resource{bulk.Categories, bulk.Products} {
		o, err := bulk.ParseOptions(resource, fmt.Appendf(nil, `{"deleteAll":true,"confirmDeletion":%q}`, resource), time.Time{})
		if err != nil || !o.DeleteAll {
			t.Errorf("%s, confirmed: options %+v, error %v", resource, o, err)
		}

		for body, want := range map[string]string{
			`{"deleteAll":true}`: "confirmDeletion: must be",
			`{"deleteAll":true,"confirmDeletion":"customers"}`:   "confirmDeletion: must be",
			`{"deleteAll":true,"since":"2024-01-01T00:00:00Z"}`:  "deleteAll: deletes everything",
			`{"startId":"043cf898-d6f7-4572-b0c9-7e65a577069e"}`: "startId: is there for orders only",
		} {
			if _, err := bulk.ParseOptions(resource, []byte(body), time.Now()); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s %s: error = %v, want %q", resource, body, err, want)
			}
		}
	}
}

func TestAfter(t *testing.T) {
	t.Parallel()

	for start, want := range map[string]string{
		"":                                     "",
		"043cf898-d6f7-4572-b0c9-7e65a577069e": "043cf898-d6f7-4572-b0c9-7e65a577069d",
		"043cf898-d6f7-4572-b0c9-7e6500000000": "043cf898-d6f7-4572-b0c9-7e64ffffffff",
		"00000000-0000-0000-0000-000000000000": "",
	} {
		if got := (&bulk.Options{StartID: start}).After(); got != want {
			t.Errorf("the id before %q = %q, want %q", start, got, want)
		}
	}

	shards := bulk.Split(bulk.Run{Plan: bulk.Plan{Shards: 4}, Options: bulk.Options{StartID: "80000000-0000-4000-8000-000000000000"}})
	if shards[0].Cursor != "80000000-0000-4000-7fff-ffffffffffff" || shards[1].Cursor != "a0000000-0000-0000-0000-000000000000" {
		t.Errorf("the ranges begin at %q and %q", shards[0].Cursor, shards[1].Cursor)
	}
}

func TestShardsFor(t *testing.T) {
	t.Parallel()

	for total, want := range map[int]int{0: 1, 1: 1, 100: 1, 101: 2, 6400: 64, 1_000_000: 64} {
		if got := bulk.ShardsFor(total, 100); got != want {
			t.Errorf("ShardsFor(%d, 100) = %d, want %d", total, got, want)
		}
	}
}

func FuzzParseOptions(f *testing.F) {
	f.Add([]byte(`{"ids":["043cf898-d6f7-4572-b0c9-7e65a577069e"],"dryRun":true}`))
	f.Add([]byte(`{"since":"2026-01-01T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := bulk.ParseOptions(bulk.Orders, body, time.Now())

		var problem *bulk.OptionsError
		if err != nil && !errors.As(err, &problem) {
			t.Errorf("error %T is not an OptionsError", err)
		}

		for i := 1; i < len(o.IDs); i++ {
			if o.IDs[i-1] >= o.IDs[i] {
				t.Errorf("ids are not sorted and unique: %q", fmt.Sprint(o.IDs))
			}
		}
	})
}
