package settings

import "sync"

// Once remembers the first success of build, and asks again after an error: a start that failed in passing, credentials
// that were not there yet say, must not keep an instance from working for the rest of its life.
func Once[T any](build func() (T, error)) func() (T, error) {
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
