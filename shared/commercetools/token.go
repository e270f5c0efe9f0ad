package commercetools

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// grantPath is where tokens are granted, below the AuthURL.
const grantPath = "/oauth/token"

// tokens keeps the bearer token that all requests share. It lasts 48 hours, and is fetched by the first request that
// needs one, under that request's context; others wait.
type tokens struct {
	config clientcredentials.Config
	client *http.Client
	// lock holds one value while a token is looked at or fetched. It is a channel so that waiting ends with the context.
	lock  chan struct{}
	token *oauth2.Token
}

func newTokens(cfg Config, s *sender) *tokens {
	return &tokens{
		config: clientcredentials.Config{
			ClientID:     cfg.ClientID,
			ClientSecret: cfg.ClientSecret.Reveal(),
			TokenURL:     strings.TrimRight(cfg.AuthURL, "/") + grantPath,
			Scopes:       cfg.Scopes,
			AuthStyle:    oauth2.AuthStyleInHeader,
		},
		client: &http.Client{
			Transport: s,
			// A redirect would carry the password somewhere else.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		lock: make(chan struct{}, 1),
	}
}

// get returns a token that is valid and isn't the refused one.
func (t *tokens) get(ctx context.Context, refused *oauth2.Token) (*oauth2.Token, error) {
	select {
	case t.lock <- struct{}{}:
		defer func() { <-t.lock }()
	case <-ctx.Done():
		return nil, fmt.Errorf("commercetools: wait for a token: %w", ctx.Err())
	}

	if t.token.Valid() && t.token != refused {
		return t.token, nil
	}

	token, err := t.config.Token(context.WithValue(ctx, oauth2.HTTPClient, t.client))
	if err != nil {
		return nil, tokenError(err)
	}

	t.token = token

	return token, nil
}

// tokenError drops the token endpoint's body, which the OAuth package's error would print.
func tokenError(err error) error {
	if refusal, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		e := newError(http.MethodPost+" "+grantPath, refusal.Response, refusal.Body)
		e.Token = true

		return e
	}

	if _, unsent := errors.AsType[*url.Error](err); !unsent {
		err = fmt.Errorf("%w: %w", ErrUnreadable, err)
	}

	return fmt.Errorf("commercetools: fetch a token: %w", err)
}
