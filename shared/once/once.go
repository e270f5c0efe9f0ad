// Package once remembers what was built, for a function that builds its clients on first use.
package once

import "sync"

// Success remembers the first success of build, and asks again after an error, unlike [sync.OnceValues]: a start that failed
// in passing, such as credentials that were not there yet, must not keep an instance from working for the rest of its life.
func Success[T any](build func() (T, error)) func() (T, error) {
	var (
		mu    sync.Mutex
		built bool
		value T
	)

	return func() (T, error) {
		mu.Lock()
		defer mu.Unlock()

		if built {
			return value, nil
		}

		v, err := build()
		if err == nil {
			value, built = v, true
		}

		return v, err
	}
}
