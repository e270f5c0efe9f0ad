package mapping

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// encode writes a value as JSON with <, > and & as they are: people read these texts in Klaviyo, and templates search in
// them.
func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer

	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)

	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("mapping: encode: %w", err)
	}

	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
