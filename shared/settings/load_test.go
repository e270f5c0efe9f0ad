package settings_test

import (
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sethvargo/go-envconfig"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/settings"
)

// everything has each group, as no function does.
type everything struct {
	settings.Commercetools
	settings.Klaviyo
	settings.Shop
	settings.Parked
	settings.Sync
	settings.Log
	settings.File
}

// good returns an environment in which every variable is set.
func good() map[string]string {
	return map[string]string{
		"CT_API_URL":            "https://api.europe-west1.gcp.commercetools.com/",
		"CT_AUTH_URL":           "https://auth.europe-west1.gcp.commercetools.com",
		"CT_PROJECT_ID":         "my-shop",
		"CT_API_CLIENT":         `{"clientId":"c1","secret":"QZQZ","name":"connector"}`,
		"CT_SCOPES":             "view_customers:my-shop, view_orders:my-shop\tview_products:my-shop",
		"KLAVIYO_AUTH_KEY":      "pk_QZQZ\n",
		"KLAVIYO_API_URL":       "http://127.0.0.1:8090/klaviyo//",
		"PREFERRED_LOCALE":      "en-US",
		"PREFERRED_CURRENCY":    "USD",
		"PRODUCT_URL_TEMPLATE":  "https://example.com/p/{{productSlug}}?from=klaviyo",
		"PARKED_TOPIC":          "parked",
		"GOOGLE_CLOUD_PROJECT":  "my-project",
		"FIRESTORE_DATABASE":    "sync",
		"TASKS_QUEUE":           "projects/my-project/locations/europe-west1/queues/bulk",
		"WORKER_URL":            "https://worker.example.com/",
		"TASKS_SERVICE_ACCOUNT": "tasks@my-project.iam.gserviceaccount.com",
		"LOG_LEVEL":             "warn",
		"CONFIG_ENV":            "default",
		"CONFIG_JSON":           `{"disabledEvents":["OrderCreated"]}`,
		"NODE_CONFIG":           `{"disabledEvents":["OrderRefunded"]}`,
	}
}

// with returns the good environment with changes, given as name and value; an empty value takes the variable away.
func with(pairs ...string) map[string]string {
	env := good()
	for i := 0; i < len(pairs); i += 2 {
		env[pairs[i]] = pairs[i+1]
		if pairs[i+1] == "" {
			delete(env, pairs[i])
		}
	}

	return env
}

func TestLoad(t *testing.T) {
	t.Parallel()

	env, err := settings.Load[everything](t.Context(), envconfig.MapLookuper(good()))
	if err != nil {
		t.Fatal(err)
	}

	ct := commercetools.Config{
		APIURL:       "https://api.europe-west1.gcp.commercetools.com",
		AuthURL:      "https://auth.europe-west1.gcp.commercetools.com",
		ProjectKey:   "my-shop",
		ClientID:     "c1",
		ClientSecret: "QZQZ",
		Scopes:       []string{"view_customers:my-shop", "view_orders:my-shop", "view_products:my-shop"},
	}
	if diff := cmp.Diff(ct, env.Commercetools.Client()); diff != "" {
		t.Error(diff)
	}

	if diff := cmp.Diff(klaviyo.Config{APIURL: "http://127.0.0.1:8090/klaviyo", AuthKey: "pk_QZQZ"}, env.Klaviyo.Client()); diff != "" {
		t.Error(diff)
	}

	shop := settings.Shop{Locale: "en-US", Currency: "USD", ProductURL: "https://example.com/p/{{productSlug}}?from=klaviyo"}
	if diff := cmp.Diff(shop, env.Shop); diff != "" {
		t.Error(diff)
	}

	if diff := cmp.Diff(settings.Parked{Parking: settings.Parking{Topic: "parked", Project: "my-project"}}, env.Parked); diff != "" {
		t.Error(diff)
	}

	sync := settings.Sync{
		Project:        "my-project",
		Database:       "sync",
		Queue:          "projects/my-project/locations/europe-west1/queues/bulk",
		WorkerURL:      "https://worker.example.com",
		ServiceAccount: "tasks@my-project.iam.gserviceaccount.com",
	}
	if diff := cmp.Diff(sync, env.Sync); diff != "" {
		t.Error(diff)
	}

	if env.Level == nil || *env.Level != slog.LevelWarn {
		t.Errorf("level: %v", env.Level)
	}

	cfg, err := env.Config()
	if err != nil || !cfg.Disabled("OrderCreated") || cfg.Disabled("OrderRefunded") {
		t.Errorf("CONFIG_JSON doesn't win over NODE_CONFIG: %v, %v", cfg.DisabledEvents, err)
	}
}

func TestLoadWithTheLeast(t *testing.T) {
	t.Parallel()

	env := good()
	for _, optional := range []string{
		"CT_SCOPES", "KLAVIYO_API_URL", "PREFERRED_LOCALE", "PREFERRED_CURRENCY", "PRODUCT_URL_TEMPLATE", "PARKED_TOPIC",
		"FIRESTORE_DATABASE", "LOG_LEVEL", "CONFIG_ENV", "CONFIG_JSON", "NODE_CONFIG",
	} {
		env[optional] = " "
	}

	got, err := settings.Load[everything](t.Context(), envconfig.MapLookuper(env))
	if err != nil {
		t.Fatal(err)
	}

	if got.Klaviyo.APIURL != "https://a.klaviyo.com" || got.Database != "(default)" || got.Level != nil {
		t.Errorf("defaults: %q, %q, %v", got.Klaviyo.APIURL, got.Database, got.Level)
	}

	if scopes := got.Commercetools.Client().Scopes; len(scopes) != 0 {
		t.Errorf("scopes: %q", scopes)
	}
}

func TestLoadTellsEveryProblemAtOnce(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		env  map[string]string
		want []string
	}{
		"nothing set": {
			env: map[string]string{},
			want: []string{
				"CT_API_URL is required", "CT_AUTH_URL is required", "CT_PROJECT_ID is required", "CT_API_CLIENT is required",
				"KLAVIYO_AUTH_KEY is required",
				"GOOGLE_CLOUD_PROJECT is required", "TASKS_QUEUE is required", "WORKER_URL is required", "TASKS_SERVICE_ACCOUNT is required",
			},
		},
		"everything wrong": {
			env: with(
				"CT_API_URL", "api.example.com", "CT_AUTH_URL", "https://", "CT_API_CLIENT", `{"secret":"QZQZ"}`,
				"KLAVIYO_AUTH_KEY", "pk QZQZ", "KLAVIYO_API_URL", "ftp://a.klaviyo.com",
				"PREFERRED_LOCALE", "english please", "PREFERRED_CURRENCY", "usd", "PRODUCT_URL_TEMPLATE", "https://example.com/p/",
				"TASKS_QUEUE", "bulk", "WORKER_URL", "/BulkWorker", "TASKS_SERVICE_ACCOUNT", "tasks",
				"LOG_LEVEL", "loud", "CONFIG_ENV", "live", "CONFIG_JSON", `{"order":{"metric":{},"guideProperties":1}}`,
			),
			want: []string{
				"CT_API_URL: must be a URL such as https://example.com",
				"CT_AUTH_URL: must be a URL such as https://example.com",
				"CT_API_CLIENT: lacks clientId",
				"KLAVIYO_API_URL: must be a URL such as https://example.com",
				"KLAVIYO_AUTH_KEY: must be one word of plain letters, such as pk_…",
				"PREFERRED_LOCALE: must be a language tag such as en-US",
				"PREFERRED_CURRENCY: must be three capital letters such as USD",
				"PRODUCT_URL_TEMPLATE: must be a URL such as https://example.com/p/{{productSlug}}",
				"TASKS_QUEUE: must be a full name such as projects/PROJECT/locations/LOCATION/queues/QUEUE",
				"WORKER_URL: must be a URL such as https://example.com",
				"TASKS_SERVICE_ACCOUNT: must be an address such as NAME@PROJECT.iam.gserviceaccount.com",
				"LOG_LEVEL: must be debug, info, warn or error",
				"CONFIG_ENV: there is no config/live.json; it can be default",
				"CONFIG_JSON: order.guideProperties: must be true or false, not a number",
				"CONFIG_JSON: order.metric: unknown key; there are customFields, guideProperties, messages, metrics, properties, states",
			},
		},
		"no project for the topic": {
			env: with("GOOGLE_CLOUD_PROJECT", ""),
			want: []string{
				"GOOGLE_CLOUD_PROJECT is required with PARKED_TOPIC",
				"GOOGLE_CLOUD_PROJECT is required",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := settings.Load[everything](t.Context(), envconfig.MapLookuper(tt.env))
			if diff := cmp.Diff(tt.want, strings.Split(fmt.Sprint(err), "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParkingNames(t *testing.T) {
	t.Parallel()

	const full = "projects/other/topics/parked"

	tests := map[string]struct {
		parking                 settings.Parked
		wantTopic, wantToReadIt string
	}{
		"nothing":             {settings.Parked{Parking: settings.Parking{Project: "p"}}, "", ""},
		"a topic's id":        {settings.Parked{Parking: settings.Parking{Topic: "parked", Project: "p"}}, "projects/p/topics/parked", "projects/p/subscriptions/parked"},
		"a full name":         {settings.Parked{Parking: settings.Parking{Topic: full, Project: "p"}}, full, "projects/other/subscriptions/parked"},
		"without a project":   {settings.Parked{Parking: settings.Parking{Topic: full}}, full, "projects/other/subscriptions/parked"},
		"both":                {settings.Parked{Parking: settings.Parking{Topic: full}, Subscription: "projects/p/subscriptions/s"}, full, "projects/p/subscriptions/s"},
		"only a subscription": {settings.Parked{Subscription: "projects/p/subscriptions/s"}, "", "projects/p/subscriptions/s"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if err := tt.parking.Validate(); err != nil {
				t.Error(err)
			}

			if got := tt.parking.TopicName(); got != tt.wantTopic {
				t.Errorf("topic %q, want %q", got, tt.wantTopic)
			}

			if got := tt.parking.SubscriptionName(); got != tt.wantToReadIt {
				t.Errorf("subscription %q, want %q", got, tt.wantToReadIt)
			}
		})
	}
}

// Only who reads parked messages minds the subscription; a function works without.
func TestParkedSubscriptionIsForItsReaders(t *testing.T) {
	t.Parallel()

	env := envconfig.MapLookuper(with("PARKED_SUBSCRIPTION", "parked"))

	if _, err := settings.Load[struct{ settings.Parking }](t.Context(), env); err != nil {
		t.Errorf("a function: %v", err)
	}

	if _, err := settings.Load[settings.Parked](t.Context(), env); err == nil {
		t.Error("the reader takes a name that is none")
	}
}

func TestMalformedValues(t *testing.T) {
	t.Parallel()

	const client = `must be JSON such as {"clientId":"…","secret":"…"}`

	tests := []struct{ name, value, want string }{
		{"CT_API_CLIENT", "QZQZ", client},
		{"CT_API_CLIENT", `{"clientId":"c1","secret":"QZQZ"`, client},
		{"CT_API_CLIENT", `{"clientId":"c1","secret":"QZ` + "\x01" + `QZ"}`, client},
		{"CT_API_CLIENT", `{"clientId":1,"secret":"QZQZ"}`, client},
		{"CT_API_CLIENT", `["QZQZ"]`, client},
		{"CT_API_CLIENT", `{"clientId":"c1","secret":""}`, "lacks secret"},
		{"CT_API_CLIENT", `{"client_id":"c1","client_secret":"QZQZ"}`, "lacks clientId and secret"},
		{"CT_API_URL", "https://user:QZQZ@example.com", "must be a URL"},
		{"CT_API_URL", "https://example.com?key=QZQZ", "must be a URL"},
		{"CT_API_URL", "https://:443", "must be a URL"},
		{"CT_API_URL", "https://exa mple.com", "must be a URL"},
		{"KLAVIYO_AUTH_KEY", "pk_QZQZ\nQZ", "must be one word"},
		{"KLAVIYO_AUTH_KEY", "pk_QZQZ…", "must be one word"},
		{"PREFERRED_LOCALE", "e", "must be a language tag"},
		{"PREFERRED_CURRENCY", "USDX", "must be three capital letters"},
		{"PRODUCT_URL_TEMPLATE", "{{productSlug}}", "must be a URL"},
		{"PARKED_TOPIC", "projects/p/subscriptions/parked", "must be a name such as"},
		{"PARKED_TOPIC", "a topic", "must be a name such as"},
		{"PARKED_SUBSCRIPTION", "parked", "must be a full name"},
		{"TASKS_QUEUE", "projects//locations/l/queues/q", "must be a full name"},
	}
	for _, tt := range tests {
		t.Run(tt.name+"="+tt.value, func(t *testing.T) {
			t.Parallel()

			_, err := settings.Load[everything](t.Context(), envconfig.MapLookuper(with(tt.name, tt.value)))

			got := fmt.Sprint(err)
			if !strings.HasPrefix(got, tt.name+": "+tt.want) || strings.Contains(got, "\n") {
				t.Errorf("got %q, want one line %q", got, tt.name+": "+tt.want)
			}

			if strings.Contains(got, "QZ") {
				t.Errorf("the error shows a secret: %q", got)
			}
		})
	}
}

// A function that needs little must not ask for more.
func TestLoadAsksOnlyForWhatIsDeclared(t *testing.T) {
	t.Parallel()

	type small struct {
		settings.Log
		Port int `env:"PORT, default=8080" must:"be a number"`
	}

	env := map[string]string{"PORT": "9000"}

	got, err := settings.Load[small](t.Context(), envconfig.MapLookuper(env))
	if err != nil || got.Port != 9000 {
		t.Errorf("got %+v, %v", got, err)
	}

	maps.Copy(env, map[string]string{"PORT": "high", "LOG_LEVEL": "high"})

	_, err = settings.Load[small](t.Context(), envconfig.MapLookuper(env))
	if lines := strings.Split(fmt.Sprint(err), "\n"); len(lines) != 2 || lines[1] != "PORT: must be a number" {
		t.Errorf("got %q", lines)
	}
}

func TestLogger(t *testing.T) {
	t.Parallel()

	tests := map[string]slog.Level{"": slog.LevelInfo, "debug": slog.LevelDebug, "ERROR": slog.LevelError}
	for value, want := range tests {
		env, err := settings.Load[settings.Log](t.Context(), envconfig.MapLookuper(map[string]string{"LOG_LEVEL": value}))
		if err != nil {
			t.Fatal(err)
		}

		log := env.Logger(t.Output())
		if !log.Enabled(t.Context(), want) || log.Enabled(t.Context(), want-1) {
			t.Errorf("LOG_LEVEL=%s doesn't log from %s", value, want)
		}
	}
}
