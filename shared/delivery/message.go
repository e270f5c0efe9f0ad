package delivery

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
)

// The notification types of commercetools. Source: https://docs.commercetools.com/api/projects/subscriptions#delivery.
const (
	ResourceCreated = "ResourceCreated"
	ResourceUpdated = "ResourceUpdated"
	ResourceDeleted = "ResourceDeleted"

	notificationMessage = "Message"
	// notificationEvent carries neither a project nor a resource; checkout and the import API send it.
	notificationEvent = "Event"
	// typeSubscription is the resource of the notification that tests a new subscription.
	typeSubscription = "subscription"
)

// Message is one notification of a commercetools subscription.
type Message struct {
	// NotificationType is "Message", "ResourceCreated", "ResourceUpdated" or "ResourceDeleted".
	NotificationType string
	// Type is what happened, such as "CustomerCreated", also when the payload was too large to be included. Only a
	// "Message" has one.
	Type string
	// ID is the message's own id, the same in every delivery; a Resource… notification has none.
	ID         string
	ProjectKey string
	Resource   commercetools.Reference
	// ResourceVersion is the resource's version in a Message.
	ResourceVersion int64
	// CreatedAt is when it happened.
	CreatedAt time.Time
	// PayloadIncluded is false when the payload was too large; what the message is about must then be fetched.
	PayloadIncluded bool
	// Raw is the notification in the Platform format. The fields of its type stand beside the common ones.
	Raw json.RawMessage
}

// kind is the type, or for a Resource… notification what it is.
func (m Message) kind() string { return cmp.Or(m.Type, m.NotificationType) }

// platform is the Platform format. Beside it specversion and data, the two fields by which a payload in the CloudEvents
// format is known and opened: Pub/Sub attributes don't tell for sure.
type platform struct {
	SpecVersion string          `json:"specversion"`
	Data        json.RawMessage `json:"data"`

	NotificationType   string                  `json:"notificationType"`
	ProjectKey         string                  `json:"projectKey"`
	Resource           commercetools.Reference `json:"resource"`
	ID                 string                  `json:"id"`
	ResourceVersion    int64                   `json:"resourceVersion"`
	CreatedAt          time.Time               `json:"createdAt"`
	ModifiedAt         time.Time               `json:"modifiedAt"`
	Type               string                  `json:"type"`
	PayloadNotIncluded *struct {
		PayloadType string `json:"payloadType"`
	} `json:"payloadNotIncluded"`
}

// parseMessage reads a payload in either format. A message as the Messages API lists it, without notificationType, is
// understood too, so that one can be sent by hand.
func parseMessage(data []byte) (Message, error) {
	if len(data) == 0 {
		return Message{}, Unreadable("there is no data")
	}

	var p platform
	if err := json.Unmarshal(data, &p); err != nil {
		return Message{}, Unreadable(jsonProblem(err))
	}

	if p.SpecVersion != "" {
		data, p = p.Data, platform{}
		if err := json.Unmarshal(data, &p); err != nil {
			return Message{}, Unreadable("the CloudEvent's data: " + jsonProblem(err))
		}
	}

	m := Message{
		NotificationType: p.NotificationType,
		Type:             p.Type,
		ID:               p.ID,
		ProjectKey:       p.ProjectKey,
		Resource:         p.Resource,
		ResourceVersion:  p.ResourceVersion,
		CreatedAt:        p.CreatedAt,
		PayloadIncluded:  p.PayloadNotIncluded == nil,
		Raw:              data,
	}

	if m.CreatedAt.IsZero() {
		m.CreatedAt = p.ModifiedAt
	}

	if p.PayloadNotIncluded != nil {
		m.Type = cmp.Or(p.Type, p.PayloadNotIncluded.PayloadType)
	}

	if m.NotificationType == "" && m.Type != "" {
		m.NotificationType = notificationMessage
	}

	return m, m.check()
}

// check tells whether there is something to handle.
func (m Message) check() error {
	switch {
	case m.NotificationType == notificationEvent:
		return Ignored("an event, not a message")
	case m.NotificationType == "":
		return Unreadable("neither notificationType nor type is there")
	case m.Resource.TypeID == typeSubscription:
		return Ignored("the subscription's test notification")
	case m.Resource.TypeID == "" || m.Resource.ID == "":
		return Unreadable("the resource's typeId or id is missing")
	case !commercetools.IsID(m.Resource.ID): // It would get into URLs, also of a deletion in Klaviyo.
		return Unreadable("the resource's id can't be one")
	}

	return nil
}
