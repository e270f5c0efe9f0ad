package klaviyotest

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Event is an event as it was recorded.
type Event struct {
	Metric, UniqueID string
	// ProfileID is the profile's, as in [Profile].
	ProfileID     string
	Properties    map[string]any
	Time          time.Time
	Value         json.Number // as it was written; "" without one
	ValueCurrency string
	Backfill      bool
	// Received is how often it came in: all but the first were dropped.
	Received int
}

// Events returns all events in the order of their metrics, unique ids and profile ids.
func (s *Server) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()

	all := make([]Event, 0, len(s.events.byKey))
	for key, e := range s.events.byKey {
		event := e.Event
		event.ProfileID = key.profile.id()
		_ = json.Unmarshal(e.properties, &event.Properties) // they were looked over
		all = append(all, event)
	}

	slices.SortFunc(all, func(a, b Event) int {
		return cmp.Or(
			strings.Compare(a.Metric, b.Metric), strings.Compare(a.UniqueID, b.UniqueID), strings.Compare(a.ProfileID, b.ProfileID),
		)
	})

	return all
}

// eventKey is what an event is the same by.
type eventKey struct {
	metric, unique string
	profile        *profile
}

type eventLog struct{ byKey map[eventKey]*recordedEvent }

// recordedEvent has the properties as they were sent, which take a fraction of the memory.
type recordedEvent struct {
	Event

	properties json.RawMessage
}

func newEventLog() *eventLog { return &eventLog{byKey: map[eventKey]*recordedEvent{}} }

func (s *Server) eventRoutes() {
	s.handle("/api/events", map[string]operation{
		http.MethodPost: {name: "create_event", maxBody: maxRequest, answer: s.createEvent},
	})
	s.handle("/api/event-bulk-create-jobs", map[string]operation{
		http.MethodPost: {name: "bulk_create_events", maxBody: maxRequest, answer: s.createEvents},
	})
}

// createEvent records an event at once, where Klaviyo takes its time. Klaviyo drops those of addresses at example.com, which
// it keeps to itself; here they are recorded.
func (s *Server) createEvent(_ *http.Request, body []byte) answer {
	now := time.Now()

	sent, wrong := decodeEvent(body, now)
	if len(wrong) > 0 {
		return invalids(wrong)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(now)

	s.events.record(sent, s.profiles.ofEvent(sent.profile, now))

	return answer{status: http.StatusAccepted}
}

// createEvents records all events of a request, or none.
func (s *Server) createEvents(_ *http.Request, body []byte) answer {
	now := time.Now()

	sent, wrong := decodeEvents(body, now)
	if len(wrong) > 0 {
		return invalids(wrong)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(now)

	if s.profiles.repeats(sent) {
		return invalid("A unique_id is repeated for the same profile and metric.", "/data")
	}

	for _, e := range sent {
		s.events.record(e, s.profiles.ofEvent(e.profile, now))
	}

	return answer{status: http.StatusAccepted}
}

// repeats tells whether two events of a request are the same, for which Klaviyo refuses them all. What it answers then is
// made up.
func (s *profileStore) repeats(sent []sentEvent) bool {
	type key struct {
		metric, unique string
		profile        identifier
	}

	seen := map[key]bool{}

	for _, e := range sent {
		mine := map[key]bool{}

		for _, field := range identifierFields() {
			if id, ok := identifierOf(e.profile, field); ok {
				if owner := s.byIdentifier[id]; owner != nil {
					id = identifier{"id", owner.id()}
				}

				mine[key{e.Metric, e.unique(), id}] = true
			}
		}

		for k := range mine {
			if seen[k] {
				return true
			}

			seen[k] = true
		}
	}

	return false
}

// unique is the event's unique id; one without has its second.
func (e *recordedEvent) unique() string { return cmp.Or(e.UniqueID, e.Time.String()) }

// record keeps the first of events with the same metric, profile and unique id.
func (l *eventLog) record(sent sentEvent, p *profile) {
	key := eventKey{metric: sent.Metric, profile: p, unique: sent.unique()}

	first := l.byKey[key]
	if first == nil {
		kept := sent.recordedEvent // without what the event says of the profile
		first = &kept
		l.byKey[key] = first
	}

	first.Received++
}

// ofEvent finds the profile that an event is about, creates it if need be, and writes what the event says about it. There is
// no conflict, for Klaviyo has answered long before it looks: the profile of the highest identifier has the event, and an
// identifier of another profile stays there. (Klaviyo may merge the two; when it does is not documented.)
func (s *profileStore) ofEvent(attributes map[string]any, now time.Time) *profile {
	var p *profile
	if owners := s.owners(attributes); len(owners) > 0 && !s.sharesOnlyPhone(owners[0], attributes) {
		p = owners[0]
	}

	own := maps.Clone(attributes)

	for _, field := range identifierFields() {
		id, given := identifierOf(attributes, field)
		if owner := s.byIdentifier[id]; given && owner != nil && owner != p {
			delete(own, field)
		}
	}

	if p == nil {
		p = s.create(now)
	}

	s.write(p, own, now)

	return p
}
