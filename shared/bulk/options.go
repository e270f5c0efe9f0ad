package bulk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// MaxIDs is how many ids one run takes. They are kept in the lock document, which Firestore bounds at 1 MiB.
const MaxIDs = 10_000

// Options narrow a run down. The zero Options import everything.
type Options struct {
	// IDs are the records to import, sorted and unique; none means all.
	IDs []string `json:"ids,omitempty"`
	// Since leaves out what was last modified before it.
	Since time.Time `json:"since,omitzero"`
	// StartID leaves out the ids before it; orders only.
	StartID string `json:"startId,omitempty"`
	// DryRun reads and maps, and sends nothing: "sent" then counts what would be sent.
	DryRun bool `json:"dryRun,omitempty"`
	// DeleteAll imports nothing, but deletes everything of the kind from Klaviyo's catalog; categories and products only.
	// ConfirmDeletion has to name the resource then.
	DeleteAll       bool   `json:"deleteAll,omitempty"`
	ConfirmDeletion string `json:"confirmDeletion,omitempty"`
}

// After is the id right before StartID, "" without one: ids behind it are imported.
func (o *Options) After() string {
	id, err := uuid.Parse(o.StartID)
	if err != nil || id == uuid.Nil {
		return ""
	}

	for i := len(id) - 1; i >= 0; i-- {
		id[i]--

		if id[i] != 0xff { // else the next digit lends one
			break
		}
	}

	return id.String()
}

// OptionsError says what is wrong with the body of a start.
type OptionsError struct {
	// Field is the field's name, or "" when the body as a whole is wrong.
	Field, Problem string
}

// Error implements error.
func (e *OptionsError) Error() string {
	if e.Field == "" {
		return "the body " + e.Problem
	}

	return e.Field + ": " + e.Problem
}

// ParseOptions reads the JSON body of a start; an empty body gives the zero Options. Every error is an *OptionsError.
//
// "since" is a time, or how long before now, such as "26h": a schedule always sends the same body.
func ParseOptions(resource Resource, body []byte, now time.Time) (Options, error) {
	var sent struct {
		Options

		Since string `json:"since"`
	}

	if len(bytes.TrimSpace(body)) == 0 {
		return Options{}, nil
	}

	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()

	if err := dec.Decode(&sent); err != nil {
		return Options{}, decodeError(err)
	}

	// null and "" would pass for absent, and absent means everything.
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) == nil && fields == nil {
		return Options{}, &OptionsError{Problem: "must be a JSON object, not null"}
	}

	for name, value := range fields {
		if string(value) == "null" || string(value) == `""` {
			return Options{}, &OptionsError{Field: name, Problem: "must not be " + string(value) + "; leave it out"}
		}
	}

	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Options{}, &OptionsError{Problem: "has something after its JSON object"}
	}

	o := sent.Options
	if sent.Since != "" {
		var err error
		if o.Since, err = ParseSince(sent.Since, now); err != nil {
			return Options{}, err
		}
	}

	if err := o.Normalize(resource); err != nil {
		return Options{}, err
	}

	return o, nil
}

// ParseSince reads a time, or how long before now; the error is an *OptionsError.
func ParseSince(text string, now time.Time) (time.Time, error) {
	// With its offset a time of year 1 or 9999 may be outside of what can be stored.
	if t, err := time.Parse(time.RFC3339, text); err == nil && 1 <= t.UTC().Year() && t.UTC().Year() <= 9999 {
		if t.After(now) {
			return time.Time{}, &OptionsError{Field: "since", Problem: "is in the future"}
		}

		return t.UTC(), nil
	}

	if ago, err := time.ParseDuration(text); err == nil && ago > 0 {
		return now.Add(-ago).UTC().Truncate(time.Second), nil
	}

	return time.Time{}, &OptionsError{
		Field: "since", Problem: `must be a time such as "2026-01-01T00:00:00Z", or how long ago, such as "26h"`,
	}
}

// Normalize sorts the ids, writes them as commercetools does, and returns an *OptionsError for what does not go.
func (o *Options) Normalize(resource Resource) error {
	if o.IDs != nil && len(o.IDs) == 0 {
		return &OptionsError{Field: "ids", Problem: "must name at least one id; leave it out to import everything"}
	}

	if len(o.IDs) > MaxIDs {
		return &OptionsError{Field: "ids", Problem: fmt.Sprintf("has %d ids; at most %d go into one run", len(o.IDs), MaxIDs)}
	}

	for i, id := range o.IDs {
		if !isID(id) {
			return &OptionsError{Field: fmt.Sprintf("ids[%d]", i), Problem: notAnID}
		}

		o.IDs[i] = strings.ToLower(id)
	}

	o.StartID = strings.ToLower(o.StartID)

	slices.Sort(o.IDs)
	o.IDs = slices.Compact(o.IDs)

	if len(o.IDs) > 0 && !o.Since.IsZero() {
		return &OptionsError{Field: "since", Problem: "does not go with ids"}
	}

	if err := o.checkStart(resource); err != nil {
		return err
	}

	return o.checkDeletion(resource)
}

// checkStart checks StartID.
func (o *Options) checkStart(resource Resource) error {
	switch {
	case o.StartID == "":
		return nil
	case resource != Orders:
		return &OptionsError{Field: "startId", Problem: "is there for orders only"}
	case !isID(o.StartID):
		return &OptionsError{Field: "startId", Problem: notAnID}
	case len(o.IDs) > 0:
		return &OptionsError{Field: "startId", Problem: "does not go with ids"}
	}

	return nil
}

// checkDeletion checks DeleteAll and its confirmation.
func (o *Options) checkDeletion(resource Resource) error {
	switch {
	case !o.DeleteAll && o.ConfirmDeletion == "":
		return nil
	case !o.DeleteAll:
		return &OptionsError{Field: "confirmDeletion", Problem: "goes with deleteAll only"}
	case resource != Categories && resource != Products:
		return &OptionsError{Field: "deleteAll", Problem: "is there for categories and products only"}
	case len(o.IDs) > 0 || !o.Since.IsZero():
		return &OptionsError{Field: "deleteAll", Problem: "deletes everything, and does not go with ids or since"}
	case o.ConfirmDeletion != string(resource):
		return &OptionsError{Field: "confirmDeletion", Problem: fmt.Sprintf(
			"must be %q: deleteAll deletes all %s in Klaviyo's catalog, including those that other tools have put there", resource, resource)}
	}

	return nil
}

const notAnID = "must be a commercetools id, such as 043cf898-d6f7-4572-b0c9-7e65a577069e"

func isID(id string) bool { return len(id) == len(uuid.Nil.String()) && uuid.Validate(id) == nil }

func decodeError(err error) *OptionsError {
	if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if wrongType.Field == "" {
			return &OptionsError{Problem: "must be a JSON object, not " + wrongType.Value}
		}

		return &OptionsError{Field: wrongType.Field, Problem: "must be " + wanted(wrongType.Type) + ", not " + wrongType.Value}
	}

	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return &OptionsError{Field: strings.Trim(name, `"`), Problem: "is unknown; there are ids, since, startId, dryRun, deleteAll and confirmDeletion"}
	}

	return &OptionsError{Problem: "is not a JSON object: " + err.Error()}
}

// wanted says in JSON's words what a field takes.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice:
		return "a list of ids"
	case reflect.Bool:
		return "true or false"
	default:
		return "text"
	}
}
