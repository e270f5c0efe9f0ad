package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

type object = map[string]any

// incident is something that happens in commercetools, and the message that it publishes about that.
type incident struct {
	at       time.Duration
	change   func(*commercetoolstest.Server) // nil for none
	function string
	payload  string
}

// world is a shop and what happens in it. Whatever order its messages come in, and whether an import or a message tells first
// of an order, Klaviyo has to end in the same state; so an order, and the products and categories that it names, don't change
// after their first message: an event tells what is so when it is made. All is in 2000, where the clock of a bubble begins:
// Klaviyo takes no event that is far ahead.
type world struct {
	t    *testing.T
	seed uint64
	rand *rand.Rand
	// again is what of the environment repeats it.
	again string
	// stable is what is there from the beginning.
	stable    map[commercetools.Endpoint][]json.RawMessage
	incidents []incident
	// events is how many come of all this.
	events int
	ids    int
	// minute is when the present minute begins.
	minute time.Duration
	// imports is when everything is imported; 0 is never. later is what happens to what is there then, and once tells that
	// it is that time.
	imports time.Duration
	later   []func()
	once    bool
}

// newWorld lets so many messages be published in each minute that begins at one of these times. Few of them are about orders and products: both are looked for
// in all that there are.
func newWorld(t *testing.T, seed uint64, messages int, minutes []time.Duration) *world {
	t.Helper()

	w := &world{
		t: t, seed: seed, rand: rand.New(rand.NewPCG(seed, 0)), again: fmt.Sprint("SEED=", seed),
		stable: map[commercetools.Endpoint][]json.RawMessage{},
	}
	w.shop()

	for i, begin := range minutes {
		w.minute = begin

		w.happenings(messages)

		for len(w.incidents) < messages*(i+1) {
			w.customer()
		}

		w.incidents = w.incidents[:messages*(i+1)]
	}

	return w
}

// happenings are those of a minute.
func (w *world) happenings(messages int) {
	for range messages * 3 / 100 {
		w.category()
	}

	for range messages / 100 {
		w.product()
	}

	for range messages * 2 / 100 {
		w.order()
	}
}

// during lets everything be imported a while later, and things happen meanwhile. Nothing but stocks changes twice: when Klaviyo
// is told by a job it may be told of what was read before, and the last pass of an import is not followed by another.
func (w *world) during(messages int) {
	w.imports = w.minute + 3*time.Minute
	w.minute, w.once = w.imports, true

	for _, happens := range w.later {
		happens()
	}

	w.happenings(messages)

	for range messages / 4 {
		w.customer()
	}
}

// inOrder are the incidents as they come.
func (w *world) inOrder() []incident {
	return slices.SortedStableFunc(slices.Values(w.incidents), func(a, b incident) int { return cmp.Compare(a.at, b.at) })
}

// String says how to have it again.
func (w *world) String() string { return w.again }

// open opens a commercetools with what is there from the beginning.
func (w *world) open() *commercetoolstest.Server {
	s := commercetoolstest.NewServer("demo")
	for endpoint, resources := range w.stable {
		s.Put(string(endpoint), resources...)
	}

	return s
}

// id makes an id in the form of commercetools'.
func (w *world) id() string {
	w.ids++

	return fmt.Sprintf("%08x-0000-4000-8000-%012x", w.rand.Uint32(), w.ids)
}

// happen lets something happen at any time of the present minute, but after another.
func (w *world) happen(after time.Duration, change func(*commercetoolstest.Server), function, payload string) (at time.Duration) {
	after = max(after, w.minute)
	at = after + time.Duration(w.rand.Int64N(int64(w.minute+time.Minute-after)))
	w.incidents = append(w.incidents, incident{at, change, function, payload})

	return at
}

func (w *world) json(v object) json.RawMessage { return functiontest.Encode(w.t, v) }

// put writes a resource, modified at that time.
func (w *world) put(e commercetools.Endpoint, resource object) func(*commercetoolstest.Server) {
	return func(s *commercetoolstest.Server) {
		w.putAsOf(s, e, resource, time.Now())
	}
}

// putAsOf writes a resource, modified at another time.
func (w *world) putAsOf(s *commercetoolstest.Server, e commercetools.Endpoint, resource object, modified time.Time) {
	resource = maps.Clone(resource)
	resource["lastModifiedAt"] = modified.UTC().Format("2006-01-02T15:04:05.000Z")

	s.Put(string(e), w.json(resource))
}

func remove(e commercetools.Endpoint, id string) func(*commercetoolstest.Server) {
	return func(s *commercetoolstest.Server) { s.Delete(string(e), id) }
}

func ref(typeID, id string) object { return object{"typeId": typeID, "id": id} }

func address(city string) object { return object{"id": "a", "country": "DE", "city": city} }

// alike takes out of an account's events what depends on when they were made: of an order's state and the version that it is in
// a message tells other things than the import.
func alike(account map[string]klaviyotest.Record) map[string]klaviyotest.Record {
	for _, record := range account {
		if properties, ok := record.Attributes["properties"].(map[string]any); ok {
			delete(properties, "orderState")
			delete(properties, "version")
		}
	}

	return account
}
