package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// notRun are the commands of the READMEs that do nothing in the test, and why. Every other one runs.
func notRun() map[string]string {
	return map[string]string{
		"gcloud":    "it needs an account of Google's",
		"terraform": "it needs a project of Google's; make terraform validates and tests the configuration",
		"make":      "the test makes sure that there is the target; make check is its caller",
		"git":       "it needs a network",
		"jq":        "it gets only what gcloud and terraform print",
		"base64":    "as jq",
	}
}

// asTheyAre are the tools that run as they are.
func asTheyAre() []string { return []string{"cat", "cp", "rm", "sleep"} }

// Where a command of a README goes in the test: `serve` ends when it has said where, a demo shop is small, nobody is there to
// say yes, and curl is this test binary.
const (
	readmeLocal = `#!/bin/sh
export CTKLAVIYO_TEST_AS_COMMAND=1
case "$1 $2" in
serve*)
	PORT=0 SELF "$@" >serve.out &
	until case "$(cat serve.out)" in *"serving at"*) ;; *) false ;; esac; do kill -0 $! && sleep 0.1 || exit; done
	kill $! && wait $! ;;
demo*) exec SELF "$@" --customers 200 --orders 100 --products 10 ;;
"subscriptions apply" | "subscriptions delete") exec SELF "$@" --yes ;;
*) exec SELF "$@" ;;
esac
`
	readmeGo = `#!/bin/sh
case "$*" in
"build -o bin/local ./functions/local") ;;
"run ./functions/local "*) shift 2 && exec LOCAL "$@" ;;
*) echo "go $*: this test doesn't know it" >&2 && exit 1 ;;
esac
`
	readmeMake = `#!/bin/sh
case " TARGETS " in *" $1 "*) ;; *) echo "make $1: there is no such target" >&2 && exit 1 ;; esac
`
	readmeCurl = `#!/bin/sh
CTKLAVIYO_TEST_AS_COMMAND=` + asCurl + ` exec SELF "$@"
`
	// asCurl makes the test binary be curl, and curlBase is where all its requests go.
	asCurl, curlBase = "curl", "CTKLAVIYO_TEST_CURL"
)

// readmeFolder is where the commands run: with the files that the READMEs speak of, and the only tools there are in path/.
func readmeFolder(t *testing.T) string {
	t.Helper()

	dir := t.TempDir()

	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}

	var targets []string
	for _, target := range regexp.MustCompile(`(?m)^([a-z]+):.*## `).FindAllStringSubmatch(readme(t, "Makefile"), -1) {
		targets = append(targets, target[1])
	}

	files := map[string]string{
		"bin/local": readmeLocal,
		"path/go":   readmeGo, "path/make": readmeMake, "path/curl": readmeCurl,
		"terraform.tfvars.example": readme(t, "terraform/terraform.tfvars.example"),
		"backend.tf.example":       readme(t, "terraform/backend.tf.example"),
	}

	for name := range notRun() {
		if name != "make" {
			files["path/"+name] = "#!/bin/sh\n"
		}
	}

	fill := strings.NewReplacer("SELF", self, "LOCAL", filepath.Join(dir, "bin/local"), "TARGETS", strings.Join(targets, " "))

	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(fill.Replace(text)), 0o700)); err != nil {
			t.Fatal(err)
		}
	}

	for _, name := range asTheyAre() {
		path, err := exec.LookPath(name)
		if err := errors.Join(err, os.Symlink(path, filepath.Join(dir, "path", name))); err != nil {
			t.Fatal(err)
		}
	}

	return dir
}

// curl sends the request that curl would, but to the server at curlBase. An answer that is no success is an error, but for
// those that depend on how fast an import is.
func curl(args []string, out io.Writer) error {
	method, path, body := http.MethodGet, "", ""

	for i := 0; i < len(args); i++ {
		switch args[i] {
		case "-X":
			i++
			method = args[i]
		case "-d":
			i++
			body = args[i]
			method = strings.Replace(method, http.MethodGet, http.MethodPost, 1)
		case "-H":
			i++
		case "-i", "-s", "-f", "-sS":
		default:
			path = regexp.MustCompile(`^(https?://)?[^/]*`).ReplaceAllString(args[i], "")
		}
	}

	req, err := http.NewRequest(method, os.Getenv(curlBase)+path, strings.NewReader(body)) //nolint:noctx // a command of its own
	if err != nil {
		return err
	}

	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()

	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}

	tooFast := strings.Contains(string(answer), `"code":"already_running"`) || strings.Contains(string(answer), `"code":"not_running"`)
	if resp.StatusCode >= http.StatusBadRequest && !tooFast {
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, answer)
	}

	_, err = out.Write(answer)

	return err
}
