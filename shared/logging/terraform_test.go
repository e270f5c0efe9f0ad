package logging_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/logging"
)

// Terraform's metrics, its alerts and what they say read the lines of the functions. A field or a message that is renamed
// here or there ends an alert in silence.
func TestTerraformReadsTheseNames(t *testing.T) {
	t.Parallel()

	read := readings(t)

	for what, names := range map[string]struct {
		// every is what must be read; also is what may be.
		every, also []string
	}{
		"message": {[]string{
			logging.MessageHandled, logging.TaskHandled, logging.ImportFailed, logging.SyncFailed, logging.LockNotReleased,
		}, nil},
		"field": {[]string{
			logging.FunctionKey, logging.OutcomeKey, logging.ReasonKey, logging.MillisecondsKey, logging.RequestsKey, logging.AttemptKey,
			logging.TypeKey, logging.ResourceKey, logging.RunKey, logging.ShardKey,
		}, []string{"message", logging.ResourceIDKey, logging.ResourceTypeKey, logging.PageKey, logging.ErrorKey}},
		"outcome": {[]string{logging.Later}, []string{logging.Done, logging.Parked, logging.CutOff}},
		"reason":  {[]string{logging.NotConfigured, logging.Panicked}, nil},
	} {
		got := read[what]
		for _, name := range names.also {
			delete(got, name)
		}

		if diff := cmp.Diff(slices.Sorted(slices.Values(names.every)), slices.Sorted(maps.Keys(got))); diff != "" {
			t.Errorf("%ss (-the functions' +Terraform's):\n%s", what, diff)
		}
	}
}

var (
	// jsonPayload.outcome, and with a value jsonPayload.reason=(\"not_configured\" OR \"panic\").
	field = regexp.MustCompile(`jsonPayload\.(\w+)(?:=\(?((?:\\?"[^"\\\n]*\\?"(?: OR )?)+))?`)
	// The fields that EXTRACT(jsonPayload.${key}) goes through.
	list  = regexp.MustCompile(`(?m)(?:^\s*labels|^\s*for_each|for key in)[ =]*\[("[^\]]*)\]`)
	value = regexp.MustCompile(`[^"\\]*[^"\\ ,][^"\\]*`)
)

// readings are the names that Terraform's files and their README read, by what they are: a message, a field, the value of one.
func readings(t *testing.T) map[string]map[string]bool {
	t.Helper()

	read := map[string]map[string]bool{"message": {}, "field": {}, "outcome": {}, "reason": {}}

	for _, found := range field.FindAllStringSubmatch(terraform(t, "*.tf", "*/*/*.tf", "README.md"), -1) {
		read["field"][found[1]] = true

		for _, v := range value.FindAllString(found[2], -1) {
			if of := read[found[1]]; of != nil && v != " OR " {
				of[v] = true
			}
		}
	}

	for _, found := range list.FindAllStringSubmatch(terraform(t, "metrics.tf", "alerts.tf"), -1) {
		for _, v := range value.FindAllString(found[1], -1) {
			read["field"][v] = true
		}
	}

	return read
}

// terraform is the text of the files with these names.
func terraform(t *testing.T, patterns ...string) string {
	t.Helper()

	var all strings.Builder

	for _, pattern := range patterns {
		names, err := filepath.Glob(filepath.Join("../../terraform", pattern))
		if err != nil || len(names) == 0 {
			t.Fatalf("there is no terraform/%s: %v", pattern, err)
		}

		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}

			all.Write(text)
		}
	}

	return all.String()
}
