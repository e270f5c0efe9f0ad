package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

func TestParseDotEnv(t *testing.T) {
	t.Parallel()

	const secret = "s3cret"

	for name, tt := range map[string]struct {
		text string
		want map[string]string
		// problem is what the error says; "" without one.
		problem string
	}{
		"plain":                     {"A=1\nB_2 = two\n\n# C=3\nexport D=4", map[string]string{"A": "1", "B_2": "two", "D": "4"}, ""},
		"quotes":                    {`A='with # and $'` + "\n" + `B="with 'quotes'"` + "\n" + `C={"clientId":"x","secret":"y"} # comment`, map[string]string{"A": "with # and $", "B": "with 'quotes'", "C": `{"clientId":"x","secret":"y"}`}, ""},
		"as Windows saves it":       {"\ufeffA=1\r\nB='2'\r\n", map[string]string{"A": "1", "B": "2"}, ""},
		"empty values":              {"A=\nB=''", map[string]string{"A": "", "B": ""}, ""},
		"empty file":                {"", map[string]string{}, ""},
		"the last one counts":       {"A=1\nA=2", map[string]string{"A": "2"}, ""},
		"no name":                   {"A=1\n=" + secret, nil, ".env:2: must be NAME=value"},
		"no sign":                   {secret, nil, ".env:1: must be NAME=value"},
		"as YAML":                   {"A: " + secret, nil, ".env:1: must be NAME=value"},
		"a name that is none":       {"1A=" + secret, nil, ".env:1: must be NAME=value"},
		"a quote that isn't closed": {"A=1\nB='" + secret + "\nC=3", nil, ".env:2: must be NAME=value"},
		"more behind the quotes":    {"A='" + secret + "'" + secret, nil, ".env:1: must be NAME=value"},
		"two on a line":             {"A='1' B=" + secret, nil, ".env:1: must be NAME=value"},
		"a dollar":                  {"A=" + secret + "$x", nil, ".env:1: the value has a $"},
		"a dollar in double quotes": {`A="` + secret + `$x"`, nil, ".env:1: the value has a $"},
		"a backslash":               {`A="` + secret + `\""`, nil, ".env:1: the value has a $ or a backslash"},
		"all problems at once":      {secret + "\nA=1\n" + secret, nil, ".env:3: must be"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, err := parseDotEnv(tt.text)

			switch {
			case tt.problem == "":
				if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
					t.Errorf("%v, (-want +got):\n%s", err, diff)
				}
			case err == nil || !strings.Contains(err.Error(), tt.problem):
				t.Errorf("error = %v, want %s", err, tt.problem)
			case strings.Contains(err.Error(), secret):
				t.Errorf("the error quotes the value: %v", err)
			}
		})
	}
}

// TestDotEnv has the shop's variables in .env, and not in the environment: every command finds them there.
func TestDotEnv(t *testing.T) {
	t.Parallel()

	s := newShop(t, 3, klaviyotest.Options{}, asItIs)

	lines := make([]string, len(s.env))
	for i, v := range s.env {
		name, value, _ := strings.Cut(v, "=")
		lines[i] = name + "='" + value + "'"
	}

	file := strings.Join(slices.Sorted(slices.Values(lines)), "\n")

	for name, tt := range map[string]struct {
		file string
		env  []string
		args []string
		code int
		want []string
	}{
		"run":            {file, nil, []string{"run", "customers"}, 0, []string{".env: taken: CT_API_CLIENT, ", "3 sent"}},
		"what is set":    {file, []string{"KLAVIYO_AUTH_KEY=pk_wrong"}, []string{"run", "customers"}, exitStopped, []string{"KLAVIYO_API_URL, PREFERRED_CURRENCY", "set already: KLAVIYO_AUTH_KEY\n", "status 401"}},
		"set to nothing": {file, []string{"KLAVIYO_AUTH_KEY="}, []string{"run"}, exitUse, []string{"set already: KLAVIYO_AUTH_KEY", "KLAVIYO_AUTH_KEY is required"}},
		"send":           {file, nil, []string{"send", "message.json"}, 0, []string{".env: taken: CT_API_CLIENT, ", "nothing to do"}},
		"parked":         {file, nil, []string{"parked", "list"}, 0, []string{".env: taken: CT_API_CLIENT, ", "nothing is parked"}},
		"replay":         {file, nil, []string{"parked", "replay"}, 0, []string{".env: taken: CT_API_CLIENT, ", "0 done"}},
		"subscriptions":  {file, nil, []string{"subscriptions", "list"}, 0, []string{".env: taken: CT_API_CLIENT, ", "0 subscriptions"}},
		"prefix":         {file + "\nSUBSCRIPTIONS_PREFIX=ctk-test", nil, []string{"subscriptions", "list"}, 0, []string{", SUBSCRIPTIONS_PREFIX\n", "of the prefix ctk-test"}},
		"broken":         {file + "\nnonsense " + demoKey, nil, []string{"run"}, exitUse, []string{".env:10: must be NAME=value"}},
		"misspelt":       {file + "\nCT_API_CLENT=x\nPREFERRED_LOCAL=en", nil, []string{"doctor"}, 0, []string{".env: nothing reads CT_API_CLENT, PREFERRED_LOCAL; is a name misspelt?\n", "skipped  CT_API_CLENT: nothing reads it"}},
		"version":        {"nonsense", nil, []string{"version"}, 0, []string{"ctklaviyo "}},
		"help":           {"nonsense", nil, []string{"run", "--help"}, 0, []string{"--since"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			c := local(t, tt.env, tt.args...)
			for name, text := range map[string]string{
				dotEnv: tt.file, "message.json": `{"notificationType":"ResourceDeleted","resource":{"typeId":"order","id":"x1"}}`,
			} {
				if err := os.WriteFile(filepath.Join(c.Dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}

			code, out := finish(t, c)
			if code != tt.code || strings.Contains(out, demoKey) {
				t.Errorf("exit %d, want %d and no secret:\n%s", code, tt.code, out)
			}

			wantIn(t, out, tt.want...)
		})
	}
}

// TestDotEnvThatIsNone has a folder where the file should be.
func TestDotEnvThatIsNone(t *testing.T) {
	t.Parallel()

	c := local(t, nil, "run")
	if err := os.Mkdir(filepath.Join(c.Dir, dotEnv), 0o700); err != nil {
		t.Fatal(err)
	}

	if code, out := finish(t, c); code != exitUse || !strings.Contains(out, dotEnv) {
		t.Errorf("exit %d, want %d and what it is about:\n%s", code, exitUse, out)
	}
}

// TestHelp: every command has examples, and run tells of all its flags and of every field of a report.
func TestHelp(t *testing.T) {
	t.Parallel()

	all := []string{"", "run", "serve", "demo", "parked", "parked list", "parked replay", "parked drop", "send", "preview", "doctor", "subscriptions", "subscriptions apply", "subscriptions list", "subscriptions delete", "version"}

	for _, name := range all {
		c, _, err := command().Find(strings.Fields(name))
		if err != nil || c.Short == "" || c.Long == "" || !strings.Contains(c.Example, "local") {
			t.Errorf("local %s: %v, want that it has a short text, a long one and an example: %+v", name, err, c.UseLine())
		}
	}

	run, _, err := command().Find([]string{"run"})
	if err != nil {
		t.Fatal(err)
	}

	flags := run.Flags().FlagUsages()
	wantIn(t, flags, "--ids", "--since", "26h", "--start-id", "--restart", "--dry-run", "--json")

	for _, field := range slices.Sorted(maps.Keys(fieldsOf(t, report{}))) {
		wantIn(t, run.Long, field)
	}
}
