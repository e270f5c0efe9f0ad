package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
)

// message is a Message about a resource, as commercetools publishes it.
func message(typeID string, resource json.RawMessage, kind string, more map[string]any) map[string]any {
	h := headOf(resource)
	m := map[string]any{
		"notificationType": "Message", "type": kind, "projectKey": demoProject, "id": h.ID, "version": 1, "sequenceNumber": h.Version,
		"resource": map[string]any{"typeId": typeID, "id": h.ID}, "resourceVersion": h.Version, "createdAt": time.Now().UTC(),
	}
	maps.Copy(m, more)

	return m
}

// update is a ResourceUpdated.
func update(typeID string, resource json.RawMessage) map[string]any {
	h := headOf(resource)

	return map[string]any{
		"notificationType": "ResourceUpdated", "projectKey": demoProject, "resource": map[string]any{"typeId": typeID, "id": h.ID},
		"version": h.Version, "oldVersion": h.Version - 1, "modifiedAt": time.Now().UTC(),
	}
}

type head struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
}

func headOf(resource json.RawMessage) head {
	var h head

	_ = json.Unmarshal(resource, &h) // the shop is generated

	return h
}

// changed returns the next version of a resource, with other values.
func changed(resource json.RawMessage, values map[string]any) (json.RawMessage, error) {
	var all map[string]any
	if err := json.Unmarshal(resource, &all); err != nil {
		return nil, fmt.Errorf("change a resource: %w", err)
	}

	maps.Copy(all, values)
	all["version"] = headOf(resource).Version + 1
	all["lastModifiedAt"] = time.Now().UTC()

	next, err := json.Marshal(all)
	if err != nil {
		return nil, fmt.Errorf("change a resource: %w", err)
	}

	return next, nil
}

var errNone = errors.New("there is none such")

// find returns the first resource that is such, decoded and as it is.
func find[T any](shop *commercetoolstest.Shop, endpoint string, is func(T) bool) (T, json.RawMessage, error) {
	var none T

	for raw := range shop.All(endpoint) {
		one, err := commercetools.Decode[T](raw)
		if err != nil {
			return none, nil, err
		}

		if is(one) {
			return one, raw, nil
		}
	}

	return none, nil, fmt.Errorf("%s: %w", endpoint, errNone)
}
