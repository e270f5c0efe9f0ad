package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
)

// summarize says what Klaviyo has, and shows the profile that was updated and an order's event.
func (d *demo) summarize(out io.Writer) error {
	profiles, events := d.kl.Profiles(), d.kl.Events()

	fmt.Fprintf(out, "\nKlaviyo now has\n  %d profiles\n  events: %s\n  catalog: %d items, %d variants, %d categories\n",
		len(profiles), byMetric(events), len(d.kl.Items()), len(d.kl.Variants()), len(d.kl.Categories()))

	i := slices.IndexFunc(profiles, func(p klaviyotest.Profile) bool { return p.Attributes["last_name"] == renamedTo })
	if i >= 0 {
		if err := show(out, "the profile that was updated", profiles[i].Attributes); err != nil {
			return err
		}
	}

	i = latest(events, "Placed Order")
	if i < 0 {
		return nil
	}

	e := events[i]

	return show(out, "the order that was placed, shortened", map[string]any{
		"metric": e.Metric, "time": e.Time, "unique_id": e.UniqueID, "value": e.Value, "value_currency": e.ValueCurrency,
		"properties": shortened(e.Properties),
	})
}

// byMetric counts the events: "Fulfilled Order 1, Placed Order 1".
func byMetric(events []klaviyotest.Event) string {
	counts := map[string]int{}
	for _, e := range events {
		counts[e.Metric]++
	}

	var parts []string
	for _, metric := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", metric, counts[metric]))
	}

	return strings.Join(parts, ", ")
}

// latest returns where the latest event of a metric is, -1 when there is none.
func latest(events []klaviyotest.Event, metric string) int {
	found := -1

	for i, e := range events {
		if e.Metric == metric && (found < 0 || e.Time.After(events[found].Time)) {
			found = i
		}
	}

	return found
}

// shortened keeps a few of an order's properties, which are some 40, and says how many there are beside them.
func shortened(properties map[string]any) map[string]any {
	kept := map[string]any{}

	for _, name := range []string{"OrderId", "orderNumber", "ItemNames", "Categories", "Brands", "DiscountValue"} {
		if value, ok := properties[name]; ok {
			kept[name] = value
		}
	}

	if items, ok := properties["Items"].([]any); ok && len(items) > 0 {
		kept["Items"] = []any{items[0], "…"}
	}

	kept["…"] = fmt.Sprintf("and %d more", len(properties)-len(kept))

	return kept
}

func show(out io.Writer, title string, value any) error {
	fmt.Fprintf(out, "\n%s:\n  ", title)

	encoder := json.NewEncoder(out)
	encoder.SetIndent("  ", "  ")
	encoder.SetEscapeHTML(false)

	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("%s: %w", title, err)
	}

	return nil
}
