package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/ctklaviyo/connector/shared/framework"
)

// newServer returns a server for this machine alone, with bounds on slow clients. It ends by shutdown, not with the context.
func newServer(ctx context.Context, h http.Handler) *http.Server {
	base, cutOff := context.WithCancel(context.WithoutCancel(ctx))
	s := &http.Server{
		Handler: forThisMachine(h), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return base },
	}
	s.RegisterOnShutdown(func() { time.AfterFunc(framework.CutAfter, cutOff) })

	return s
}

// forThisMachine refuses what a web page asks for that is open in a browser here: it must not start anything, neither by a
// request of its own, nor under a name that leads to this machine.
func forThisMachine(h http.Handler) http.Handler {
	return http.NewCrossOriginProtection().Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}

		if host != "localhost" && net.ParseIP(host) == nil {
			http.Error(w, "this server is for 127.0.0.1 and localhost", http.StatusMisdirectedRequest)

			return
		}

		h.ServeHTTP(w, r)
	}))
}

// shutdown lets the requests in flight finish. Those that take long are cut off in time to answer: a client should not see
// its connection break.
func shutdown(s *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), framework.EndAfter)
	defer cancel()

	if err := s.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("shutting down: %w", err), s.Close())
	}

	return nil
}
