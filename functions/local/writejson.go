package main

import (
	"encoding/json"
	"io"
)

// writeJSON writes JSON for scripts and people, with the texts as they are.
func writeJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)

	return e.Encode(v)
}
