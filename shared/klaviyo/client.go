// Package klaviyo writes to a Klaviyo account over its JSON:API: profiles one by one and in bulk jobs, events, and the catalog
// with its items, variants and categories.
//
// Every method is one call of [Client.send], which is all there is between a method and the network: it waits for the
// operation's turn, adds the headers, repeats what may succeed later, and turns every answer that isn't a success into an
// *[Error]. Repeating is safe: each write is an upsert, or Klaviyo refuses its second copy (a create that did arrive the
// first time answers 409, a delete 404) or drops it (an event with a unique id, the erasure of what is erased). No error holds
// a query or a body, for they name people.
//
// A resource of the catalog goes by a compound id that is computed from ours, so that nothing is looked up: an upsert is an
// update, and a creation only if that finds nothing. Bulk jobs know no upsert: there whoever starts one looks up what exists,
// 100 resources at once, and a row that was taken for new or known in error fails by itself.
//
// Source: https://developers.klaviyo.com/en/reference/api_overview.
package klaviyo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/ctklaviyo/connector/shared/logging"
	"github.com/ctklaviyo/connector/shared/retry"
)

const (
	// revision is the version of Klaviyo's API that this package is written for. Klaviyo keeps one for two years.
	revision = "2026-07-15"
	// userAgent tells us apart from clients that Klaviyo's firewall suspects (klaviyo/klaviyo-api-python#84).
	userAgent = "ctklaviyo/1.0"
	mediaType = "application/vnd.api+json"
)

// Config says where Klaviyo is and how to get in.
type Config struct {
	// APIURL is Klaviyo's address: https://a.klaviyo.com.
	APIURL string
	// AuthKey is a private API key with profiles:read, profiles:write, lists:read, lists:write, events:write, catalogs:read
	// and catalogs:write, and data-privacy:write to erase profiles.
	AuthKey logging.Secret
	// Transport sends the requests; nil is a transport of the client's own with time limits, which reuses connections.
	Transport http.RoundTripper
	// Limits are the rates to keep to, by operation. Nil is [PublishedLimits]; an empty map is none.
	Limits map[string]Limit
}

// Client writes to one account. It is safe for concurrent use, and keeps the account's limits only if all requests of a
// process share it.
type Client struct {
	apiURL string
	// authorize holds the key in a closure, where no printing of the client finds it.
	authorize func(http.Header)
	transport http.RoundTripper
	limiters  map[string]*limiter
	sent      atomic.Int64
}

// New returns a client. It makes no network call.
func New(cfg Config) *Client {
	c := &Client{
		apiURL:    strings.TrimRight(cfg.APIURL, "/"),
		authorize: func(h http.Header) { h.Set("Authorization", "Klaviyo-API-Key "+cfg.AuthKey.Reveal()) },
		transport: cfg.Transport,
		limiters:  map[string]*limiter{},
	}

	if c.transport == nil {
		c.transport = retry.NewTransport()
	}

	limits := PublishedLimits()
	for operation := range limits {
		if cfg.Limits != nil {
			limits[operation] = cfg.Limits[operation]
		}

		c.limiters[operation] = newLimiter(limits[operation])
	}

	return c
}

// Requests is how many HTTP requests were sent so far, repeats included.
func (c *Client) Requests() int64 { return c.sent.Load() }

// request is one call of an operation.
type request struct {
	// operation is its name in Klaviyo's OpenAPI description, a key of [PublishedLimits].
	operation string
	method    string
	// path has its parameters escaped.
	path  string
	query url.Values
	// body is sent piece by piece; nil is none.
	body [][]byte
}

// name is how errors call the request: the query stays out, for it may hold an email address.
func (r request) name() string { return r.method + " " + r.path }

// send calls an operation and reads the answer into answer; nil is for an operation that Klaviyo answers with a status alone.
func (c *Client) send(ctx context.Context, r request, answer any) error {
	var body []byte

	resp, err := retry.Do(ctx, policy(), func(ctx context.Context) (*http.Response, error) { //nolint:bodyclose // attempt has read and closed it
		resp, read, err := c.attempt(ctx, r)
		body = read

		return resp, err
	})
	if err != nil {
		if e, ok := errors.AsType[*Error](err); ok {
			return e
		}

		return fmt.Errorf("klaviyo: %s: %w", r.name(), err)
	}

	if resp.StatusCode < http.StatusOK || resp.StatusCode >= http.StatusMultipleChoices {
		return newError(r.name(), resp, body)
	}

	if err := understand(resp.StatusCode, body, answer); err != nil {
		return fmt.Errorf("klaviyo: %s: status %d: %w", r.name(), resp.StatusCode, err)
	}

	return nil
}

// understand reads the body of a success. A page of maintenance or of a proxy's comes with status 200, and often to whatever
// was sent: taken for Klaviyo's word, it would lose that. So where Klaviyo has nothing to say, its status is asked for: 202 or
// 204, see the OpenAPI descriptions. A firewall may challenge with 202, but then with a page.
func understand(status int, body []byte, answer any) error {
	body = bytes.TrimSpace(body)
	object := bytes.HasPrefix(body, []byte("{"))

	if answer == nil && (status == http.StatusAccepted || status == http.StatusNoContent) && (object || len(body) == 0) {
		return nil
	}

	if !object {
		return ErrNotJSON
	}

	if answer == nil {
		return ErrUnreadable
	}

	if tooMany(body) {
		return errTooMany
	}

	err := json.Unmarshal(body, answer)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%w: %s has another type", ErrUnreadable, wrong.Field)
	}

	if err != nil { // Its text may quote the answer.
		return ErrUnreadable
	}

	return nil
}

// encode makes a body of one piece. HTML stays as it is: escaped, a text of it may be too large.
func encode(v any) ([][]byte, error) {
	var buf bytes.Buffer

	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)

	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("klaviyo: encode a request: %w", err)
	}

	return [][]byte{bytes.TrimSuffix(buf.Bytes(), []byte("\n"))}, nil
}

func size(pieces [][]byte) int64 {
	var n int64
	for _, p := range pieces {
		n += int64(len(p))
	}

	return n
}
