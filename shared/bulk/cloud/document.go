package cloud

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"cloud.google.com/go/firestore"

	"github.com/ctklaviyo/connector/shared/bulk"
)

// keep is how long shards and failures stay readable after their last write; Firestore's TTL policy then deletes them.
const keep = 30 * 24 * time.Hour

// runDocument is sync/{resource}.
type runDocument struct {
	Run runFields `firestore:"run"`
	// Write is the id of the update that wrote last.
	Write string `firestore:"write"`
}

type runFields struct {
	ID         string      `firestore:"id"`
	Epoch      int64       `firestore:"epoch"`
	Status     bulk.Status `firestore:"status"`
	Options    string      `firestore:"options"`
	Total      int         `firestore:"total"`
	Shards     int         `firestore:"shards"`
	CatchUp    bool        `firestore:"catchUp"`
	Reason     string      `firestore:"reason,omitempty"`
	StartedAt  time.Time   `firestore:"startedAt,omitzero"`
	FinishedAt time.Time   `firestore:"finishedAt,omitzero"`
	LeaseUntil time.Time   `firestore:"leaseUntil,omitzero"`
}

func newRunDocument(r bulk.Run, write string) (runDocument, error) {
	options, err := json.Marshal(r.Options)
	if err != nil {
		return runDocument{}, fmt.Errorf("the options of run %s: %w", r.ID, err)
	}

	return runDocument{Write: write, Run: runFields{
		ID: r.ID, Epoch: r.Epoch, Status: r.Status, Options: string(options), Total: r.Total, Shards: r.Shards, CatchUp: r.CatchUp,
		Reason:    strings.ToValidUTF8(r.Reason, "?"), // gRPC refuses anything else
		StartedAt: stored(r.StartedAt), FinishedAt: stored(r.FinishedAt), LeaseUntil: stored(r.LeaseUntil),
	}}, nil
}

func (d runDocument) run(resource bulk.Resource) (bulk.Run, error) {
	f := d.Run
	r := bulk.Run{
		ID: f.ID, Resource: resource, Epoch: f.Epoch, Status: f.Status, Reason: f.Reason,
		Plan:      bulk.Plan{Total: f.Total, Shards: f.Shards, CatchUp: f.CatchUp},
		StartedAt: f.StartedAt, FinishedAt: f.FinishedAt, LeaseUntil: f.LeaseUntil,
	}

	if f.Options == "" { // there is no document yet
		return r, nil
	}

	if err := json.Unmarshal([]byte(f.Options), &r.Options); err != nil {
		return bulk.Run{}, fmt.Errorf("the options of run %s: %w", f.ID, err)
	}

	return r, nil
}

func (d runDocument) updates() []firestore.Update {
	return []firestore.Update{{Path: "run", Value: d.Run}, {Path: "write", Value: d.Write}}
}

// shardDocument is sync/{resource}/shards/{run}-{index}.
type shardDocument struct {
	Shard    shardFields `firestore:"shard"`
	ExpireAt time.Time   `firestore:"expireAt"`
}

type shardFields struct {
	Run       string     `firestore:"run"`
	Index     int        `firestore:"index"`
	After     string     `firestore:"after"`
	Before    string     `firestore:"before"`
	From      string     `firestore:"from"`
	Cursor    string     `firestore:"cursor"`
	End       bool       `firestore:"end"`
	Page      int        `firestore:"page"`
	Phase     bulk.Phase `firestore:"phase"`
	Jobs      []bulk.Job `firestore:"jobs,omitempty"`
	Polls     int        `firestore:"polls"`
	Attempts  int        `firestore:"attempts"`
	Limit     int        `firestore:"limit"`
	Pass      passFields `firestore:"pass"`
	CatchUp   bool       `firestore:"catchUp"`
	Last      counts     `firestore:"last"`
	Doubt     string     `firestore:"doubt"`
	Read      int        `firestore:"read"`
	Sent      int        `firestore:"sent"`
	Failed    int        `firestore:"failed"`
	Skipped   int        `firestore:"skipped"`
	UpdatedAt time.Time  `firestore:"updatedAt,omitzero"`
	// TroubleSince is absent as long as all is well.
	TroubleSince time.Time `firestore:"troubleSince,omitzero"`
	Begun        bool      `firestore:"begun,omitempty"`
}

type counts struct {
	Read    int `firestore:"read"`
	Sent    int `firestore:"sent"`
	Failed  int `firestore:"failed"`
	Skipped int `firestore:"skipped"`
}

type passFields struct {
	Number    int       `firestore:"number"`
	Since     time.Time `firestore:"since,omitzero"`
	StartedAt time.Time `firestore:"startedAt,omitzero"`
	Read      int       `firestore:"read"`

	Known bulk.States `firestore:"known,omitempty"`
	Seen  bulk.States `firestore:"seen,omitempty"`
}

func newShardDocument(s bulk.Shard, now time.Time) shardDocument {
	return shardDocument{ExpireAt: stored(now.Add(keep)), Shard: shardFields{
		Run: s.Run, Index: s.Index, After: s.After, Before: s.Before, From: s.From, Cursor: s.Cursor, End: s.End,
		Page: s.Page, Phase: s.Phase, Polls: s.Polls, Attempts: s.Attempts, Limit: s.Limit, CatchUp: s.CatchUp, Last: counts(s.Last), Doubt: s.Doubt,
		Pass: passFields{
			Number: s.Pass.Number, Since: stored(s.Pass.Since), StartedAt: stored(s.Pass.StartedAt), Read: s.Pass.Read,
			Known: s.Pass.Known, Seen: s.Pass.Seen,
		},
		Read: s.Read, Sent: s.Sent, Failed: s.Failed, Skipped: s.Skipped, Jobs: s.Jobs, UpdatedAt: stored(s.UpdatedAt), TroubleSince: stored(s.TroubleSince), Begun: s.Begun,
	}}
}

func (d shardDocument) shard(resource bulk.Resource) bulk.Shard {
	f := d.Shard

	return bulk.Shard{
		ShardKey: bulk.ShardKey{Resource: resource, Run: f.Run, Index: f.Index},
		After:    f.After, Before: f.Before, From: f.From, Cursor: f.Cursor, End: f.End,
		Page: f.Page, Phase: f.Phase, Jobs: f.Jobs, Polls: f.Polls, Attempts: f.Attempts, Limit: f.Limit,
		Pass: bulk.Pass(f.Pass), CatchUp: f.CatchUp, Last: bulk.Counts(f.Last), Doubt: f.Doubt,
		Counts:    bulk.Counts{Read: f.Read, Sent: f.Sent, Failed: f.Failed, Skipped: f.Skipped},
		UpdatedAt: f.UpdatedAt, TroubleSince: f.TroubleSince, Begun: f.Begun,
	}
}

func (d shardDocument) updates() []firestore.Update {
	return []firestore.Update{{Path: "shard", Value: d.Shard}, {Path: "expireAt", Value: d.ExpireAt}}
}

// stored is a time as Firestore gives it back: in UTC and microseconds.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
