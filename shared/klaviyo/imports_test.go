package klaviyo_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// rows reads the external ids of a bulk job's body.
func rows(t *testing.T, r *http.Request) []string {
	t.Helper()

	var body struct {
		Data struct {
			Attributes struct {
				Profiles struct {
					Data []struct {
						Attributes struct {
							ExternalID string `json:"external_id"`
						} `json:"attributes"`
					} `json:"data"`
				} `json:"profiles"`
			} `json:"attributes"`
		} `json:"data"`
	}

	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		t.Errorf("the body isn't JSON: %v", err)
	}

	var ids []string
	for _, p := range body.Data.Attributes.Profiles.Data {
		ids = append(ids, p.Attributes.ExternalID)
	}

	return ids
}

func batch(t *testing.T, ids ...string) *klaviyo.ProfileBatch {
	t.Helper()

	var b klaviyo.ProfileBatch

	for _, id := range ids {
		if err := b.Add("ref "+id, klaviyo.Profile{ExternalID: klaviyo.Set(id)}); err != nil {
			t.Fatal(err)
		}
	}

	return &b
}

// refuses answers 400 and points at the rows with these ids, at the most so many in one answer.
func refuses(t *testing.T, w http.ResponseWriter, sent, bad []string, most int) bool {
	t.Helper()

	var faults []string

	for i, id := range sent {
		if slices.Contains(bad, id) && len(faults) < most {
			faults = append(faults, fmt.Sprintf(
				`{"code":"invalid","title":"Invalid input.","source":{"pointer":"/data/attributes/profiles/data/%d/attributes/email"}}`, i))
		}
	}

	if len(faults) == 0 {
		return false
	}

	answer(w, http.StatusBadRequest, `{"errors":[`+strings.Join(faults, ",")+`]}`)

	return true
}

func TestImportProfiles(t *testing.T) {
	t.Parallel()

	all := []string{"a", "b", "c", "d", "e", "f"}

	tests := []struct {
		name     string
		ids, bad []string
		most     int // errors in one answer
		job      string
		requests int64
		kept     []string
	}{
		{"none", nil, nil, 9, "", 0, nil},
		{"all good", all, nil, 9, "J", 1, all},
		{"some bad", all, []string{"a", "c", "d", "f"}, 9, "J", 2, []string{"b", "e"}},
		{"named one by one", all, []string{"a", "c", "d", "f"}, 1, "J", 5, []string{"b", "e"}},
		{"all bad", all, all, 9, "", 1, nil},
		{"all bad, two at a time", all, all, 2, "", 3, nil},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			var kept []string

			c := client(inMemory(func(w http.ResponseWriter, r *http.Request) {
				sent := rows(t, r)
				if !refuses(t, w, sent, tt.bad, tt.most) {
					kept = sent
					answer(w, http.StatusAccepted, `{"data":{"id":"J"}}`)
				}
			}))

			job, refused, err := c.ImportProfiles(t.Context(), batch(t, tt.ids...))
			if err != nil || job != tt.job || c.Requests() != tt.requests {
				t.Errorf("job %q, error %v after %d requests", job, err, c.Requests())
			}

			if diff := cmp.Diff(tt.kept, kept); diff != "" {
				t.Errorf("imported (-want +got):\n%s", diff)
			}

			if diff := cmp.Diff(refusals(tt.bad), refused); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
		})
	}
}

func refusals(ids []string) (all []klaviyo.Refused) {
	for _, id := range ids {
		all = append(all, klaviyo.Refused{Ref: "ref " + id, Code: "invalid", Title: "Invalid input.", Pointer: "/attributes/email"})
	}

	return all
}

func TestImportProfilesGivesUp(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name   string
		status int
		body   string
	}{
		{"no pointer", http.StatusBadRequest, `{"errors":[{"code":"invalid"}]}`},
		{"the whole request", http.StatusBadRequest, `{"errors":[{"code":"invalid","source":{"pointer":"/data"}}]}`},
		{"a row that was not sent", http.StatusBadRequest, `{"errors":[{"source":{"pointer":"/data/attributes/profiles/data/3/attributes"}}]}`},
		{"a negative row", http.StatusBadRequest, `{"errors":[{"source":{"pointer":"/data/attributes/profiles/data/-1/attributes"}}]}`},
		{"no number", http.StatusBadRequest, `{"errors":[{"source":{"pointer":"/data/attributes/profiles/data/x"}}]}`},
		{"another status", http.StatusForbidden, `{"errors":[{"source":{"pointer":"/data/attributes/profiles/data/0/attributes"}}]}`},
		{"too large", http.StatusRequestEntityTooLarge, `{"errors":[{"code":"too_large"}]}`},
		{"not JSON", http.StatusBadRequest, `<html>`},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			c := client(inMemory(func(w http.ResponseWriter, _ *http.Request) { answer(w, tt.status, tt.body) }))

			job, refused, err := c.ImportProfiles(t.Context(), batch(t, "a", "b", "c"))

			e, ok := errors.AsType[*klaviyo.Error](err)
			if !ok || e.Status != tt.status || job != "" || refused != nil || c.Requests() != 1 {
				t.Errorf("job %q, refused %v, error %v after %d requests", job, refused, err, c.Requests())
			}
		})
	}
}

func TestImportJob(t *testing.T) {
	t.Parallel()

	tests := []struct {
		attributes string
		want       klaviyo.Job
		ended      bool
	}{
		{`{"status":"queued","total_count":3,"completed_count":null,"failed_count":null}`, klaviyo.Job{Status: "queued", Total: 3}, false},
		{`{"status":"processing","total_count":3,"completed_count":1}`, klaviyo.Job{Status: "processing", Total: 3, Completed: 1}, false},
		{`{"status":"complete","total_count":3,"completed_count":2,"failed_count":1}`, klaviyo.Job{Status: "complete", Total: 3, Completed: 2, Failed: 1}, true},
		{`{"status":"cancelled","total_count":3}`, klaviyo.Job{Status: "cancelled", Total: 3}, true},
	}

	for _, tt := range tests {
		t.Run(tt.want.Status, func(t *testing.T) {
			t.Parallel()

			c := client(inMemory(func(w http.ResponseWriter, _ *http.Request) {
				answer(w, http.StatusOK, `{"data":{"id":"J","attributes":`+tt.attributes+`}}`)
			}))

			job, err := c.ImportJob(t.Context(), "J")
			if err != nil || job != tt.want || job.Ended() != tt.ended {
				t.Errorf("job %+v, ended %t, error %v", job, job.Ended(), err)
			}
		})
	}
}

// The next page is asked for at our own address, wherever the link leads: the key goes along.
func TestImportErrorsStaysOnItsHost(t *testing.T) {
	t.Parallel()

	pages := map[string]string{
		"": `{"data":[{"attributes":{"code":"a","title":"A","source":{"pointer":"/data"},"original_payload":{"external_id":"1"}}}],
			"links":{"next":"https://elsewhere.test/steal?page%5Bcursor%5D=two%2B2"}}`,
		"two+2": `{"data":[{"attributes":{"code":"b","title":"B","source":{},"original_payload":null}}],"links":{"next":null}}`,
	}

	c := client(inMemory(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host != "klaviyo.test" || r.URL.Path != "/api/profile-bulk-import-jobs/J/import-errors" {
			t.Errorf("request to %s", r.URL)
		}

		if size := r.URL.Query().Get("page[size]"); size != "100" {
			t.Errorf("page size %q", size)
		}

		answer(w, http.StatusOK, pages[r.URL.Query().Get("page[cursor]")])
	}))

	got, err := c.ImportErrors(t.Context(), "J")
	if err != nil {
		t.Fatal(err)
	}

	want := []klaviyo.ImportError{
		{ExternalID: "1", Code: "a", Title: "A", Pointer: "/data"},
		{Code: "b", Title: "B"},
	}

	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}

func TestImportErrorsExternalID(t *testing.T) {
	t.Parallel()

	for payload, want := range map[string]string{
		`{"external_id":"x"}`: "x",
		`{"type":"profile","attributes":{"external_id":"x"}}`:          "x",
		`{"data":{"type":"profile","attributes":{"external_id":"x"}}}`: "x",
		`{"data":{"external_id":"x"}}`:                                 "x",
		`{"data":[],"attributes":{"external_id":"x"}}`:                 "x",
		`{"external_id":null,"attributes":{"external_id":"x"}}`:        "x",
		`{"external_id":5}`:         "",
		`{"email":"a@example.com"}`: "",
		`null`:                      "",
		`"text"`:                    "",
	} {
		t.Run(payload, func(t *testing.T) {
			t.Parallel()

			c := client(inMemory(func(w http.ResponseWriter, _ *http.Request) {
				answer(w, http.StatusOK, `{"data":[{"attributes":{"code":"a","original_payload":`+payload+`}}],"links":{}}`)
			}))

			got, err := c.ImportErrors(t.Context(), "J")
			if err != nil || len(got) != 1 || got[0].ExternalID != want {
				t.Errorf("errors %+v, %v", got, err)
			}
		})
	}
}
