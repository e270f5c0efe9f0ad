package bulk

import (
	"encoding/binary"
	"hash/fnv"
	"strconv"
)

// State is a record as it is when it is read: a hash of its id and its version. 0 is none.
type State uint64

// StateOf returns the state of a record. Versions grow with every change.
func StateOf(id string, version int64) State {
	h := fnv.New64a()
	_, _ = h.Write(strconv.AppendInt([]byte(id+" "), version, 10)) // a hash takes everything

	return State(h.Sum64())
}

// States are states as a document holds them, 8 bytes each.
type States []byte

// maxStates bounds what a shard remembers: 160 kB of the 1 MiB that a document may have, and about as many records as a shard
// of customers holds. What goes beyond is sent once more by the next pass, and counted once more.
const maxStates = 20_000

// add appends states as long as there is room.
func (s States) add(states []State, room int) States {
	for _, state := range states[:min(len(states), max(0, room))] {
		s = binary.BigEndian.AppendUint64(s, uint64(state))
	}

	return s
}

func (s States) count() int { return len(s) / 8 }

// set returns the states to look them up.
func (s States) set() map[State]bool {
	set := make(map[State]bool, s.count())

	for ; len(s) >= 8; s = s[8:] {
		set[State(binary.BigEndian.Uint64(s))] = true
	}

	return set
}
