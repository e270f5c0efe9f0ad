package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
	"github.com/ctklaviyo/connector/shared/emulatortest"
	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/loggingtest"
)

const (
	cloudProject = "projects/parked-test"
	parkedTopic  = cloudProject + "/topics/parked"
)

// cloud is the functions as they are registered, behind Pub/Sub's emulator: a topic for each function, a push subscription
// with a dead-letter topic, and the parked topic with its pull subscription.
type cloud struct {
	ct     *commercetoolstest.Server
	kl     *klaviyotest.Server
	client *klaviyo.Client
	pubsub *pubsub.Client
	// env points a command at all of it.
	env []string

	mu sync.Mutex
	// refused is a text in requests that Klaviyo refuses for good; later is how often a path fails at commercetools.
	refused string
	later   map[string]int
}

// openCloud starts the functions by the framework, in this process and with its real environment. That can be done once,
// and not beside other tests.
func openCloud(t *testing.T) *cloud {
	t.Helper()

	c := &cloud{
		ct:    commercetoolstest.NewServer(sampleProject),
		kl:    klaviyotest.New(klaviyotest.Options{Key: demoKey}),
		later: map[string]int{},
	}

	emulator := emulatortest.PubSub(t)
	ct := httptest.NewServer(faulttest.Wrap(c.ct, c.atCommercetools))
	t.Cleanup(ct.Close)

	kl := httptest.NewServer(faulttest.Wrap(c.kl, c.atKlaviyo))
	t.Cleanup(kl.Close)

	variables := (&demo{ctURL: ct.URL, klURL: kl.URL}).environment()
	variables["CT_PROJECT_ID"] = sampleProject
	variables["PARKED_TOPIC"] = parkedTopic
	variables["PUBSUB_EMULATOR_HOST"] = emulator
	variables["LOG_LEVEL"] = "error"

	for name, value := range variables {
		t.Setenv(name, value)

		c.env = append(c.env, name+"="+value)
	}

	c.client = klaviyo.New(klaviyo.Config{APIURL: kl.URL, AuthKey: demoKey})
	c.openPubSub(t, startFunctions(t))

	return c
}

// startFunctions serves every function at its name, and returns the address. The framework listens by itself and never
// stops.
func startFunctions(t *testing.T) string {
	t.Helper()
	loggingtest.Stderr(t)

	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	addr := listener.Addr().String()
	_ = listener.Close()
	_, port, _ := net.SplitHostPort(addr)

	go func() {
		_ = funcframework.StartHostPort("127.0.0.1", port) // When it can't listen, nothing arrives.
	}()

	return "http://" + addr
}

// openPubSub makes what Terraform makes in the cloud. What fails comes again after 100 ms instead of 10 s.
func (c *cloud) openPubSub(t *testing.T, functions string) {
	t.Helper()

	var err error

	c.pubsub, err = pubsub.NewClient(t.Context(), strings.TrimPrefix(cloudProject, "projects/"))
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = c.pubsub.Close() })

	c.topic(t, "dead-letter", &pubsubpb.Subscription{})
	c.topic(t, "parked", &pubsubpb.Subscription{})

	for _, function := range []string{"CustomerEvents", "OrderEvents", "CategoryEvents", "ProductEvents", "InventoryEvents"} {
		c.topic(t, function, &pubsubpb.Subscription{
			PushConfig:       &pubsubpb.PushConfig{PushEndpoint: functions + "/" + function},
			DeadLetterPolicy: &pubsubpb.DeadLetterPolicy{DeadLetterTopic: cloudProject + "/topics/dead-letter", MaxDeliveryAttempts: 100},
			RetryPolicy:      &pubsubpb.RetryPolicy{MinimumBackoff: durationpb.New(100 * time.Millisecond), MaximumBackoff: durationpb.New(time.Second)},
		})
	}
}

// topic makes a topic with a subscription of the same name.
func (c *cloud) topic(t *testing.T, name string, s *pubsubpb.Subscription) {
	t.Helper()

	topic := cloudProject + "/topics/" + name
	if _, err := c.pubsub.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: topic}); err != nil {
		t.Fatal(err)
	}

	s.Name, s.Topic, s.AckDeadlineSeconds = cloudProject+"/subscriptions/"+name, topic, 60
	if _, err := c.pubsub.SubscriptionAdminClient.CreateSubscription(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

// publish publishes a message as commercetools does.
func (c *cloud) publish(t *testing.T, function string, message []byte) {
	t.Helper()

	publisher := c.pubsub.Publisher(cloudProject + "/topics/" + function)
	defer publisher.Stop()

	if _, err := publisher.Publish(t.Context(), &pubsub.Message{Data: message, Attributes: map[string]string{"projectKey": sampleProject}}).Get(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (c *cloud) atCommercetools(r *http.Request) faulttest.Fault {
	c.mu.Lock()
	defer c.mu.Unlock()

	if c.later[r.URL.Path] == 0 {
		return faulttest.Fault{}
	}

	c.later[r.URL.Path]--

	// An hour is longer than a message may take, so that the client hands the answer on at once.
	return faulttest.Fault{Status: http.StatusServiceUnavailable, RetryAfter: "3600"}
}

func (c *cloud) atKlaviyo(r *http.Request) faulttest.Fault {
	c.mu.Lock()
	defer c.mu.Unlock()

	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))

	if err == nil && c.refused != "" && bytes.Contains(body, []byte(c.refused)) {
		return refusal()
	}

	return faulttest.Fault{}
}

// refuse lets Klaviyo refuse what contains a text; "" refuses nothing.
func (c *cloud) refuse(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.refused = text
}

// failures is how often a path is still going to fail at commercetools.
func (c *cloud) failures(path string) int {
	c.mu.Lock()
	defer c.mu.Unlock()

	return c.later[path]
}

// arrived is what Klaviyo has: profiles and categories by external id, the events' metrics, items, and stocks by SKU.
func (c *cloud) arrived() map[string]any {
	all := map[string]any{}

	for _, p := range c.kl.Profiles() {
		if id, ok := p.Attributes["external_id"].(string); ok {
			all["customer "+id] = true
		}
	}

	for _, e := range c.kl.Events() {
		all["event "+e.Metric] = true
	}

	for _, e := range c.kl.Categories() {
		all["category "+e.ExternalID] = true
	}

	for _, e := range c.kl.Items() {
		all["item "+e.ExternalID] = true
	}

	for _, e := range c.kl.Variants() {
		all["stock of "+e.ExternalID] = e.Attributes["inventory_quantity"]
	}

	return all
}

// customerUpdated is what commercetools publishes after any change of a customer.
func customerUpdated(t *testing.T, id string) []byte {
	t.Helper()

	message, err := json.Marshal(map[string]any{
		"notificationType": "ResourceUpdated", "projectKey": sampleProject, "resource": ref("customer", id), "version": 2, "oldVersion": 1,
		"modifiedAt": "2026-01-02T03:04:05.678Z",
	})
	if err != nil {
		t.Fatal(err)
	}

	return message
}
