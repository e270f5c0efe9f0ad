package commercetoolstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// resource is one resource: one that was put, which never changes, or one that is made for a single answer.
type resource struct {
	id string
	// put is the text of a resource that was put, with what queries ask for most, and how to decode it once.
	put  json.RawMessage
	life life
	tree func() map[string]any

	// made and number lead to one that is generated; made is nil for one that was put.
	made   *series
	number int
}

func newResource(raw json.RawMessage) (*resource, error) {
	var head struct {
		ID             string    `json:"id"`
		CreatedAt      time.Time `json:"createdAt"`
		LastModifiedAt time.Time `json:"lastModifiedAt"`
		Published      *bool     `json:"published"`
	}

	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, fmt.Errorf("read a resource: %w", err)
	}

	if head.ID == "" {
		return nil, errNoID
	}

	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return nil, fmt.Errorf("read a resource: %w", err)
	}

	return &resource{
		id:   head.ID,
		put:  compact.Bytes(),
		life: life{created: head.CreatedAt, modified: head.LastModifiedAt, hidden: head.Published != nil && !*head.Published},
		tree: sync.OnceValue(func() map[string]any { return decode(compact.Bytes()) }),
	}, nil
}

// deleted tells whether the resource stands for one that is gone.
func (r *resource) deleted() bool { return r.put == nil && r.made == nil }

// text is the resource as it is sent.
func (r *resource) text() json.RawMessage {
	if r.made != nil {
		return r.made.make(r.number)
	}

	return r.put
}

func (r *resource) lived() life {
	if r.made != nil {
		return r.made.life(r.number)
	}

	return r.life
}

// field implements fields.
func (r *resource) field(name string) any {
	switch name {
	case "id":
		return r.id
	case "createdAt":
		return instant(r.lived().created)
	case "lastModifiedAt":
		return instant(r.lived().modified)
	}

	if r.tree == nil {
		tree := decode(r.text())
		r.tree = func() map[string]any { return tree }
	}

	return r.tree()[name]
}

// decode reads an object that was checked before.
func decode(raw json.RawMessage) map[string]any {
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		panic(err)
	}

	return tree
}

// instant writes a time so that text sorts as time does.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
