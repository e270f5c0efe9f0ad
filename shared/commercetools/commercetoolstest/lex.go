package commercetoolstest

import (
	"fmt"
	"regexp"
	"strings"
)

// lex cuts a predicate into tokens. A text keeps its opening quote, so that it can't be taken for anything else, and
// loses its escapes.
func lex(text string) ([]string, error) {
	// Compiled for each predicate: a few microseconds against a global variable.
	token := regexp.MustCompile(`^\s*(?:("(?:[^"\\]|\\["\\])*")|([A-Za-z][A-Za-z0-9_-]*|-?[0-9]+(?:\.[0-9]+)?|[<>!]=|<>|[=<>(),])|$)`)

	var tokens []string

	for rest := text; ; {
		m := token.FindStringSubmatchIndex(rest)

		switch {
		case m == nil:
			return nil, fmt.Errorf("syntax error at character %d", len(text)-len(rest)+1)
		case m[2] >= 0:
			quoted := rest[m[2] : m[3]-1]
			tokens = append(tokens, `"`+strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(quoted[1:]))
		case m[4] >= 0:
			tokens = append(tokens, rest[m[4]:m[5]])
		default:
			return tokens, nil
		}

		rest = rest[m[1]:]
	}
}
