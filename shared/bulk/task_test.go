package bulk_test

import (
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/shared/bulk"
)

func TestTaskNames(t *testing.T) {
	t.Parallel()

	task := bulk.Task{Run: "r", Epoch: 1, Resource: bulk.Customers, Shard: 2, Page: 3}
	seen := map[string]bulk.Task{}

	for _, change := range []func(*bulk.Task){
		func(*bulk.Task) {},
		func(t *bulk.Task) { t.Run = "s" },
		func(t *bulk.Task) { t.Epoch = 2 },
		func(t *bulk.Task) { t.Shard = 3 },
		func(t *bulk.Task) { t.Page = 4 },
		func(t *bulk.Task) { t.Plan = true },
	} {
		other := task
		change(&other)

		if twin, ok := seen[other.Name()]; ok {
			t.Errorf("%+v and %+v have the name %s", twin, other, other.Name())
		}

		seen[other.Name()] = other
	}

	if name := task.Name(); len(name) > 500 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		t.Errorf("name = %q, want one that Cloud Tasks takes", name)
	}
}

func TestParseTask(t *testing.T) {
	t.Parallel()

	for body, ok := range map[string]bool{
		`{"run":"r","epoch":1,"resource":"customers","shard":0,"cursor":"","page":0}`: true,
		`{"run":"r","resource":"carts"}`:                                              false,
		`{"resource":"customers"}`:                                                    false,
		`nonsense`:                                                                    false,
		``:                                                                            false,
	} {
		if _, err := bulk.ParseTask([]byte(body)); (err == nil) != ok {
			t.Errorf("ParseTask(%s): error = %v, want ok: %v", body, err, ok)
		}
	}
}
