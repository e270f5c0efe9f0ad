package once_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/ctklaviyo/connector/shared/once"
)

func TestSuccess(t *testing.T) {
	t.Parallel()

	calls := 0
	get := once.Success(func() (int, error) {
		calls++
		if calls == 1 {
			return 0, errors.New("not yet")
		}

		return calls, nil
	})

	if _, err := get(); err == nil {
		t.Error("the first error was lost")
	}

	var askers sync.WaitGroup

	for range 10 {
		askers.Go(func() {
			if v, err := get(); v != 2 || err != nil {
				t.Errorf("got %d %v, want the first success, 2", v, err)
			}
		})
	}

	askers.Wait()
}
