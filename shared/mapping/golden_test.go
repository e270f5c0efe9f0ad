package mapping_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write what comes out into the golden files")

// input is the archive of one case.
type input struct{ *txtar.Archive }

func (in input) index(name string) int {
	return slices.IndexFunc(in.Files, func(f txtar.File) bool { return f.Name == name })
}

func (in input) has(name string) bool { return in.index(name) >= 0 }

// decode reads a file of the archive, which must be there.
func (in input) decode(t *testing.T, name string, v any) {
	t.Helper()

	i := in.index(name)
	if i < 0 {
		t.Fatalf("%s is missing", name)
	}

	if err := json.Unmarshal(in.Files[i].Data, v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// optional reads a file of the archive into v, or leaves v as it is when there is none.
func (in input) optional(t *testing.T, name string, v any) {
	t.Helper()

	if in.has(name) {
		in.decode(t, name, v)
	}
}

// golden runs each *.txtar of a folder as a case. run returns the name of the file that it gives, and the value: text as
// it is, anything else as JSON. With -update the file is written (and one of another name with the result goes).
func golden(t *testing.T, dir string, run func(*testing.T, input) (string, any)) {
	t.Helper()

	paths, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases in %s (%v)", dir, err)
	}

	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()

			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}

			name, value := run(t, input{archive})
			got := txtar.File{Name: name, Data: text(t, value)}

			if *update {
				rewrite(t, path, archive, got)
				return
			}

			want := archive.Files[len(archive.Files)-1]
			if diff := cmp.Diff(want.Name+"\n"+string(want.Data), got.Name+"\n"+string(got.Data)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		})
	}
}

// rewrite puts the result at the archive's end, where every case has it.
func rewrite(t *testing.T, path string, archive *txtar.Archive, got txtar.File) {
	t.Helper()

	archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool {
		return slices.Contains([]string{"error", "profile.json", "want.json"}, f.Name)
	})
	archive.Files = append(archive.Files, got)

	if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
		t.Fatal(err)
	}
}

func text(t *testing.T, value any) []byte {
	t.Helper()

	if s, ok := value.(string); ok {
		return []byte(s + "\n")
	}

	var b bytes.Buffer

	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")

	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}

	return b.Bytes()
}
