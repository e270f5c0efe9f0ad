package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/settings"
)

// previewKind is a resource type that can be previewed.
type previewKind struct {
	typeID   string
	endpoint commercetools.Endpoint
	// mark is a property that every resource of the type has, and none of the other types.
	mark string
	// expanded is the property whose references a function asks commercetools to resolve.
	expanded string
}

func previewKinds() map[bulk.Resource]previewKind {
	return map[bulk.Resource]previewKind{
		bulk.Customers:  {typeID: "customer", endpoint: commercetools.Customers, mark: "email"},
		bulk.Orders:     {typeID: "order", endpoint: commercetools.Orders, mark: "orderState", expanded: "discountCodes"},
		bulk.Products:   {typeID: "product", endpoint: commercetools.ProductProjections, mark: "variants", expanded: "categories"},
		bulk.Categories: {typeID: "category", endpoint: commercetools.Categories, mark: "ancestors", expanded: "ancestors"},
	}
}

// previewed is the resource whose preview is asked for.
type previewed struct {
	previewKind

	raw json.RawMessage
	ID  string `json:"id"`
	// Version is what an unpublished product is known by, too; see productevents.
	Version        int64     `json:"version"`
	LastModifiedAt time.Time `json:"lastModifiedAt"`
}

// read reads a resource, and finds out whether it is of this kind.
func (k previewKind) read(raw []byte) (previewed, error) {
	var properties map[string]json.RawMessage

	p := previewed{previewKind: k, raw: raw}

	if err := json.Unmarshal(raw, &properties); err != nil {
		return p, fmt.Errorf("it is not the JSON of one resource: %w", err)
	}

	if properties["notificationType"] != nil || properties["specversion"] != nil {
		return p, errors.New("it is a message; `local send` takes it")
	}

	if properties["masterData"] != nil {
		return p, errors.New("it is a product with its drafts; take what shoppers see, GET /product-projections/ID")
	}

	for name, other := range previewKinds() {
		if other.typeID != k.typeID && properties[other.mark] != nil {
			return p, fmt.Errorf("it looks like one of the %s; is it `preview %s`?", name, name)
		}
	}

	if properties[k.mark] == nil {
		return p, fmt.Errorf("it has no %s, and every %s has; take it as GET /%s/ID answers", k.mark, k.typeID, k.endpoint)
	}

	if err := json.Unmarshal(raw, &p); err != nil || p.ID == "" || p.Version < 1 {
		return p, fmt.Errorf("it lacks an id, a version or lastModifiedAt; take it as GET /%s/ID answers", k.endpoint)
	}

	return p, nil
}

// previewMessage is a message that commercetools publishes about a resource.
type previewMessage struct {
	name     string
	function string
	payload  map[string]any
}

// messages are those that bring Klaviyo to what the resource is now, in the order in which they would come.
func (p previewed) messages(project string, cfg settings.Config) ([]previewMessage, error) {
	switch p.typeID {
	case "customer":
		return []previewMessage{
			p.message(project, p.typeID, p.ID, "CustomerCreated"), p.message(project, p.typeID, p.ID, delivery.ResourceUpdated),
		}, nil
	case "order":
		return p.orderMessages(project, cfg)
	case "product":
		return p.first(project, p.typeID, p.ID, cfg.Product.Messages.Published), nil
	default:
		return []previewMessage{p.message(project, p.typeID, p.ID, delivery.ResourceUpdated)}, nil
	}
}

// orderMessages are the order's own, and those of its payments.
func (p previewed) orderMessages(project string, cfg settings.Config) ([]previewMessage, error) {
	order, err := commercetools.Decode[commercetools.Order](p.raw)
	if err != nil {
		return nil, err
	}

	all := p.first(project, p.typeID, p.ID, cfg.Order.Messages.Created)
	all = append(all, p.first(project, p.typeID, p.ID, cfg.Order.Messages.Changed)...)

	for _, id := range order.PaymentIDs() {
		all = append(all, p.first(project, "payment", id, cfg.Payment.Messages.TransactionAdded)...)
	}

	return all, nil
}

// first is a message of the first of some types, which are all treated alike; none without a type.
func (p previewed) first(project, typeID, id string, types []string) []previewMessage {
	if len(types) == 0 {
		return nil
	}

	return []previewMessage{p.message(project, typeID, id, types[0])}
}

// message is a message of the kind that doesn't hold what it is about, so that its function takes it as it is now.
func (p previewed) message(project, typeID, id, kind string) previewMessage {
	payload := map[string]any{
		"notificationType": kind, "projectKey": project, "resource": commercetools.Reference{TypeID: typeID, ID: id},
		"version": p.Version, "modifiedAt": p.LastModifiedAt,
	}

	if kind == delivery.ResourceUpdated {
		return previewMessage{typeID + " " + kind, functionFor(typeID), payload}
	}

	payload["notificationType"] = "Message"
	payload["payloadNotIncluded"] = map[string]string{"reason": "preview", "payloadType": kind}
	payload["createdAt"] = p.LastModifiedAt
	payload["resourceVersion"] = 1 // An order that has changed since counts as placed; see orderevents.

	return previewMessage{kind, functionFor(typeID), payload}
}
