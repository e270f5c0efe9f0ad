package bulk

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
)

// Task is the body of a Cloud Tasks task: one step of a run. It is small, since its content is in the documents.
type Task struct {
	Run      string   `json:"run"`
	Epoch    int64    `json:"epoch"`
	Resource Resource `json:"resource"`
	// Plan marks the first task of a run; it has no shard.
	Plan  bool `json:"plan,omitempty"`
	Shard int  `json:"shard"`
	// Cursor is where the page begins, for the person who looks at the queue; the shard's document decides.
	Cursor string `json:"cursor"`
	Page   int    `json:"page"`
	// Retries is how often the queue has delivered the task before. The queue says so beside the body.
	Retries int `json:"-"`
}

// ParseTask reads a task's body.
func ParseTask(body []byte) (Task, error) {
	var t Task
	if err := json.Unmarshal(body, &t); err != nil {
		return Task{}, fmt.Errorf("the task is not JSON: %w", err)
	}

	if t.Run == "" || !t.Resource.Known() {
		return Task{}, errors.New("the task names no run, or a resource that there is no import for")
	}

	return t, nil
}

// Name is the task's name in the queue, made of its content, so that a duplicate is refused. It begins with a hash:
// Cloud Tasks is slow with names in sequence.
func (t Task) Name() string {
	step := fmt.Sprintf("%s-%s-%d-%d-%d", t.Resource, t.Run, t.Epoch, t.Shard, t.Page)
	if t.Plan {
		step = fmt.Sprintf("%s-%s-%d-plan", t.Resource, t.Run, t.Epoch)
	}

	return fmt.Sprintf("%.4x-%s", sha256.Sum256([]byte(step)), step)
}

func planTask(r Run) Task {
	return Task{Run: r.ID, Epoch: r.Epoch, Resource: r.Resource, Plan: true}
}

func shardTask(r Run, s Shard) Task {
	return Task{Run: r.ID, Epoch: r.Epoch, Resource: r.Resource, Shard: s.Index, Cursor: s.Cursor, Page: s.Page}
}
