package settings

import (
	"encoding/json"
	"fmt"
)

// doubles reads a JSON value and returns a line for each key that stands twice in one object, of which encoding/json would
// take the last: "order.metrics: stands twice". The JSON must be known to be sound, so that no token is an error.
func doubles(d *json.Decoder, path string) []string {
	start, _ := d.Token()
	if _, inside := start.(json.Delim); !inside {
		return nil
	}

	var problems []string

	seen := map[string]bool{}

	for i := 0; d.More(); i++ {
		inner := fmt.Sprintf("%s[%d]", path, i)

		if start == json.Delim('{') {
			key, _ := d.Token()

			inner = below(path, fmt.Sprint(key))
			if seen[inner] {
				problems = append(problems, at(inner, "stands twice"))
			}

			seen[inner] = true
		}

		problems = append(problems, doubles(d, inner)...)
	}

	_, _ = d.Token()

	return problems
}
