package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"github.com/spf13/cobra"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// TestReadmeCommands runs the READMEs' commands in their order, each block in a shell of its own, and all with one small shop.
func TestReadmeCommands(t *testing.T) {
	t.Parallel()

	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal(err)
	}

	s := newShopOf(t, commercetoolstest.Size{Customers: 200, Orders: 100, Products: 10, Categories: 40}, klaviyotest.Options{}, asItIs)
	url, _ := serve(t, s.env, "--state", filepath.Join(t.TempDir(), "state.db"))
	dir := readmeFolder(t)

	topics := pstest.NewServer()
	t.Cleanup(func() { _ = topics.Close() })
	openParked(t, topics, "my-shop-123456", "ctk-prod-orderevents-dead")

	for _, path := range []string{"README.md", "terraform/README.md"} {
		for _, block := range blocks(t, path) {
			c := exec.CommandContext(t.Context(), shell, "-c",
				"set -emo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n"+block)
			c.Dir, c.WaitDelay = dir, time.Second
			c.Env = append(s.env, "PUBSUB_EMULATOR_HOST="+topics.Addr, "PATH="+filepath.Join(dir, "path"), "HOME="+dir, curlBase+"="+url, "GORACE=atexit_sleep_ms=0")

			if code, out := finish(t, c); code != 0 || strings.Contains(out, "command not found") {
				t.Errorf("%s: exit %d of\n%s\n%s", path, code, block, out)
			}
		}
	}
}

// openParked makes a topic and the subscription that keeps its messages.
func openParked(t *testing.T, topics *pstest.Server, project, name string) {
	t.Helper()

	topic := "projects/" + project + "/topics/" + name
	if _, err := topics.GServer.CreateTopic(t.Context(), &pubsubpb.Topic{Name: topic}); err != nil {
		t.Fatal(err)
	}

	_, err := topics.GServer.CreateSubscription(t.Context(), &pubsubpb.Subscription{
		Name: "projects/" + project + "/subscriptions/" + name, Topic: topic, AckDeadlineSeconds: 60,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// blocks returns the shell's blocks of a README. No other block may hold a command.
func blocks(t *testing.T, path string) []string {
	t.Helper()

	var found []string

	for _, block := range regexp.MustCompile("(?ms)^( *)```(\\w*)\n(.*?)^ *```$").FindAllStringSubmatch(readme(t, path), -1) {
		text := strings.ReplaceAll("\n"+block[3], "\n"+block[1], "\n")

		if block[2] == "sh" {
			found = append(found, text)
		} else if regexp.MustCompile(`(?m)^(\$ )?(go|make|curl|bin/local|terraform|gcloud) \w`).MatchString(text) {
			t.Errorf("%s: a block with commands is not marked as sh:%s", path, text)
		}
	}

	if found == nil {
		t.Errorf("%s has no block of commands", path)
	}

	return found
}

// TestReadmeFlags: the flags that the READMEs' text names are there.
func TestReadmeFlags(t *testing.T) {
	t.Parallel()

	for _, path := range []string{"README.md", "terraform/README.md"} {
		for _, span := range regexp.MustCompile("`[^`\n]+`").FindAllString(readme(t, path), -1) {
			for _, flag := range regexp.MustCompile(`[ \x60]--([a-z-]+)`).FindAllStringSubmatch(span, -1) {
				// The first is gcloud's, the second cobra's.
				if !slices.Contains([]string{"auto-ack", "help"}, flag[1]) && !hasFlag(command(), flag[1]) {
					t.Errorf("%s: %s: no command has --%s", path, span, flag[1])
				}
			}
		}
	}
}

// hasFlag tells whether a command or one below it has a flag.
func hasFlag(c *cobra.Command, name string) bool {
	return c.Flags().Lookup(name) != nil || c.PersistentFlags().Lookup(name) != nil ||
		slices.ContainsFunc(c.Commands(), func(below *cobra.Command) bool { return hasFlag(below, name) })
}
