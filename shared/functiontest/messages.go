package functiontest

import (
	"encoding/json"
	"maps"
	"testing"
)

// Message is a Message of a type about a resource, with more fields or others.
func Message(tb testing.TB, typeID, id, kind string, more map[string]any) string {
	tb.Helper()

	m := map[string]any{
		"notificationType": "Message", "projectKey": project, "id": "m1", "version": 1, "sequenceNumber": 1, "resourceVersion": 1,
		"resource": map[string]any{"typeId": typeID, "id": id}, "createdAt": "2026-01-02T03:04:05.001Z", "type": kind,
	}
	maps.Copy(m, more)

	return string(Encode(tb, m))
}

// TooLarge is a Message of a type whose payload is not included.
func TooLarge(tb testing.TB, typeID, id, kind string) string {
	tb.Helper()

	return Message(tb, typeID, id, "", map[string]any{
		"payloadNotIncluded": map[string]any{"reason": "too large", "payloadType": kind}, "createdAt": "2026-01-05T06:07:08.999Z",
	})
}

// Change is a ResourceCreated, ResourceUpdated or ResourceDeleted.
func Change(tb testing.TB, typeID, id, kind string) string {
	tb.Helper()

	return string(Encode(tb, map[string]any{
		"notificationType": kind, "projectKey": project, "resource": map[string]any{"typeId": typeID, "id": id},
		"version": 2, "oldVersion": 1, "modifiedAt": "2026-01-02T03:04:05.002Z",
	}))
}

// Formats are both formats of a payload, by their names.
func Formats(tb testing.TB, payload string) map[string]string {
	tb.Helper()

	return map[string]string{"Platform": payload, "CloudEvents": string(Encode(tb, map[string]any{
		"specversion": "1.0", "id": "m1", "type": "com.commercetools.category.message.CategoryCreated", "source": "/demo/categories",
		"data": json.RawMessage(payload),
	}))}
}

// Push is a payload in the body of a Pub/Sub push request.
func Push(tb testing.TB, payload string) string {
	tb.Helper()

	return string(Encode(tb, map[string]any{
		"message":      map[string]any{"data": []byte(payload), "messageId": "1", "attributes": map[string]string{}},
		"subscription": "projects/p/subscriptions/s",
	}))
}

// Encode is v in JSON.
func Encode(tb testing.TB, v any) json.RawMessage {
	tb.Helper()

	data, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}

	return data
}

// Euros is an amount of money in commercetools.
func Euros(cents int) map[string]any {
	return map[string]any{"type": "centPrecision", "currencyCode": "EUR", "centAmount": cents, "fractionDigits": 2}
}
