package delivery

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/pubsub/v2"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/logging"
)

// Pub/Sub's limits of a message. Source: https://docs.cloud.google.com/pubsub/quotas#resource_limits.
const (
	maxAttributes = 100
	maxKey        = 256
	maxValue      = 1024
	// reservedPrefix begins attributes that only Google may publish.
	reservedPrefix = "goog"
)

// Parked is a message that can never succeed as it is, kept for a person to look at and replay.
type Parked struct {
	// Data is what was published, or the whole request body when its envelope couldn't be read.
	Data []byte
	// Attributes are those of the original message and: function, reason (unreadable, unsupported, foreign_project,
	// klaviyo_rejected, conflict, commercetools_rejected), message_id (commercetools'), resource ("customer/<id>"),
	// klaviyo_status, klaviyo_code, klaviyo_pointer, error. Those without a value are left out.
	Attributes map[string]string
}

// Parker keeps parked messages. It returns nil only when the message is safe.
type Parker interface {
	Park(ctx context.Context, p Parked) error
}

// PubSubParker publishes parked messages to a topic.
type PubSubParker struct {
	publisher *pubsub.Publisher
}

// NewPubSubParker returns a parker for the publisher's topic.
func NewPubSubParker(publisher *pubsub.Publisher) *PubSubParker {
	return &PubSubParker{publisher: publisher}
}

// OpenParker returns a parker for a topic, projects/PROJECT/topics/TOPIC, with a Pub/Sub client of its own for as long as
// the process lives. It finds the credentials, but makes no call.
func OpenParker(ctx context.Context, topic string) (*PubSubParker, error) {
	client, err := pubSub(ctx, topic)
	if err != nil {
		return nil, err
	}

	return NewPubSubParker(client.Publisher(topic)), nil
}

// pubSub returns a client for the project of a topic or subscription.
func pubSub(ctx context.Context, name string) (*pubsub.Client, error) {
	project, _, _ := strings.Cut(strings.TrimPrefix(name, "projects/"), "/")

	client, err := pubsub.NewClient(ctx, project)
	if err != nil {
		return nil, fmt.Errorf("delivery: parking: %w", err)
	}

	return client, nil
}

// Park implements Parker; it waits until Pub/Sub has the message.
func (p *PubSubParker) Park(ctx context.Context, parked Parked) error {
	result := p.publisher.Publish(ctx, &pubsub.Message{Data: parked.Data, Attributes: parked.Attributes})
	if _, err := result.Get(ctx); err != nil {
		return fmt.Errorf("delivery: parking: %w", err)
	}

	return nil
}

// parked describes why a delivery is parked. None of it is personal: err's text holds ids, codes and pointers.
func (d delivered) parked(function, reason string, err error) Parked {
	about := map[string]string{
		"function":   function,
		"reason":     reason,
		"message_id": d.message.ID,
		"error":      err.Error(),
	}

	if r := d.message.Resource; r != (commercetools.Reference{}) {
		about["resource"] = r.TypeID + "/" + r.ID
	}

	if e, ok := errors.AsType[*klaviyo.Error](err); ok {
		about["klaviyo_status"] = strconv.Itoa(e.Status)
		about["klaviyo_code"] = e.Code()
		about["klaviyo_pointer"] = e.Pointer()
	}

	maps.DeleteFunc(about, func(_, value string) bool { return value == "" })

	return Parked{Data: d.data, Attributes: attributes(d.attributes, about)}
}

// attributes lays what is said about a message over its original attributes, within what Pub/Sub accepts: it would
// refuse the whole message otherwise.
func attributes(original, about map[string]string) map[string]string {
	all := make(map[string]string, len(original)+len(about))
	for key, value := range about {
		all[key] = logging.Shorten(value, maxValue)
	}

	for _, key := range slices.Sorted(maps.Keys(original)) {
		_, taken := about[key]
		if taken || len(all) == maxAttributes || len(key) > maxKey || key == "" || strings.HasPrefix(key, reservedPrefix) {
			continue
		}

		all[key] = logging.Shorten(original[key], maxValue)
	}

	return all
}
