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
func (p *broker) soak(t *testing.T) map[string]klaviyotest.Record {
	t.Helper()

	p.t, p.subscription = t, readSubscription(t)
	p.dice, p.began = faulttest.NewDice(p.world.seed), time.Now()

	ct, kl := p.world.open(), klaviyotest.New(klaviyotest.Options{JobTime: 3 * time.Second})
	atCommercetools, atKlaviyo := faulttest.Wrap(ct, p.request(p.down)), faulttest.Wrap(kl, p.request(p.down, p.away))
	log := loggingtest.New(t)

	// One of them holds its requests against Klaviyo's descriptions, which takes a while.
	p.start = func(i int) instance {
		config := klaviyoInMemory(atKlaviyo)
		if i == 0 {
			config = checked(t, config)
		}

		return inMemoryWith(t, atCommercetools, config, log, &p.parked)
	}

	for i := range p.instances {
		p.instances[i] = p.start(i)
	}

	if p.world.imports > 0 {
		i := newCloudTasks(t, &p.weather, atCommercetools, atKlaviyo)

		p.all.Go(func() {
			time.Sleep(p.world.imports)
			i.importAll(p.world)
		})
	}

	for i, h := range p.world.inOrder() {
		time.Sleep(h.at - time.Since(p.began))

		if h.change != nil {
			h.change(ct)
		}

		p.publish(letter{h, fmt.Sprint("message ", i)})
	}

	p.all.Wait()
	p.replay()

	if n := len(p.parked.all); n > 0 {
		t.Errorf("%v: %d parked, the first: %v", p.world, n, p.parked.all[0].Attributes)
	}

	return alike(kl.State())
}

// replay is what a person does with the dead letters.
func (p *broker) replay() {
	p.dead = len(p.letters)

	for _, l := range p.letters {
		p.all.Go(func() { p.push(l) })
	}

	p.letters = nil
	p.all.Wait()

	if n := len(p.letters); n > 0 {
		p.t.Errorf("%v: %d were dead letters again", p.world, n)
	}
}

// publish delivers a message, one in ten twice.
func (p *broker) publish(l letter) {
	p.all.Go(func() { p.push(l) })

	if p.chance(p.dice.Roll(l.name), 10) {
		p.all.Go(func() { p.push(letter{l.incident, l.name + " again"}) })
	}
}

// push delivers a message until it is acknowledged, and now and then once more though it was, with ever longer pauses. A
// message takes at least half a second: that is what keeps one instance's writing from being overtaken by another's unseen.
func (p *broker) push(l letter) {
	roll := p.dice.Roll(l.name)
	wait, pause := between(roll, 500*time.Millisecond, 3*time.Second), p.subscription.minBackoff

	for range p.subscription.attempts {
		time.Sleep(wait)

		roll = p.dice.Roll(l.name)
		if p.deliver(l, roll) == http.StatusNoContent && !p.chance(roll, 3) {
			return
		}

		wait = min(pause+between(roll, 0, pause/4), p.subscription.maxBackoff)
		pause = min(2*pause, p.subscription.maxBackoff)
	}

	p.mu.Lock()
	defer p.mu.Unlock()

	p.letters = append(p.letters, l)
}

// deliver delivers a message once to any instance. One delivery in thirty is given up half-way, and one in a hundred goes to
// an instance that has just replaced another.
func (p *broker) deliver(l letter, roll *rand.Rand) int {
	i, replaced := roll.IntN(len(p.instances)), p.chance(roll, 1)

	p.mu.Lock()
	p.deliveries++

	if replaced {
		p.instances[i] = p.start(i)
	}

	handler := p.instances[i][l.function]
	p.mu.Unlock()

	ctx, cancel := context.WithCancel(p.t.Context())
	defer cancel()

	if p.chance(roll, 3) {
		defer time.AfterFunc(between(roll, 0, time.Second), cancel).Stop()
	}

	recorder := httptest.NewRecorder()
	handler(recorder, httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(functiontest.Push(p.t, l.payload))))

	return recorder.Code
}

// pushSubscription is what Terraform says about the subscriptions in Pub/Sub.
type pushSubscription struct {
	attempts               int
	minBackoff, maxBackoff time.Duration
}

func readSubscription(t *testing.T) pushSubscription {
	t.Helper()

	config, err := os.ReadFile(filepath.Join("..", "..", "terraform", "modules", "trigger", "main.tf"))
	if err != nil {
		t.Fatal(err)
	}

	number := func(setting string) int {
		found := regexp.MustCompile(setting + `\s*= "?(\d+)`).FindSubmatch(config)
		if found == nil {
			t.Fatalf("modules/trigger/main.tf has no %s", setting)
		}

		n, err := strconv.Atoi(string(found[1]))
		if err != nil {
			t.Fatal(err)
		}

		return n
	}

	return pushSubscription{
		attempts:   number("max_delivery_attempts"),
		minBackoff: time.Duration(number("minimum_backoff")) * time.Second,
		maxBackoff: time.Duration(number("maximum_backoff")) * time.Second,
	}
}
