package commercetools

import (
	"bytes"
	"io"
	"net/http"
)

// RoundTrip implements http.RoundTripper for those who write, with another library: it sends their requests with this
// client's token, and again by its rules, writes too. Who writes must therefore find it in order that it is done already.
//
// An answer that isn't a success is an *[Error] here as everywhere else, and not a response.
func (c *Client) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}

	// A RoundTripper must leave the request as it is. The query may name people.
	resp, body, err := c.send(req.Clone(req.Context()), req.Method+" "+req.URL.EscapedPath())
	if err != nil {
		return nil, err
	}

	resp.Body = io.NopCloser(bytes.NewReader(body))

	return resp, nil
}
