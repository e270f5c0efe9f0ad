package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/shared/faulttest"
	"github.com/ctklaviyo/connector/shared/functiontest"
	"github.com/ctklaviyo/connector/shared/klaviyo/klaviyotest"
	"github.com/ctklaviyo/connector/shared/loggingtest"
)

// broker lets a world happen and is Pub/Sub in it: it delivers each message until it is acknowledged, or has come as often as
// its subscription allows and is a dead letter.
type broker struct {
	weather

	world *world

	t            *testing.T
	subscription pushSubscription
	start        func(i int) instance
	parked       parkedInTest
	all          sync.WaitGroup

	mu         sync.Mutex
	instances  [3]instance
	deliveries int
	// letters are dead letters that wait for somebody, and dead is how many there have been.
	letters []letter
	dead    int
}

// letter is a copy of a message on its way.
type letter struct {
	incident

	name string
}

// soak returns what Klaviyo has in the end.
func (b *broker) soak(t *testing.T) map[string]klaviyotest.Record {
	t.Helper()

	b.t, b.subscription = t, readSubscription(t)
	b.dice, b.began = faulttest.NewDice(b.world.seed), time.Now()

	ct, kl := b.world.open(), klaviyotest.New(klaviyotest.Options{JobTime: 3 * time.Second})
	atCommercetools, atKlaviyo := faulttest.Wrap(ct, b.request(b.down)), faulttest.Wrap(kl, b.request(b.down, b.away))
	log := loggingtest.New(t)

	// One of them holds its requests against Klaviyo's descriptions, which takes a while.
	b.start = func(i int) instance {
		config := klaviyoInMemory(atKlaviyo)
		if i == 0 {
			config = checked(t, config)
		}

		return inMemoryWith(t, atCommercetools, config, log, &b.parked)
	}

	for i := range b.instances {
		b.instances[i] = b.start(i)
	}

	if b.world.imports > 0 {
		tasks := newCloudTasks(t, &b.weather, atCommercetools, atKlaviyo)

		b.all.Go(func() {
			time.Sleep(b.world.imports)
			tasks.importAll(b.world)
		})
	}

	for i, h := range b.world.inOrder() {
		time.Sleep(h.at - time.Since(b.began))

		if h.change != nil {
			h.change(ct)
		}

		b.publish(letter{h, fmt.Sprint("message ", i)})
	}

	b.all.Wait()
	b.replay()

	if n := len(b.parked.all); n > 0 {
		t.Errorf("%v: %d parked, the first: %v", b.world, n, b.parked.all[0].Attributes)
	}

	account := kl.State()
	compareWithShop(t, b.world, ct, account)

	return alike(account)
}

// replay is what a person does with the dead letters.
func (b *broker) replay() {
	b.dead = len(b.letters)

	for _, l := range b.letters {
		b.all.Go(func() { b.push(l) })
	}

	b.letters = nil
	b.all.Wait()

	if n := len(b.letters); n > 0 {
		b.t.Errorf("%v: %d were dead letters again", b.world, n)
	}
}

// publish delivers a message, one in ten twice.
func (b *broker) publish(l letter) {
	b.all.Go(func() { b.push(l) })

	if b.chance(b.dice.Roll(l.name), 10) {
		b.all.Go(func() { b.push(letter{l.incident, l.name + " again"}) })
	}
}

// push delivers a message until it is acknowledged, and now and then once more though it was. A
// message takes at least half a second: that is what keeps one instance's writing from being overtaken by another's unseen.
func (b *broker) push(l letter) {
	roll := b.dice.Roll(l.name)
	wait := faulttest.Between(roll, 500*time.Millisecond, 3*time.Second)

	for failed := range b.subscription.attempts {
		time.Sleep(wait)

		roll = b.dice.Roll(l.name)
		if b.deliver(l, roll) == http.StatusNoContent && !b.chance(roll, 3) {
			return
		}

		wait = b.subscription.backoff(failed, roll)
	}

	b.mu.Lock()
	defer b.mu.Unlock()

	b.letters = append(b.letters, l)
}

// deliver delivers a message once to any instance. One delivery in thirty is given up half-way, and one in a hundred goes to
// an instance that has just replaced another.
func (b *broker) deliver(l letter, roll *rand.Rand) int {
	i, replaced := roll.IntN(len(b.instances)), b.chance(roll, 1)

	b.mu.Lock()
	b.deliveries++

	if replaced {
		b.instances[i] = b.start(i)
	}

	handler := b.instances[i][l.function]
	b.mu.Unlock()

	ctx, cancel := context.WithCancel(b.t.Context())
	defer cancel()

	if b.chance(roll, 3) {
		defer time.AfterFunc(faulttest.Between(roll, 0, time.Second), cancel).Stop()
	}

	recorder := httptest.NewRecorder()
	handler(recorder, httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(functiontest.Push(b.t, l.payload))))

	return recorder.Code
}

// pushSubscription is what Terraform says about the subscriptions in Pub/Sub.
type pushSubscription struct {
	attempts               int
	minBackoff, maxBackoff time.Duration
}

func readSubscription(t *testing.T) pushSubscription {
	t.Helper()

	number := func(setting string) int { return numberInTerraform(t, "modules/trigger/main.tf", setting) }

	return pushSubscription{
		attempts:   number("max_delivery_attempts"),
		minBackoff: time.Duration(number("minimum_backoff")) * time.Second,
		maxBackoff: time.Duration(number("maximum_backoff")) * time.Second,
	}
}

// backoff is the pause after a delivery that failed, of which there were so many before: ever longer, and not just the same for all.
func (s pushSubscription) backoff(failed int, roll *rand.Rand) time.Duration {
	pause := s.minBackoff << min(failed, 20)

	return min(pause+faulttest.Between(roll, 0, pause/4), s.maxBackoff)
}

// numberInTerraform is what a file of Terraform's sets something to.
func numberInTerraform(t *testing.T, file, setting string) int {
	t.Helper()

	config, err := os.ReadFile(filepath.Join("..", "..", "terraform", filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}

	found := regexp.MustCompile(`\b` + setting + `\s*= "?(\d+)`).FindSubmatch(config)
	if found == nil {
		t.Fatalf("%s has no %s", file, setting)
	}

	n, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}

	return n
}
