package embedded

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// parked is the bucket of messages that can never succeed; its keys count up.
const parked = "parked"

// Parked is a message that was put aside: what the parked topic of Pub/Sub is in the cloud.
type Parked struct {
	// Number names the message in its file. It counts up and is given once.
	Number uint64 `json:"-"`
	// Data is the message as it came, and Attributes say why it was put aside.
	Data       []byte            `json:"data"`
	Attributes map[string]string `json:"attributes"`
	ParkedAt   time.Time         `json:"parkedAt"`
}

// Park keeps a message.
func (s *Store) Park(_ context.Context, data []byte, attributes map[string]string) error {
	return s.update(func(tx *bolt.Tx) error {
		n, err := tx.Bucket([]byte(parked)).NextSequence()
		if err != nil {
			return fmt.Errorf("a parked message's number: %w", err)
		}

		return put(tx, parked, parkedKey(n), Parked{Data: data, Attributes: attributes, ParkedAt: time.Now()})
	})
}

// Unpark takes a message out for good.
func (s *Store) Unpark(_ context.Context, number uint64) error {
	return s.update(func(tx *bolt.Tx) error {
		if err := tx.Bucket([]byte(parked)).Delete([]byte(parkedKey(number))); err != nil {
			return fmt.Errorf("taking out parked message %d: %w", number, err)
		}

		return nil
	})
}

func parkedKey(number uint64) string { return string(binary.BigEndian.AppendUint64(nil, number)) }

// Parked returns the messages that are kept, the oldest first.
func (s *Store) Parked(_ context.Context) ([]Parked, error) {
	var all []Parked

	err := s.view(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte(parked)).ForEach(func(k, v []byte) error {
			p := Parked{Number: binary.BigEndian.Uint64(k)}
			if err := json.Unmarshal(v, &p); err != nil {
				return fmt.Errorf("a parked message: %w", err)
			}

			all = append(all, p)

			return nil
		})
	})

	return all, err
}
