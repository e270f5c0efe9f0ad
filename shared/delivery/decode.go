package delivery

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	cloudevents "github.com/cloudevents/sdk-go/v2"
)

// delivered is one delivery of one message: what Pub/Sub says about it, and what it carries.
type delivered struct {
	// data is the payload as it was published, or the whole body when the envelope can't be read.
	data []byte
	// attributes are those of the Pub/Sub message.
	attributes map[string]string
	// id is Pub/Sub's message id. It changes when a message is dead-lettered and replayed.
	id string
	// attempt counts the deliveries from 1; 0 when Pub/Sub doesn't tell.
	attempt int

	message Message
}

// pushRequest is the body of a Pub/Sub push request, and the data of an event of type
// google.cloud.pubsub.topic.v1.messagePublished. Source: https://docs.cloud.google.com/pubsub/docs/push#receive_push.
type pushRequest struct {
	Message *struct {
		Data       []byte            `json:"data"`
		Attributes map[string]string `json:"attributes"`
		MessageID  string            `json:"messageId"`
	} `json:"message"`
	DeliveryAttempt int `json:"deliveryAttempt"`
	// Resource tells a payload from a push request.
	Resource json.RawMessage `json:"resource"`
}

// decode opens the envelope and reads the message. Its error says Ignored or Unreadable; even then the delivery holds
// what could be read.
func decode(header http.Header, body []byte) (delivered, error) {
	d := delivered{data: body}

	data, err := eventData(header, body)
	if err != nil {
		return d, err
	}

	push, err := openPush(data)
	if err != nil {
		return d, err
	}

	if push.Message == nil { // A payload without an envelope.
		d.data = data
	} else {
		d.data = push.Message.Data
		d.attributes = push.Message.Attributes
		d.id = push.Message.MessageID
		d.attempt = push.DeliveryAttempt
	}

	d.message, err = parseMessage(d.data)

	return d, err
}

// eventData returns the data of a CloudEvent, or the body of a request that isn't one.
func eventData(header http.Header, body []byte) ([]byte, error) {
	structured := strings.HasPrefix(strings.ToLower(header.Get("Content-Type")), "application/cloudevents")
	if !structured && header.Get("Ce-Specversion") == "" {
		return body, nil
	}

	event, err := cloudevents.NewEventFromHTTPRequest(&http.Request{Header: header, Body: io.NopCloser(bytes.NewReader(body))})
	if err != nil {
		return nil, Unreadable("the request is not a CloudEvent") // The SDK's errors may quote the event.
	}

	return event.Data(), nil
}

// openPush reads the push request that data may be. Anything else is a payload without an envelope: a payload names its
// resource, and a push request has none.
func openPush(data []byte) (pushRequest, error) {
	var push pushRequest

	err := json.Unmarshal(data, &push)

	switch {
	case push.Resource != nil:
		return pushRequest{}, nil
	case err != nil:
		return pushRequest{}, Unreadable(jsonProblem(err))
	default:
		return push, nil
	}
}

// jsonProblem says what is wrong without quoting a value, which may be personal.
func jsonProblem(err error) string {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("no JSON at byte %d", e.Offset)
	}

	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("field %q has the wrong type", e.Field)
	}

	return "a value can't be read"
}
