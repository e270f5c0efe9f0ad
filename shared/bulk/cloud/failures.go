package cloud

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/logging"
)

const (
	// maxChunk bounds the JSON of one document, which may have 1 MiB. Some 200 failures fill it: small enough that the
	// status call, which wants the last few, reads little.
	maxChunk = 64 << 10
	// maxReason bounds a reason, in bytes. A whole Klaviyo batch of 10,000 failures then fits into the 10 MiB of one
	// commit.
	maxReason = 500
	// maxPlace bounds a code and a pointer, each.
	maxPlace = 100
)

// failureDocument is sync/{resource}/failures/{key}: a part of what failed in one page.
type failureDocument struct {
	Key      string    `firestore:"key"`
	Failures string    `firestore:"failures"`
	ExpireAt time.Time `firestore:"expireAt"`
}

// newFailureDocuments puts the failures of a shard's current page into as few documents as they need. The keys sort by
// time, since that is the order in which they are read. Ties are broken by shard, page and chunk.
func newFailureDocuments(s bulk.Shard, failures []bulk.Failure, now time.Time) ([]failureDocument, error) {
	chunks, err := chunk(failures)
	if err != nil {
		return nil, fmt.Errorf("the failures of run %s, shard %d: %w", s.Run, s.Index, err)
	}

	docs := make([]failureDocument, len(chunks))
	for i, c := range chunks {
		docs[i] = failureDocument{
			Key:      fmt.Sprintf("%s-%016d-%04d-%06d-%04d", s.Run, now.UnixMicro(), s.Index, s.Page, i),
			Failures: c,
			ExpireAt: stored(now.Add(keep)),
		}
	}

	return docs, nil
}

// chunk writes the failures as JSON arrays of at most maxChunk bytes.
func chunk(failures []bulk.Failure) ([]string, error) {
	var (
		chunks []string
		b      strings.Builder
	)

	for _, f := range failures {
		f.Reason = logging.Shorten(f.Reason, maxReason)
		f.Code, f.Pointer = logging.Shorten(f.Code, maxPlace), logging.Shorten(f.Pointer, maxPlace)

		text, err := json.Marshal(f)
		if err != nil {
			return nil, fmt.Errorf("record %s: %w", f.ID, err)
		}

		if b.Len() > 0 && b.Len()+len(text)+len(",]") > maxChunk {
			chunks = append(chunks, b.String()+"]")
			b.Reset()
		}

		if b.Len() == 0 {
			b.WriteByte('[')
		} else {
			b.WriteByte(',')
		}

		b.Write(text)
	}

	if b.Len() > 0 {
		chunks = append(chunks, b.String()+"]")
	}

	return chunks, nil
}

// failures returns what a document holds, in the order in which it was recorded.
func (d failureDocument) failures() ([]bulk.Failure, error) {
	var failures []bulk.Failure
	if err := json.Unmarshal([]byte(d.Failures), &failures); err != nil {
		return nil, fmt.Errorf("failures %s: %w", d.Key, err)
	}

	return failures, nil
}
