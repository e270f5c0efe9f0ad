// Package commercetools reads a commercetools project over its HTTP API: single resources, queries, and pages of a whole
// resource type in the order of their ids. It also carries what another library writes; see [Client.RoundTrip].
//
// Resources stay the JSON that commercetools sent (json.RawMessage), because an event or a profile may carry any of their
// properties. [Decode] reads from one what a caller needs, into a type such as [Customer].
//
// A request passes three layers: one builds it, one gives it a bearer token, and one sends it, again when the answer says
// that it may succeed later. Every answer that isn't a success is an *[Error]. No error holds a query, for it may name people.
//
// Source: https://docs.commercetools.com/api/general-concepts.
package commercetools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/oauth2"
	"golang.org/x/sync/semaphore"

	"github.com/ctklaviyo/connector/shared/logging"
	"github.com/ctklaviyo/connector/shared/retry"
)

// Config says where a project is and how to get in.
type Config struct {
	// APIURL is the region's API, such as https://api.europe-west1.gcp.commercetools.com.
	APIURL string
	// AuthURL is the region's token service, such as https://auth.europe-west1.gcp.commercetools.com.
	AuthURL string
	// ProjectKey names the project.
	ProjectKey string
	// ClientID and ClientSecret are an API client's.
	ClientID     string
	ClientSecret logging.Secret
	// Scopes narrow the token, such as view_customers:my-project; none means all of the API client's.
	Scopes []string
	// Transport sends the requests; nil is a transport of the client's own with time limits, which reuses connections.
	Transport http.RoundTripper
}

// Client reads one project, and carries requests that write to it. It is safe for concurrent use.
type Client struct {
	apiURL string
	// project is the first part of every path: "/my-project".
	project string
	sender  *sender
	tokens  *tokens
	// products bounds ProductsByID.
	products *semaphore.Weighted
}

// ErrInvalidID is what a request for something that can't be a resource id gives; none is sent.
var ErrInvalidID = errors.New("not a resource id")

// New returns a client. It makes no network call; the first request fetches the first token.
func New(cfg Config) *Client {
	transport := cfg.Transport
	if transport == nil {
		transport = retry.NewTransport()
	}

	s := &sender{transport: transport, policy: policy()}

	return &Client{
		apiURL:   strings.TrimRight(cfg.APIURL, "/"),
		project:  "/" + url.PathEscape(cfg.ProjectKey),
		sender:   s,
		tokens:   newTokens(cfg, s),
		products: semaphore.NewWeighted(productAnswers),
	}
}

// Requests is how many HTTP requests were sent so far, repeats and token requests included.
func (c *Client) Requests() int64 { return c.sender.sent.Load() }

// maxID is more than the 36 characters of an id; a longer one only makes a URL that nobody reads.
const maxID = 256

// IsID tells whether a text may be a resource's id. Most are UUIDs; nobody promises that, so only what could do harm is
// refused: escaped as it will be, a gateway may still take a slash for one, and dots for a way up; "key=…" and
// "email-token=…" would look something else up than an id.
func IsID(id string) bool {
	return id != "" && len(id) <= maxID && id != "." && id != ".." && !strings.ContainsAny(id, `/\=`) &&
		!strings.ContainsFunc(id, unicode.IsControl)
}

// Get fetches one resource. Each expand is a reference path that commercetools resolves, such as "paymentInfo.payments[*]".
// A resource that does not exist is an *[Error] that [IsNotFound] knows.
func (c *Client) Get(ctx context.Context, e Endpoint, id string, expand ...string) (json.RawMessage, error) {
	if !IsID(id) {
		return nil, fmt.Errorf("commercetools: get %s: %w", e, ErrInvalidID)
	}

	var query url.Values
	if len(expand) > 0 {
		query = url.Values{"expand": expand}
	}

	body, err := c.get(ctx, "/"+string(e)+"/"+url.PathEscape(id), query)
	if refused, ok := errors.AsType[*Error](err); ok {
		refused.Resource = !refused.Token
	}

	return body, err
}

// get returns the body of a success.
func (c *Client) get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	path = c.project + path
	operation := http.MethodGet + " " + path
	target := c.apiURL + path

	if len(query) > 0 {
		target += "?" + query.Encode()
	}

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		// The parser's error would quote the query.
		return nil, fmt.Errorf("commercetools: %s: the API URL can't be read", operation)
	}

	_, body, err := c.send(req, operation) //nolint:bodyclose // the sender has read and closed it

	return body, err
}

// send returns a success and its body. A refused token is replaced once: commercetools may withdraw one before its time.
func (c *Client) send(req *http.Request, operation string) (*http.Response, []byte, error) {
	var refused *oauth2.Token

	for {
		token, err := c.tokens.get(req.Context(), refused)
		if err != nil {
			return nil, nil, err
		}

		token.SetAuthHeader(req)

		resp, body, err := c.sender.send(req)

		switch {
		case err != nil:
			return nil, nil, fmt.Errorf("commercetools: %s: %w", operation, err)
		case resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusCreated:
			return resp, body, nil
		case resp.StatusCode == http.StatusUnauthorized && refused == nil:
			refused = token
		default:
			return nil, nil, newError(operation, resp, body)
		}
	}
}
