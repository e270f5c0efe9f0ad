package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/bulk/embedded"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/loggingtest"
)

// asCommand makes the test binary be the command: a process of its own that a test can start, watch and kill.
const asCommand = "CTKLAVIYO_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	switch os.Getenv(asCommand) {
	case "":
		os.Exit(m.Run())
	case withoutLimits:
		if err := serveWithoutLimits(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(exitStopped)
		}
	case importsWithoutLimits:
		if err := serveImportsWithoutLimits(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(exitStopped)
		}
	case asFunction:
		if err := serveFunction(os.Getenv("PORT")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(exitStopped)
		}
	case asCurl:
		if err := curl(os.Args[1:], os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(exitFailedRecords)
		}
	default:
		main()
	}

	os.Exit(0)
}

// shop is a commercetools and a Klaviyo in the test's process; the command under test is in another.
type shop struct {
	ct *commercetoolstest.Server
	kl *klaviyotest.Server
	// env is what points a command at them.
	env []string
}

func newShop(tb testing.TB, customers int, options klaviyotest.Options, klaviyo func(http.Handler) http.Handler) *shop {
	tb.Helper()

	return newShopOf(tb, commercetoolstest.Size{Customers: customers}, options, klaviyo)
}

func newShopOf(
	tb testing.TB, size commercetoolstest.Size, options klaviyotest.Options, klaviyo func(http.Handler) http.Handler,
) *shop {
	tb.Helper()

	options.Key = demoKey
	s := &shop{ct: commercetoolstest.NewServer(demoProject), kl: klaviyotest.New(options)}
	s.ct.Fill(commercetoolstest.NewShop(demoSeed, size))

	ct, kl := httptest.NewServer(s.ct), httptest.NewServer(klaviyo(s.kl))
	tb.Cleanup(ct.Close)
	tb.Cleanup(kl.Close)

	d := demo{ctURL: ct.URL, klURL: kl.URL}
	for name, value := range d.environment() {
		s.env = append(s.env, name+"="+value)
	}

	s.env = slices.Clip(s.env) // tests append to it, each for itself

	return s
}

func asItIs(h http.Handler) http.Handler { return h }

// wantAll fails unless Klaviyo has every customer, and none twice. It returns how many were sent more than once.
func (s *shop) wantAll(tb testing.TB, customers int) (again int) {
	tb.Helper()

	seen := map[any]bool{}

	for _, p := range s.kl.Profiles() {
		id := p.Attributes["external_id"]
		if seen[id] {
			tb.Errorf("customer %v is there twice", id)
		}

		seen[id] = true

		if p.Imports > 1 {
			again++
		}
	}

	if len(seen) != customers {
		tb.Errorf("Klaviyo has %d profiles, want %d", len(seen), customers)
	}

	return again
}

// local prepares the command with nothing but these variables in its environment. What it logs is read; who collects its
// Stderr instead reads that, by readLog.
func local(tb testing.TB, env []string, args ...string) *exec.Cmd {
	tb.Helper()

	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}

	c := exec.CommandContext(tb.Context(), self, args...)
	// Else each command of a test with the race detector ends a second late.
	c.Env = append([]string{asCommand + "=1", "HOME=" + tb.TempDir(), "GORACE=atexit_sleep_ms=0"}, env...)
	c.Dir = tb.TempDir()
	c.Stderr = loggingtest.Writer(tb)

	return c
}

// finish runs the command to its end.
func finish(tb testing.TB, c *exec.Cmd) (code int, output string) {
	tb.Helper()

	var out bytes.Buffer

	c.Stdout, c.Stderr = &out, &out

	err := c.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		tb.Fatal(err)
	}

	readLog(tb, out.String())

	return c.ProcessState.ExitCode(), out.String()
}

// readLog reads the lines of log in what a command has put out; the rest is for the person who called it.
func readLog(tb testing.TB, output string) {
	tb.Helper()

	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, `{"time":`) {
			loggingtest.Check(tb, line)
		}
	}
}

// serve starts `serve` and returns its address.
func serve(tb testing.TB, env []string, args ...string) (url string, c *exec.Cmd) {
	tb.Helper()

	c = local(tb, append(env, "PORT=0"), append([]string{"serve"}, args...)...)

	out, err := c.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}

	if err := c.Start(); err != nil {
		tb.Fatal(err)
	}

	tb.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})

	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, rest, ok := strings.Cut(lines.Text(), "serving at "); ok {
			url, _, _ = strings.Cut(rest, ": ")

			go func() { _, _ = io.Copy(io.Discard, out) }()

			return url, c
		}
	}

	tb.Fatal("serve did not say where")

	return "", nil
}

// call sends a request and returns the answer.
func call(tb testing.TB, method, url, body string) (status int, answer []byte) {
	tb.Helper()

	req, err := http.NewRequestWithContext(tb.Context(), method, url, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}

	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close()

	answer, err = io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}

	return resp.StatusCode, answer
}

func TestDemo(t *testing.T) {
	t.Parallel()

	code, out := finish(t, local(t, nil, "run"))
	if code != 0 {
		t.Errorf("exit %d, want 0", code)
	}

	first, _, _ := strings.Cut(out, "\n")
	if !strings.HasPrefix(first, "demo shop:") {
		t.Errorf("the first line is %q, want that it names the demo shop", first)
	}

	wantIn(t, out, "│ categories │ done   │   40 │   40 │      0 │", "│ products   │ done   │  277 │  277 │      0 │",
		"│ customers  │ done   │ 2000 │ 2000 │      0 │", "│ orders     │ done   │ 3000 │ 2955 │      0 │")
	wantRealtime(t, out)
}

// wantRealtime fails unless each message was acknowledged, and Klaviyo has what it is about.
func wantRealtime(t *testing.T, out string) {
	t.Helper()

	for _, message := range []string{
		"CustomerCreated", "customer ResourceUpdated", "CustomerCreated, once more", "CategoryCreated", "category ResourceUpdated",
		"ProductPublished", "ProductUnpublished", "inventory-entry ResourceUpdated", "OrderCreated", "OrderStateChanged to Confirmed",
		"OrderStateChanged to Cancelled", "PaymentTransactionAdded",
	} {
		if !regexp.MustCompile(`\n  ` + message + `[^\n]*-> 204 in `).MatchString(out) {
			t.Errorf("%s was not acknowledged:\n%s", message, out)
		}
	}

	for _, has := range []string{
		`2\d\d\d profiles`, `events: .*Cancelled Order \d{3}, Fulfilled Order \d{4}, Ordered Product \d{4}, Placed Order \d{4}, Refunded Order \d{4}`,
		`catalog: \d+ items, \d+ variants, \d+ categories`, `"last_name": "Realtime"`, `"metric": "Placed Order"`, `"ItemNames"`, `"…": "and \d+ more"`,
	} {
		if !regexp.MustCompile(has).MatchString(out) {
			t.Errorf("the output lacks %s:\n%s", has, out)
		}
	}
}

func TestWrongUse(t *testing.T) {
	t.Parallel()

	s := newShop(t, 1, klaviyotest.Options{}, asItIs)
	withoutKey := slices.DeleteFunc(slices.Clone(s.env), func(v string) bool { return strings.HasPrefix(v, "KLAVIYO_AUTH_KEY=") })

	for name, c := range map[string]struct {
		env, args []string
		want      []string
	}{
		"all that is missing":   {[]string{"CT_API_URL=nonsense"}, []string{"run"}, []string{"CT_API_URL: must be", "CT_AUTH_URL is required", "CT_PROJECT_ID is required", "CT_API_CLIENT is required", "KLAVIYO_AUTH_KEY is required"}},
		"the port and the rest": {[]string{"CT_API_URL=nonsense", "PORT=no"}, []string{"serve"}, []string{"PORT: must be a number", "CT_API_URL: must be"}},
		"no time":               {nil, []string{"run", "--since", ""}, []string{"--since"}},
		"set to nothing":        {[]string{"CT_API_URL=", "KLAVIYO_AUTH_KEY="}, []string{"run"}, []string{"CT_API_URL is required", "KLAVIYO_AUTH_KEY is required"}},
		"a path as project":     {append(s.env, "CT_PROJECT_ID=../x"), []string{"run"}, []string{"CT_PROJECT_ID: must be a project key"}},
		"negative customers":    {nil, []string{"demo", "--customers", "-5"}, []string{"--customers"}},
		"negative categories":   {nil, []string{"demo", "--categories", "-1"}, []string{"--categories"}},
		"no ids":                {nil, []string{"run", "--ids", ""}, []string{"--ids: must name at least one id"}},
		"a part of them":        {withoutKey, []string{"serve"}, []string{"not the demo shop, since CT_API_CLIENT is set; ", "KLAVIYO_AUTH_KEY is required"}},
		"config":                {append(s.env, `CONFIG_JSON={"order":{"metrics":{"placed":1}}}`), []string{"run"}, []string{"CONFIG_JSON: order.metrics.placed: unknown key"}},
		"config, demo":          {[]string{"CONFIG_ENV=nowhere"}, []string{"run"}, []string{"CONFIG_ENV: there is no config/nowhere.json"}},
		"unknown resource":      {nil, []string{"run", "carts"}, []string{`"carts"`, "customers"}},
		"unknown flag":          {nil, []string{"run", "--fast"}, []string{"--fast"}},
		"since":                 {nil, []string{"run", "--since", "yesterday"}, []string{"--since", "2026-01-01T00:00:00Z"}},
		"ids and since":         {nil, []string{"run", "--ids", "043cf898-d6f7-4572-b0c9-7e65a577069e", "--since", "2026-01-01T00:00:00Z"}, []string{"--since: does not go with ids"}},
		"unknown command":       {nil, []string{"import"}, []string{`"import"`}},
		"port":                  {[]string{"PORT=no"}, []string{"serve"}, []string{"PORT"}},
		"arguments to serve":    {nil, []string{"serve", "customers"}, []string{`"customers"`}},
		"state is a directory":  {nil, []string{"run", "--state", "/"}, []string{"/"}},
		"state is not there":    {nil, []string{"parked", "list", "--state", "typo.db"}, []string{"--state", "typo.db", "no such file"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			code, out := finish(t, local(t, c.env, c.args...))
			if code != exitUse {
				t.Errorf("exit %d, want %d", code, exitUse)
			}

			wantIn(t, out, c.want...)

			if strings.Contains(out, demoKey) || strings.Contains(out, commercetoolstest.ClientSecret) {
				t.Errorf("the output holds a secret:\n%s", out)
			}
		})
	}
}

func wantIn(t *testing.T, out string, want ...string) {
	t.Helper()

	for _, w := range want {
		if !strings.Contains(out, w) {
			t.Errorf("the output lacks %q:\n%s", w, out)
		}
	}
}

// TestCannotGoOn has credentials that Klaviyo refuses.
func TestCannotGoOn(t *testing.T) {
	t.Parallel()

	s := newShop(t, 10, klaviyotest.Options{}, asItIs)

	code, out := finish(t, local(t, append(s.env, "KLAVIYO_AUTH_KEY=pk_wrong"), "run", "customers"))
	if code != exitStopped {
		t.Errorf("exit %d, want %d", code, exitStopped)
	}

	wantIn(t, out, "could not go on: klaviyo: POST /api/profile-bulk-import-jobs: status 401", "`doctor`")
}

func TestDryRun(t *testing.T) {
	t.Parallel()

	s := newShop(t, 700, klaviyotest.Options{}, asItIs)

	code, out := finish(t, local(t, s.env, "run", "--dry-run"))
	if code != 0 || !strings.Contains(out, "700 sent") {
		t.Errorf("exit %d:\n%s", code, out)
	}

	if n := s.kl.Requests(); n != 0 {
		t.Errorf("a dry run made %d requests to Klaviyo", n)
	}
}

func TestOnlySomeIDs(t *testing.T) {
	t.Parallel()

	s := newShop(t, 700, klaviyotest.Options{}, asItIs)

	var ids []string

	for _, raw := range commercetoolstest.Customers(demoSeed, 3) {
		c, err := commercetools.Decode[commercetools.Customer](raw)
		if err != nil {
			t.Fatal(err)
		}

		ids = append(ids, c.ID)
	}

	unknown := "00000000-0000-4000-8000-000000000000"

	code, out := finish(t, local(t, s.env, "run", "customers", "--ids", strings.Join(append(ids, unknown), ",")))
	if code != exitFailedRecords {
		t.Errorf("exit %d, want %d", code, exitFailedRecords)
	}

	wantIn(t, out, "3 sent, 1 failed", unknown+": commercetools has no such customer")
	s.wantAll(t, len(ids))
}

// TestKilled kills an import in the middle, without any warning, and starts it again.
func TestKilled(t *testing.T) {
	t.Parallel()

	const customers = 25_000

	sent := make(chan struct{}, 100)
	s := newShop(t, customers, klaviyotest.Options{}, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(w, r)

			if r.Method == http.MethodPost {
				sent <- struct{}{} // the batch is in Klaviyo, and the answer under way
			}
		})
	})
	state := filepath.Join(t.TempDir(), "state.db")

	first := local(t, s.env, "run", "customers", "--state", state)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}

	<-sent
	<-sent

	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}

	_ = first.Wait()

	if n := len(s.kl.Profiles()); n == 0 || n >= customers {
		t.Fatalf("killed with %d profiles, want that it was in the middle", n)
	}

	code, out := finish(t, local(t, s.env, "run", "customers", "--state", state))
	if code != 0 || !strings.Contains(out, "going on with the interrupted import") {
		t.Errorf("exit %d:\n%s", code, out)
	}

	if !strings.Contains(out, fmt.Sprintf("%d sent, 0 failed", customers)) {
		t.Errorf("the counts are off:\n%s", out)
	}

	again := s.wantAll(t, customers)
	t.Logf("%d of %d customers were sent a second time, to the same profile", again, customers)
}

// TestInterruptedOtherwise: an interrupted dry run must not pass for an import, nor the other way round.
func TestInterruptedOtherwise(t *testing.T) {
	t.Parallel()

	s := newShop(t, 700, klaviyotest.Options{}, asItIs)
	state := filepath.Join(t.TempDir(), "state.db")

	store, err := embedded.Open(state)
	if err != nil {
		t.Fatal(err)
	}

	_, err = store.UpdateRun(t.Context(), bulk.Customers, func(r *bulk.Run) error {
		return r.Start("the-run", bulk.Options{DryRun: true}, time.Now())
	})
	if err != nil {
		t.Fatal(err)
	}

	if err := store.Close(); err != nil {
		t.Fatal(err)
	}

	code, out := finish(t, local(t, s.env, "run", "customers", "--state", state))
	if code != exitUse {
		t.Errorf("exit %d, want %d", code, exitUse)
	}

	wantIn(t, out, "with other options was interrupted; to go on with it: ", " run customers --dry-run --state "+state+"; to drop it, add --restart")

	code, out = finish(t, local(t, s.env, "run", "customers", "--restart", "--state", state))
	if code != 0 {
		t.Errorf("exit %d, want 0", code)
	}

	wantIn(t, out, "700 sent, 0 failed")
	s.wantAll(t, 700)
}

// TestInterruptedLongAgo: an import whose lease has run out goes on as well, and does not begin anew.
func TestInterruptedLongAgo(t *testing.T) {
	t.Parallel()

	s := newShop(t, 700, klaviyotest.Options{}, asItIs)
	state := filepath.Join(t.TempDir(), "state.db")

	store, err := embedded.Open(state)
	if err != nil {
		t.Fatal(err)
	}

	_, err = store.UpdateRun(t.Context(), bulk.Customers, func(r *bulk.Run) error {
		return r.Start("the-run", bulk.Options{}, time.Now().Add(-24*time.Hour))
	})
	if err != nil {
		t.Fatal(err)
	}

	if err := store.Close(); err != nil {
		t.Fatal(err)
	}

	code, out := finish(t, local(t, s.env, "run", "customers", "--state", state))
	if code != 0 {
		t.Errorf("exit %d, want 0", code)
	}

	wantIn(t, out, "going on with the interrupted import the-run", "700 sent, 0 failed")
}

// TestServe sends messages to the realtime function, and shows that one that can't be read is kept.
func TestServe(t *testing.T) {
	t.Parallel()

	s := newShop(t, 3, klaviyotest.Options{}, asItIs)
	state := filepath.Join(t.TempDir(), "state.db")
	url, c := serve(t, append(s.env, "LOG_LEVEL=error"), "--state", state)

	raw := commercetoolstest.Customers(demoSeed, 1)[0]

	customer, err := commercetools.Decode[commercetools.Customer](raw)
	if err != nil {
		t.Fatal(err)
	}

	created := `{"notificationType":"Message","type":"CustomerCreated","resource":{"typeId":"customer","id":"` + customer.ID + `"},"customer":` + string(raw) + `}`

	for what, body := range map[string]string{"a message": created, "nonsense": "nonsense"} {
		if status, answer := call(t, http.MethodPost, url+"/CustomerEvents", body); status != http.StatusNoContent {
			t.Errorf("%s: %d %s, want 204", what, status, answer)
		}
	}

	for path, want := range map[string]int{"/": 404, "/sync/status": 200, "/BulkSync/sync/status": 200, "/sync/carts": 404} {
		if status, answer := call(t, http.MethodGet, url+path, ""); status != want {
			t.Errorf("GET %s: %d %s, want %d", path, status, answer, want)
		}
	}

	s.wantAll(t, 1)

	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}

	if err := c.Wait(); err != nil {
		t.Errorf("serve ended with %v, want 0", err)
	}

	store, err := embedded.Open(state)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = store.Close() })

	parked, err := store.Parked(t.Context())
	if err != nil || len(parked) != 1 || string(parked[0].Data) != "nonsense" || parked[0].Attributes["reason"] != "unreadable" {
		t.Errorf("parked = %+v %v, want the nonsense", parked, err)
	}
}
