package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
)

// realtime lets a few things happen in the demo shop, sends the messages that commercetools would publish, in the
// envelope of a Pub/Sub push, and shows what Klaviyo then has.
func (d *demo) realtime(ctx context.Context, c *connector, out io.Writer) error {
	fresh := commercetoolstest.Customers(demoSeed+1, 1)[0]
	known := commercetoolstest.Customers(demoSeed, 1)[0]

	moved, id, err := renamed(known, "Realtime")
	if err != nil {
		return err
	}

	_, freshID, err := renamed(fresh, "")
	if err != nil {
		return err
	}

	d.ct.Put(string(commercetools.Customers), fresh, moved)
	fmt.Fprintln(out, "\na few realtime messages:")

	for _, m := range []struct {
		what    string
		message map[string]any
	}{
		{"CustomerCreated", map[string]any{"notificationType": "Message", "type": "CustomerCreated", "resource": customer(freshID), "customer": fresh}},
		{"ResourceUpdated", map[string]any{"notificationType": "ResourceUpdated", "resource": customer(id), "version": 2, "oldVersion": 1}},
		{"CustomerCreated, once more", map[string]any{"notificationType": "Message", "type": "CustomerCreated", "resource": customer(freshID), "customer": fresh}},
	} {
		status, took, err := push(ctx, c.url+"/CustomerEvents", m.message)
		if err != nil {
			return err
		}

		fmt.Fprintf(out, "  %-28s -> %d in %s\n", m.what, status, took.Round(100*time.Microsecond))
	}

	return d.showProfile(out, id)
}

// showProfile prints one profile as Klaviyo has it now.
func (d *demo) showProfile(out io.Writer, externalID string) error {
	profiles := d.kl.Profiles()
	fmt.Fprintf(out, "\nKlaviyo now has %d profiles; the one that was updated:\n", len(profiles))

	for _, p := range profiles {
		if p.Attributes["external_id"] != externalID {
			continue
		}

		pretty, err := json.MarshalIndent(p.Attributes, "  ", "  ")
		if err != nil {
			return fmt.Errorf("profile %s: %w", p.ID, err)
		}

		fmt.Fprintf(out, "  %s\n", pretty)
	}

	return nil
}

func customer(id string) map[string]any { return map[string]any{"typeId": "customer", "id": id} }

// renamed returns a customer's JSON with another last name, and the id.
func renamed(raw json.RawMessage, lastName string) (changed json.RawMessage, id string, err error) {
	var c map[string]any
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, "", fmt.Errorf("the demo shop's customer: %w", err)
	}

	c["lastName"] = lastName
	id, _ = c["id"].(string)

	changed, err = json.Marshal(c)
	if err != nil {
		return nil, "", fmt.Errorf("the demo shop's customer: %w", err)
	}

	return changed, id, nil
}

// push posts a message as a Pub/Sub push subscription does.
func push(ctx context.Context, url string, message map[string]any) (status int, took time.Duration, err error) {
	data, err := json.Marshal(message)
	if err != nil {
		return 0, 0, fmt.Errorf("message: %w", err)
	}

	body, err := json.Marshal(map[string]any{
		"message":      map[string]any{"data": base64.StdEncoding.EncodeToString(data), "messageId": "demo"},
		"subscription": "projects/demo/subscriptions/demo",
	})
	if err != nil {
		return 0, 0, fmt.Errorf("message: %w", err)
	}

	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, 0, fmt.Errorf("message: %w", err)
	}

	req.Header.Set("Content-Type", "application/json")

	start := time.Now()

	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, 0, fmt.Errorf("message: %w", err)
	}

	return resp.StatusCode, time.Since(start), resp.Body.Close()
}
