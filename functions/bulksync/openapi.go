package bulksync

import (
	_ "embed" // for openapi.yaml
	"net/http"
)

// description is the API in OpenAPI 3. The tests hold the handlers to it, and it to them.
//
//go:embed openapi.yaml
var description []byte

// describe answers with the description, also when settings are missing.
func describe(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(description)
}
