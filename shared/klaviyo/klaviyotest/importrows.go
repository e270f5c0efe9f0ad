package klaviyotest

import (
	"encoding/json"
	"strconv"
)

// maxRows is how many rows a bulk import job takes.
const maxRows = 10_000

type importRow struct {
	raw        json.RawMessage
	attributes map[string]any
}

// decodeImport reads and looks over the rows of a job, all of them, as Klaviyo does before it accepts any.
func decodeImport(body []byte) ([]importRow, []fault) {
	var d struct {
		Data struct {
			Type       string `json:"type"`
			Attributes struct {
				Profiles struct {
					Data []json.RawMessage `json:"data"`
				} `json:"profiles"`
			} `json:"attributes"`
		} `json:"data"`
	}

	if err := json.Unmarshal(body, &d); err != nil || d.Data.Type != "profile-bulk-import-job" {
		return nil, []fault{{"The payload is not valid.", "/data"}}
	}

	sent := d.Data.Attributes.Profiles.Data
	if len(sent) == 0 || len(sent) > maxRows {
		return nil, []fault{{"Between 1 and 10000 profiles are expected.", "/data/attributes/profiles/data"}}
	}

	rows := make([]importRow, len(sent))

	var wrong []fault

	for i, raw := range sent {
		attributes, faults := decodeRow(raw, "/data/attributes/profiles/data/"+strconv.Itoa(i))
		rows[i] = importRow{raw, attributes}
		wrong = append(wrong, faults...)
	}

	return rows, wrong
}

func decodeRow(raw json.RawMessage, pointer string) (map[string]any, []fault) {
	if len(raw) > maxProfile {
		return nil, []fault{{"The profile is larger than 100KB.", pointer}}
	}

	var r struct {
		Type       string         `json:"type"`
		Attributes map[string]any `json:"attributes"`
	}

	if err := json.Unmarshal(raw, &r); err != nil || r.Type != "profile" {
		return nil, []fault{{"A resource of type profile was expected.", pointer}}
	}

	faults := faultsOf(r.Attributes, pointer)
	if len(faults) == 0 && !identified(r.Attributes) {
		faults = []fault{{"One or more identifiers is required", pointer + "/attributes/"}}
	}

	return withoutNulls(r.Attributes), faults
}

// withoutNulls leaves out what a bulk import can't do: it does not clear fields.
func withoutNulls(attributes map[string]any) map[string]any {
	for name, value := range attributes {
		if value == nil {
			delete(attributes, name)
		}

		if object, ok := value.(map[string]any); ok {
			withoutNulls(object)
		}
	}

	return attributes
}
