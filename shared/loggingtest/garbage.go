package loggingtest

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
)

// Garbage are answers that no HTTP client can read, by what is wrong with them. Each names a person, as the middle of an
// answer may when a peer has lost its place.
func Garbage() map[string]string {
	const person = `"email":"ann@shop.example.org","phone":"+4915123456789"`

	return map[string]string{
		"no status line":            person,
		"bad status code":           "HTTP/1.1 " + person + " OK",
		"bad version":               "HTTP/" + person + " 200 OK",
		"bad header":                "HTTP/1.1 200 OK\r\nann@shop.example.org",
		"bad first header":          "HTTP/1.1 200 OK\r\n " + person,
		"bad Content-Length":        "HTTP/1.1 200 OK\r\nContent-Length: " + person,
		"two Content-Lengths":       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: " + person,
		"unknown Transfer-Encoding": "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + person,
	}
}

// Babbler returns a transport to a peer that answers each request with a text as it is. It needs no network, so that it is
// at home in a bubble of testing/synctest, too.
func Babbler(text string) *http.Transport {
	return &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()

		go func() {
			defer func() { _ = there.Close() }()

			if req, err := http.ReadRequest(bufio.NewReader(there)); err == nil {
				_, _ = io.Copy(io.Discard, req.Body)
				_, _ = io.WriteString(there, text+"\r\n\r\n")
			}
		}()

		return here, nil
	}}
}
