package main

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The table says who may call what. These are the grants that Terraform makes, no more and no less; terraform/tests pin whom
// they are for.
func TestReadmeSaysWhoMayCallWhat(t *testing.T) {
	t.Parallel()

	_, section, _ := strings.Cut(readme(t, "terraform/README.md"), "\n## Who may call what\n")
	table, _, _ := strings.Cut(section, "\n## ")

	granted, functions, invoked := map[string]bool{}, map[string]bool{}, map[string]bool{}

	for name, text := range terraformFiles(t) {
		for _, grant := range regexp.MustCompile(`(?m)^resource "(\w+_iam_\w+)" "(\w+)"`).FindAllStringSubmatch(text, -1) {
			granted[grant[1]+"."+grant[2]] = true
		}

		for _, function := range regexp.MustCompile(`(?m)^ *source += "./modules/function"(?s:.*?)^ *name += "(\w+)"`).FindAllStringSubmatch(text, -1) {
			functions[function[1]] = true
		}

		if regexp.MustCompile(`(?m)^  invokers += `).MatchString(text) && strings.Contains(text, `"./modules/function"`) {
			invoked[name] = true
		}
	}

	for what, c := range map[string]struct {
		want map[string]bool
		said *regexp.Regexp
	}{
		"grants":                               {granted, regexp.MustCompile("`(\\w+_iam_\\w+\\.\\w+)`")},
		"functions":                            {functions, regexp.MustCompile("`([A-Z][a-z]+[A-Z][a-z]+)`")},
		"functions with invokers of their own": {invoked, regexp.MustCompile("`invokers` in `(\\w+\\.tf)`")},
	} {
		said := map[string]bool{}
		for _, found := range c.said.FindAllStringSubmatch(table, -1) {
			said[found[1]] = true
		}

		if diff := cmp.Diff(slices.Sorted(maps.Keys(c.want)), slices.Sorted(maps.Keys(said))); diff != "" || len(said) == 0 {
			t.Errorf("%s (-Terraform's +the README's):\n%s", what, diff)
		}
	}
}

// Only two grants let somebody call a function, and no grant is for everybody.
func TestTerraformLetsInNobodyElse(t *testing.T) {
	t.Parallel()

	callers := map[string]int{}

	for name, text := range terraformFiles(t) {
		if n := strings.Count(text, `"roles/run.`); n > 0 {
			callers[name] = n
		}

		if everybody := regexp.MustCompile(`member\w* += .*"all(Authenticated)?Users"`).FindString(text); everybody != "" {
			t.Errorf("%s: everybody is let in: %s", name, everybody)
		}
	}

	if diff := cmp.Diff(map[string]int{"modules/function/main.tf": 1, "modules/trigger/main.tf": 1}, callers); diff != "" {
		t.Errorf("files that let somebody call a function (-want +got):\n%s", diff)
	}
}

// terraformFiles are the texts of the configuration, by their paths in it.
func terraformFiles(t *testing.T) map[string]string {
	t.Helper()

	all := map[string]string{}

	for _, pattern := range []string{"*.tf", "modules/*/*.tf"} {
		paths, err := filepath.Glob(filepath.Join(root, "terraform", pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no %s: %v", pattern, err)
		}

		for _, path := range paths {
			name, err := filepath.Rel(filepath.Join(root, "terraform"), path)
			if err != nil {
				t.Fatal(err)
			}

			all[name] = readme(t, filepath.Join("terraform", name))
		}
	}

	return all
}
