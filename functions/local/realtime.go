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
)

// realtime lets a few things happen in the demo shop, sends the messages that commercetools would publish, in the
// envelope of a Pub/Sub push, and shows what Klaviyo then has.
func (d *demo) realtime(ctx context.Context, c *connector, out io.Writer) error {
	happenings, err := d.happenings()
	if err != nil {
		return err
	}

	fmt.Fprintln(out, "\na few realtime messages:")

	for _, h := range happenings {
		if h.resource != nil {
			d.ct.Put(h.endpoint, h.resource)
		}

		status, took, err := push(ctx, c.url+"/"+h.function, h.message)
		if err != nil {
			return err
		}

		fmt.Fprintf(out, "  %-44s -> %d in %s\n", h.what, status, took.Round(100*time.Microsecond))
	}

	return d.summarize(out)
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
