package klaviyo_test

import (
	"errors"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// mostElements is how many there may be besides the one of an error.
const mostElements = 100_000 - 1

// elements is JSON of so many elements of arrays and the text around them.
func elements(before, element string, n int, behind string) string {
	return before + element + strings.Repeat(","+element, n-1) + behind
}

// What would take far more memory decoded than as a text is not decoded.
func TestTooMany(t *testing.T) {
	t.Parallel()

	for name, tt := range map[string]struct {
		text string
		ok   bool
	}{
		"as many as may be": {elements("[", "{}", mostElements, "]"), true},
		"one more":          {elements("[", "{}", mostElements+1, "]"), false},
		"in many arrays":    {elements("[", "[0,0]", mostElements/2, "]"), false},
		"in an object":      {elements("{", `"a":"["`, mostElements+1, "}"), true},
		"in a text":         {elements(`"[\"`, "[", mostElements+1, `\\"`), true},
		"empty arrays":      {elements("[", "[]", mostElements/2+1, "]"), false},
		"behind an array":   {elements(`{"b":[{}],`, `"a":0`, mostElements+1, "}"), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			body := `{"x":` + tt.text + `,"errors":[{"code":"invalid"}],"data":{"id":"01P"}}`

			_, err := client(says(http.StatusBadRequest, body)).UpsertProfile(t.Context(), ann())
			if got := apiError(t, err); got.Status != http.StatusBadRequest || (got.Code() == "invalid") != tt.ok {
				t.Errorf("a refusal gives %v", err)
			}

			_, err = client(says(http.StatusOK, body)).UpsertProfile(t.Context(), ann())
			if tt.ok && err != nil || !tt.ok && (!errors.Is(err, klaviyo.ErrUnreadable) || errors.Is(err, klaviyo.ErrNotJSON)) {
				t.Errorf("a success gives %v", err)
			}
		})
	}
}

// It is refused before memory is spent on it: what is read of an answer grows to a few times its size.
func TestTooManyTakesNoMemory(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	const size = 6 << 20

	for _, answered := range []struct {
		status int
		list   string
	}{{http.StatusBadRequest, "errors"}, {http.StatusOK, "data"}} {
		c := client(says(answered.status, elements(`{"`+answered.list+`":[`, "{}", size/3, "]}")))

		var before, after runtime.MemStats

		runtime.ReadMemStats(&before)

		if _, err := c.ItemVariantIDs(t.Context(), "p-1"); err == nil {
			t.Error("no error")
		}

		runtime.ReadMemStats(&after)

		if took := after.TotalAlloc - before.TotalAlloc; took > 10*size {
			t.Errorf("%d %s: it took %d MiB", answered.status, answered.list, took>>20)
		}
	}
}
