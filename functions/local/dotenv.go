package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/joho/godotenv"
)

// dotEnv is the file in the working directory that variables are read from when it is there.
const dotEnv = ".env"

// readDotEnv sets the variables of .env that are not set yet, be it to nothing, and says so. It changes the environment of
// the process, so that all that reads a variable later finds it: our settings, and Google's libraries. Without the file it
// does nothing.
func readDotEnv(say io.Writer) error {
	text, err := os.ReadFile(dotEnv)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}

	if err != nil {
		return fmt.Errorf("the settings: %w", err)
	}

	found, err := parseDotEnv(string(text))
	if err != nil {
		return err
	}

	var taken, before []string

	for _, name := range slices.Sorted(maps.Keys(found)) {
		if _, set := os.LookupEnv(name); set { //nolint:forbidigo // settings.Load reads it, from what is completed here
			before = append(before, name)

			continue
		}

		if err := os.Setenv(name, found[name]); err != nil { //nolint:forbidigo // see above
			return fmt.Errorf("%s: %s: %w", dotEnv, name, err)
		}

		taken = append(taken, name)
	}

	fmt.Fprintf(say, "%s: taken: %s\n", dotEnv, cmp.Or(strings.Join(taken, ", "), "nothing"))

	if before != nil {
		fmt.Fprintf(say, "%s: not taken, since they are set already: %s\n", dotEnv, strings.Join(before, ", "))
	}

	if unread := misspelt(slices.Sorted(maps.Keys(found))); len(unread) > 0 {
		fmt.Fprintf(say, "%s: nothing reads %s; is a name misspelt?\n", dotEnv, strings.Join(unread, ", "))
	}

	return nil
}

// dotEnvLine is what a shell reads alike, give or take the blanks around the sign: NAME=value, or export NAME=value.
var dotEnvLine = regexp.MustCompile(`^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$`)

// parseDotEnv returns the variables by name. Its errors name the lines, and quote nothing of them.
//
// The library knows the quotes and comments. It is given line by line: across lines it takes a forgotten quote for a value
// of many lines, it quotes what it can't read, and it does not tell where that is.
func parseDotEnv(text string) (map[string]string, error) {
	found := map[string]string{}

	var problems []error

	for i, line := range strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n") {
		one, err := godotenv.Unmarshal(line)
		if err == nil && len(one) == 0 { // blank, or a comment
			continue
		}

		parts := dotEnvLine.FindStringSubmatch(line)

		switch {
		case err != nil || len(one) != 1 || parts == nil:
			problems = append(problems, fmt.Errorf("%s:%d: must be NAME=value or NAME='value', on one line", dotEnv, i+1))
		case strings.ContainsAny(parts[2], `$\`) && !strings.HasPrefix(parts[2], "'"):
			// The library makes something else of it, a shell again something else.
			problems = append(problems, fmt.Errorf("%s:%d: the value has a $ or a backslash, and must be in single quotes", dotEnv, i+1))
		default:
			maps.Copy(found, one)
		}
	}

	return found, errors.Join(problems...)
}
