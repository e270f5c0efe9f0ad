package main

import (
	"runtime"
	"testing/synctest"
	"time"
)

// What may come to the heap: a little at once, and then for each message while it waits, and after for what the fake keeps of
// its profile. Both take some 500 bytes.
const (
	someBytes    = 2 << 20
	messageBytes = 2 << 10
)

// watch watches the process until it is over.
func (o *overload) watch(over chan struct{}) {
	for {
		synctest.Wait() // nothing is half done

		left, written := int(o.left.Load()), 0
		for _, b := range o.busy {
			written += int(b.written.Load())
		}

		if now, most := heap(), o.empty+uint64(someBytes+(left+written)*messageBytes); now > most {
			o.t.Errorf("%d messages wait, %d have been written: the heap has grown from %d to %d bytes, want at most %d", left, written, o.empty, now, most)
		}

		// Each message has a goroutine here; what works on one adds no more than its share of a client's.
		others := runtime.NumGoroutine() - o.idle - left
		if most := 50 + 2*o.instances*o.concurrency; others > most {
			o.t.Errorf("%d goroutines besides, want at most %d", others, most)
		}

		select {
		case <-over:
			return
		case <-time.After(10 * time.Second):
		}
	}
}

func heap() uint64 {
	var m runtime.MemStats

	runtime.GC()
	runtime.ReadMemStats(&m)

	return m.HeapAlloc
}
