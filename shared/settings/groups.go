package settings

import (
	"errors"
	"io"
	"log/slog"
	"regexp"
	"strings"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/logging"
	"github.com/ctklaviyo/connector/shared/mapping"
)

// Commercetools says where the commercetools project is and how to get in.
type Commercetools struct {
	// APIURL and AuthURL are the region's, such as https://api.europe-west1.gcp.commercetools.com.
	APIURL    URL       `env:"CT_API_URL, required"`
	AuthURL   URL       `env:"CT_AUTH_URL, required"`
	ProjectID string    `env:"CT_PROJECT_ID, required"`
	APIClient APIClient `env:"CT_API_CLIENT, required"`
	// Scopes narrow the token; blanks or commas between them.
	Scopes string `env:"CT_SCOPES"`
}

var projectForm = regexp.MustCompile(`^[A-Za-z0-9_-]{2,36}$`)

// Validate finds a project that is no project key, and an auth URL that already ends in the path which the client adds.
func (c Commercetools) Validate() error {
	var problems []error

	if c.ProjectID != "" && !projectForm.MatchString(c.ProjectID) {
		problems = append(problems, errors.New("CT_PROJECT_ID: must be a project key: 2 to 36 letters, digits, - and _"))
	}

	if strings.HasSuffix(string(c.AuthURL), "/oauth/token") {
		problems = append(problems, errors.New("CT_AUTH_URL: must be without /oauth/token"))
	}

	return errors.Join(problems...)
}

// Client returns what commercetools.New takes.
func (c Commercetools) Client() commercetools.Config {
	return commercetools.Config{
		APIURL:       string(c.APIURL),
		AuthURL:      string(c.AuthURL),
		ProjectKey:   c.ProjectID,
		ClientID:     c.APIClient.ClientID,
		ClientSecret: c.APIClient.Secret,
		Scopes:       strings.FieldsFunc(c.Scopes, func(r rune) bool { return strings.ContainsRune(" ,\t\r\n", r) }),
	}
}

// Klaviyo says how to get into the Klaviyo account.
type Klaviyo struct {
	AuthKey logging.Secret `env:"KLAVIYO_AUTH_KEY, required"`
	// APIURL is Klaviyo's, unless a proxy or a fake stands in.
	APIURL URL `env:"KLAVIYO_API_URL, default=https://a.klaviyo.com"`
}

// Validate finds a key that no HTTP header can carry: the client would fail at every request, and without saying why.
func (k Klaviyo) Validate() error {
	if strings.ContainsFunc(k.AuthKey.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("KLAVIYO_AUTH_KEY: must be one word of plain letters, such as pk_…")
	}

	return nil
}

// Client returns what klaviyo.New takes.
func (k Klaviyo) Client() klaviyo.Config {
	return klaviyo.Config{APIURL: string(k.APIURL), AuthKey: k.AuthKey}
}

// Shop says which of a product's texts, prices and pages Klaviyo shows. All are optional.
type Shop struct {
	Locale     Locale      `env:"PREFERRED_LOCALE"`
	Currency   Currency    `env:"PREFERRED_CURRENCY"`
	ProductURL URLTemplate `env:"PRODUCT_URL_TEMPLATE"`
}

// Mapping returns what the functions of mapping take.
func (s Shop) Mapping() mapping.Shop {
	return mapping.Shop{
		Locale:             string(s.Locale),
		Currency:           string(s.Currency),
		ProductURLTemplate: string(s.ProductURL),
	}
}

// Parking says where messages go that never succeed.
type Parking struct {
	// Topic is a Pub/Sub topic: projects/PROJECT/topics/TOPIC, or TOPIC alone for one of Project. Without one nothing is
	// parked, and such messages come again.
	Topic   string `env:"PARKED_TOPIC"`
	Project string `env:"GOOGLE_CLOUD_PROJECT"`
}

var topicForm = regexp.MustCompile(`^(projects/[^/\s]+/topics/)?[^/\s]+$`)

// Validate finds a topic that is none, and wants a project for one that doesn't name its own.
func (p Parking) Validate() error {
	switch {
	case p.Topic == "":
		return nil
	case !topicForm.MatchString(p.Topic):
		return errors.New("PARKED_TOPIC: must be a name such as projects/PROJECT/topics/TOPIC")
	case !strings.Contains(p.Topic, "/") && p.Project == "":
		return errors.New("GOOGLE_CLOUD_PROJECT is required with PARKED_TOPIC")
	default:
		return nil
	}
}

// TopicName is the topic's full name; "" without a topic.
func (p Parking) TopicName() string {
	if p.Topic == "" || strings.Contains(p.Topic, "/") {
		return p.Topic
	}

	return "projects/" + p.Project + "/topics/" + p.Topic
}

// Parked says where parked messages are read again; no function does that.
type Parked struct {
	Parking

	// Subscription is the topic's pull subscription, projects/PROJECT/subscriptions/SUBSCRIPTION. Without one it is the
	// subscription that has the topic's name.
	Subscription string `env:"PARKED_SUBSCRIPTION"`
}

var subscriptionForm = regexp.MustCompile(`^projects/[^/\s]+/subscriptions/[^/\s]+$`)

// Validate finds a subscription that is none.
func (p Parked) Validate() error {
	if p.Subscription != "" && !subscriptionForm.MatchString(p.Subscription) {
		return errors.New("PARKED_SUBSCRIPTION: must be a full name such as projects/PROJECT/subscriptions/SUBSCRIPTION")
	}

	return nil
}

// SubscriptionName is the full name of the subscription; "" with neither a subscription nor a topic.
func (p Parked) SubscriptionName() string {
	if p.Subscription != "" {
		return p.Subscription
	}

	return strings.Replace(p.TopicName(), "/topics/", "/subscriptions/", 1)
}

// Sync says where an import keeps its state and queues its work.
type Sync struct {
	Project  string `env:"GOOGLE_CLOUD_PROJECT, required"`
	Database string `env:"FIRESTORE_DATABASE, default=(default)"`
	Queue    Queue  `env:"TASKS_QUEUE, required"`
	// WorkerURL is the function that Cloud Tasks calls, as ServiceAccount.
	WorkerURL      URL    `env:"WORKER_URL, required"`
	ServiceAccount string `env:"TASKS_SERVICE_ACCOUNT, required"`
	// TasksEmulator is the host:port of a Cloud Tasks emulator. Firestore's client reads FIRESTORE_EMULATOR_HOST by itself.
	TasksEmulator string `env:"CLOUD_TASKS_EMULATOR_HOST"`
}

// Validate finds a service account that is not the email address that Cloud Tasks wants.
func (s Sync) Validate() error {
	if s.ServiceAccount != "" && !strings.Contains(s.ServiceAccount, "@") {
		return errors.New("TASKS_SERVICE_ACCOUNT: must be an address such as NAME@PROJECT.iam.gserviceaccount.com")
	}

	return nil
}

// Log says what is logged.
type Log struct {
	// Level is debug, info, warn or error; nil when it isn't set.
	Level *slog.Level `env:"LOG_LEVEL" must:"be debug, info, warn or error"`
	// Project is the one that traces belong to; without it lines have no trace.
	Project string `env:"GOOGLE_CLOUD_PROJECT"`
}

// Logger returns a logger of this level, info when it isn't set.
func (l Log) Logger(w io.Writer) *slog.Logger {
	level := slog.LevelInfo
	if l.Level != nil {
		level = *l.Level
	}

	return logging.New(w, level, l.Project)
}
