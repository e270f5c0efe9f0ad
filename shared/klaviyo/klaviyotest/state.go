package klaviyotest

import "fmt"

// Record is one thing that an account has, without what depends on when it was written, and how often.
type Record struct {
	Attributes map[string]any
	// Refs are external ids as those of [Entry].
	Refs []string
}

// State returns everything that the account has, by what it is and its id: "variant SKU-1", "event Placed Order 17". What is
// there twice has "again" behind its second name. It is the same for accounts that came to have the same in different ways.
func (s *Server) State() map[string]Record {
	all := map[string]Record{}
	add := func(r Record, key ...any) {
		name := fmt.Sprintln(key...)
		for _, twice := all[name]; twice; _, twice = all[name] {
			name += "again"
		}

		all[name] = r
	}

	// Profiles are numbered as they come.
	whose := map[string]string{}

	for _, p := range s.Profiles() {
		whose[p.ID] = fmt.Sprint(p.Attributes["external_id"], " ", p.Attributes["email"])
		add(Record{Attributes: p.Attributes}, "profile", whose[p.ID])
	}

	for _, e := range s.Events() {
		add(Record{Attributes: map[string]any{
			"properties": e.Properties, "time": e.Time.String(), "value": string(e.Value), "currency": e.ValueCurrency,
			"backfill": e.Backfill, "profile": whose[e.ProfileID],
		}}, "event", e.Metric, e.UniqueID)
	}

	for kind, entries := range map[string][]Entry{"item": s.Items(), "variant": s.Variants(), "category": s.Categories()} {
		for _, e := range entries {
			add(Record{e.Attributes, e.Refs}, kind, e.ExternalID)
		}
	}

	return all
}
