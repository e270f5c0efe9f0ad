package main

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// setting is an environment variable: what the code says of it, in the README's words.
type setting struct {
	Type string
	// Default is without the marks of code; "none", or "required" where there is none.
	Default string
	// Readers are the functions and the command that read it, by whether they require it.
	Readers map[string]bool
}

// typeWords are the README's words for the types of fields.
func typeWords() map[string]string {
	return map[string]string{
		"string": "text", "URL": "URL", "URLTemplate": "URL", "APIClient": "JSON", "Secret": "secret", "Locale": "language",
		"Currency": "currency", "Queue": "text", "Level": "level", "uint16": "number", "Prefix": "text", "GoogleProject": "text",
	}
}

func TestReadmeHasEveryVariable(t *testing.T) {
	t.Parallel()

	want, table := settingsOfCode(t), rows(t, "variable", "read by", "type", "default", "meaning")
	wantNames(t, "variables", table, want)

	for name, cells := range table {
		s := setting{Type: cells[2], Default: cells[3], Readers: map[string]bool{}}
		for reader := range readers(cells[1]) {
			s.Readers[reader] = s.Default == "required"
		}

		if some, ok := strings.CutPrefix(s.Default, "required by "); ok {
			s.Default = "required"
			maps.Copy(s.Readers, readers(some))
		}

		if standard, ok := code(s.Default); ok {
			s.Default = standard
		}

		if diff := cmp.Diff(want[name], s); diff != "" {
			t.Errorf("%s (-the code's +the README's):\n%s", name, diff)
		}
	}
}

// readers returns who a cell names. Of a subcommand the first word counts.
func readers(cell string) map[string]bool {
	realtime := []string{"CategoryEvents", "CustomerEvents", "InventoryEvents", "OrderEvents", "PaymentEvents", "ProductEvents"}
	named := map[string]bool{}

	for name := range strings.SplitSeq(cell, ", ") {
		switch name {
		case "all":
			realtime = append(realtime, "BulkSync", "BulkWorker", "local")

			fallthrough
		case "the realtime functions":
			for _, one := range realtime {
				named[one] = true
			}
		default:
			command, _, _ := strings.Cut(strings.Trim(name, "`"), " ")
			named[command] = true
		}
	}

	return named
}

// source is the code as far as it says what is read of the environment.
type source struct {
	// structs are all types that are structs, by package and name.
	structs map[string]*ast.StructType
	// names are the functions' names, by package.
	names map[string]string
	// found are the variables, and reached the structs that have been looked into.
	found   map[string]setting
	reached map[string]bool
}

// settingsOfCode reads the env tags of the sources. What a function reads is what the structs of its package hold, also
// within those that they embed.
func settingsOfCode(t *testing.T) map[string]setting {
	t.Helper()

	src := source{
		structs: map[string]*ast.StructType{}, names: map[string]string{"local": "local"},
		found: map[string]setting{}, reached: map[string]bool{},
	}
	if err := errors.Join(src.parse("functions"), src.parse("shared")); err != nil {
		t.Fatal(err)
	}

	for name := range src.structs {
		if pkg, _, _ := strings.Cut(name, "."); src.names[pkg] != "" {
			src.collect(t, src.names[pkg], name)
		}
	}

	for name, s := range src.structs {
		for _, f := range s.Fields.List {
			if variable, _, ok := envTag(f); ok && !src.reached[name] {
				t.Errorf("%s of %s is read by no function", variable, name)
			}
		}
	}

	return src.found
}

// parse reads the packages below a folder.
func (s source) parse(folder string) error {
	return filepath.WalkDir(filepath.Join(root, folder), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}

		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}

		ast.Inspect(file, func(n ast.Node) bool {
			s.note(filepath.Base(filepath.Dir(path)), n)

			return true
		})

		return nil
	})
}

// note remembers a struct, and a function's name.
func (s source) note(pkg string, n ast.Node) {
	switch n := n.(type) {
	case *ast.TypeSpec:
		if fields, ok := n.Type.(*ast.StructType); ok {
			s.structs[pkg+"."+n.Name.Name] = fields
		}
	case *ast.ValueSpec:
		if n.Names[0].Name != "name" || len(n.Values) != 1 || pkg == "local" { // which is no function
			return
		}

		if value, ok := n.Values[0].(*ast.BasicLit); ok {
			s.names[pkg], _ = strconv.Unquote(value.Value)
		}
	}
}

// collect adds the variables of a struct, and of those in it.
func (s source) collect(t *testing.T, reader, name string) {
	t.Helper()

	fields, ok := s.structs[name]
	if !ok {
		return
	}

	pkg, _, _ := strings.Cut(name, ".")
	s.reached[name] = true

	for _, f := range fields.Fields.List {
		variable, options, tagged := envTag(f)
		_, kind, _ := strings.Cut(typeName(pkg, f.Type), ".")

		if tagged {
			s.add(t, reader, variable, typeWords()[kind], options)
		} else if _, pointer := f.Type.(*ast.StarExpr); !pointer {
			s.collect(t, reader, typeName(pkg, f.Type))
		}
	}
}

// add records that a reader reads a variable.
func (s source) add(t *testing.T, reader, variable, kind, options string) {
	t.Helper()

	v, known := s.found[variable]
	if !known {
		v = setting{Type: kind, Default: "none", Readers: map[string]bool{}}
	}

	standard, hasDefault := strings.CutPrefix(options, "default=")
	required := options == "required"

	switch {
	case kind == "":
		t.Errorf("%s: typeWords has no word for its type", variable)
	case kind != v.Type:
		t.Errorf("%s is both %s and %s", variable, kind, v.Type)
	case hasDefault:
		v.Default = standard
	case required:
		v.Default = "required"
	}

	v.Readers[reader] = v.Readers[reader] || required
	s.found[variable] = v
}

// envTag splits the tag of a field: the variable, and "required" or "default=…".
func envTag(f *ast.Field) (variable, options string, ok bool) {
	if f.Tag == nil {
		return "", "", false
	}

	tag, ok := reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Lookup("env")
	variable, options, _ = strings.Cut(tag, ",")

	return variable, strings.TrimSpace(options), ok
}

// typeName is the package and name of a type; that of a pointer is what it points to.
func typeName(pkg string, e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return pkg + "." + e.Name
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			return x.Name + "." + e.Sel.Name
		}
	case *ast.StarExpr:
		return typeName(pkg, e.X)
	}

	return ""
}
