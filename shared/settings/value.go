package settings

import (
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/text/language"

	"github.com/ctklaviyo/connector/shared/logging"
	"github.com/ctklaviyo/connector/shared/mapping"
)

// The types of variables that have a form. Each decodes itself for envconfig; its errors never quote the value.

// URL is an absolute http or https URL without query and without a slash at the end.
type URL string

// EnvDecode implements envconfig.Decoder.
func (u *URL) EnvDecode(v string) error {
	if !absolute(v) || strings.ContainsAny(v, "?#") {
		return errors.New("must be a URL such as https://example.com")
	}

	*u = URL(strings.TrimRight(v, "/"))

	return nil
}

// absolute tells whether v is an http or https URL with a host, and without a password that would end up in a log.
func absolute(v string) bool {
	u, err := url.Parse(v)

	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil
}

// APIClient is an API client of commercetools, as the variable holds it: {"clientId":"…","secret":"…"}. Other keys that
// commercetools shows with it (name, scope) may stay in.
type APIClient struct {
	ClientID string         `json:"clientId"`
	Secret   logging.Secret `json:"secret"`
}

// EnvDecode implements envconfig.Decoder.
func (c *APIClient) EnvDecode(v string) error {
	if err := json.Unmarshal([]byte(v), c); err != nil {
		// Not %w: the decoder quotes what it stumbles over, and that may be a part of the secret.
		return errors.New(`must be JSON such as {"clientId":"…","secret":"…"}`)
	}

	var missing []string
	if c.ClientID == "" {
		missing = append(missing, "clientId")
	}

	if c.Secret == "" {
		missing = append(missing, "secret")
	}

	if missing != nil {
		return errors.New("lacks " + strings.Join(missing, " and "))
	}

	return nil
}

// Locale is a language tag (BCP 47) such as "en-US", as the shop writes it.
type Locale string

// EnvDecode implements envconfig.Decoder.
func (l *Locale) EnvDecode(v string) error {
	if _, err := language.Parse(v); err != nil {
		return errors.New("must be a language tag such as en-US")
	}

	*l = Locale(v)

	return nil
}

// Currency is a currency code (ISO 4217) such as "USD".
type Currency string

var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

// EnvDecode implements envconfig.Decoder.
func (c *Currency) EnvDecode(v string) error {
	if !currencyForm.MatchString(v) {
		return errors.New("must be three capital letters such as USD")
	}

	*c = Currency(v)

	return nil
}

// URLTemplate is a product page's URL with [mapping.ProductSlug] in it: https://example.com/p/{{productSlug}}.
type URLTemplate string

// EnvDecode implements envconfig.Decoder.
func (t *URLTemplate) EnvDecode(v string) error {
	if !strings.Contains(v, mapping.ProductSlug) || !absolute(strings.ReplaceAll(v, mapping.ProductSlug, "slug")) {
		return errors.New("must be a URL such as https://example.com/p/" + mapping.ProductSlug)
	}

	*t = URLTemplate(v)

	return nil
}

// Queue is the full name of a Cloud Tasks queue: projects/PROJECT/locations/LOCATION/queues/QUEUE.
type Queue string

var queueForm = regexp.MustCompile(`^projects/[^/\s]+/locations/[^/\s]+/queues/[^/\s]+$`)

// EnvDecode implements envconfig.Decoder.
func (q *Queue) EnvDecode(v string) error {
	if !queueForm.MatchString(v) {
		return errors.New("must be a full name such as projects/PROJECT/locations/LOCATION/queues/QUEUE")
	}

	*q = Queue(v)

	return nil
}
