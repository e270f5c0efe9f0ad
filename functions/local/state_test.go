package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// After a new key there is a new state file, and what was parked under the old one must not seem gone.
func TestStateOfAnotherKey(t *testing.T) {
	t.Parallel()

	s, folder := newShop(t, 1, klaviyotest.Options{}, asItIs), t.TempDir()
	message, _ := created(t, 0)

	in := func(env []string, args ...string) (int, string) {
		c := local(t, append(s.env, env...), args...)
		c.Dir = folder

		return finish(t, c)
	}

	old := filepath.Join(folder, stateFolder, "demo-shop-00c0ffee.db")
	if err := os.MkdirAll(filepath.Dir(old), 0o700); err != nil {
		t.Fatal(err)
	}

	if err := os.Rename(park(t, message), old); err != nil {
		t.Fatal(err)
	}

	if _, out := in(nil, "parked", "list"); !strings.Contains(out, "nothing is parked in the state file") {
		t.Errorf("a state file that isn't there:\n%s", out)
	}

	code, out := in(nil, "run", "categories")
	if code != 0 || !strings.Contains(out, " is new; there are others of this project") {
		t.Errorf("exit %d, want 0 and a word about the other file:\n%s", code, out)
	}

	name := filepath.Join(stateFolder, "demo-shop-00c0ffee.db")

	for _, args := range [][]string{{"list"}, {"list", "--json"}, {"replay"}} {
		code, out = in(nil, append([]string{"parked"}, args...)...)
		if code != 0 {
			t.Errorf("%v: exit %d, want 0:\n%s", args, code, out)
		}

		wantIn(t, out, "nothing is parked in the state file "+stateFolder, "there are others of this project", name+"; --state reads one")
	}

	code, out = in(nil, "parked", "list", "--state", name)
	if code != 0 || !strings.Contains(out, "1 parked") || strings.Contains(out, "others") {
		t.Errorf("exit %d:\n%s", code, out)
	}

	// Once it is there it is not new, and another project's is none of its business.
	if _, out = in(nil, "run", "categories"); strings.Contains(out, "others") {
		t.Errorf("an old state file is called new:\n%s", out)
	}

	if _, out = in([]string{"CT_PROJECT_ID=demo"}, "parked", "list"); strings.Contains(out, "others") {
		t.Errorf("another project's state file:\n%s", out)
	}
}

func TestParkedOutOfReach(t *testing.T) {
	t.Parallel()

	s := newShop(t, 1, klaviyotest.Options{}, asItIs)
	message, _ := created(t, 0)

	none := filepath.Join(t.TempDir(), "none.db")
	if err := os.WriteFile(none, []byte(strings.Repeat("not a database. ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}

	const subscription = "projects/my-project/subscriptions/parked"

	for name, tt := range map[string]struct {
		env  []string
		args []string
		code int
		want []string
	}{
		"the demo shop's": {nil, []string{"parked", "replay", "--state", park(t, message)}, exitUse, []string{"CT_API_URL is required", "messages of the demo shop can't be replayed: it is gone with its process"}},
		"no state file":   {s.env, []string{"parked", "list", "--state", none}, exitUse, []string{none, "isn't a state file", "--state"}},
		"nor for run":     {s.env, []string{"run", "--state", none}, exitUse, []string{none, "isn't a state file", "--state"}},
		"no credentials": {
			append(s.env, "PARKED_SUBSCRIPTION="+subscription, "GOOGLE_APPLICATION_CREDENTIALS="+none+"s"),
			[]string{"parked", "list"},
			exitStopped,
			[]string{subscription, "gcloud auth application-default login"},
		},
		"no credentials to park": {
			append(s.env, "PARKED_TOPIC=parked", "GOOGLE_CLOUD_PROJECT=my-project", "GOOGLE_APPLICATION_CREDENTIALS="+none+"s"),
			[]string{"serve"},
			exitStopped,
			[]string{"projects/my-project/topics/parked", "gcloud auth application-default login"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			code, out := finish(t, local(t, tt.env, tt.args...))
			if code != tt.code {
				t.Errorf("exit %d, want %d", code, tt.code)
			}

			wantIn(t, out, tt.want...)
		})
	}
}

func TestUnknownFunction(t *testing.T) {
	t.Parallel()

	url, _ := serve(t, newShop(t, 1, klaviyotest.Options{}, asItIs).env)

	for path, want := range map[string]string{
		"/customerevents": "/CustomerEvents, /OrderEvents", "/sync": "/CustomerEvents", "/a/b": "see /openapi.yaml",
	} {
		status, answer := call(t, http.MethodPost, url+path, "{}")
		if status != http.StatusNotFound || !strings.Contains(string(answer), want) || !strings.Contains(string(answer), `"not_found"`) {
			t.Errorf("%s: %d %s, want 404 and %q", path, status, answer, want)
		}
	}

	if status, _ := call(t, http.MethodGet, url+"/openapi.yaml", ""); status != http.StatusOK {
		t.Errorf("/openapi.yaml: %d", status)
	}
}

func TestCalledAs(t *testing.T) {
	t.Parallel()

	for program, want := range map[string]string{
		"bin/local": "bin/local", "local": "local", "/tmp/go-build123/b001/exe/local": "go run ./functions/local",
	} {
		if got := calledAs(program); got != want {
			t.Errorf("%s: %q, want %q", program, got, want)
		}
	}
}
