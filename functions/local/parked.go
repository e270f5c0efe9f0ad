package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/sethvargo/go-envconfig"
	"github.com/spf13/cobra"

	"github.com/ctklaviyo/connector/shared/bulk/embedded"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/settings"
)

// parkedMessages are kept in Pub/Sub or in the state file.
type parkedMessages interface {
	// Read returns up to limit messages, the oldest first, and waits so long for another one.
	Read(ctx context.Context, limit int, wait time.Duration) ([]delivery.Kept, error)
	Remove(ctx context.Context, id string) error
	// Where says where they are.
	Where() string
}

// parkedEnvironment is what says where parked messages are.
type parkedEnvironment struct{ settings.Parked }

// reading says how much is read.
type reading struct {
	most int
	wait time.Duration
}

func (r reading) check() error {
	if r.most < 1 || r.wait <= 0 {
		return errors.New("--max and --wait must be more than 0")
	}

	return nil
}

func parkedCommand(state *string) *cobra.Command {
	var r reading

	c := &cobra.Command{
		Use:   "parked",
		Short: "Show messages that could not succeed, replay them, or drop them",
		Long: "A message that can never succeed as it is, because Klaviyo refuses it for example, is parked. With\n" +
			"PARKED_TOPIC set it is in Pub/Sub, and read through PARKED_SUBSCRIPTION; by default that is the\n" +
			"subscription with the topic's name. Without, it is in the state file, which `serve` must not have open.\n\n" +
			"Nothing is lost when a command is interrupted: a message is taken out only when it has succeeded.",
		Example: "  go run ./functions/local parked list\n  go run ./functions/local parked replay",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.PersistentFlags().IntVar(&r.most, "max", 1000, "read at most so many messages")
	c.PersistentFlags().DurationVar(&r.wait, "wait", 5*time.Second,
		"how long to wait for another message; Pub/Sub doesn't tell when there are no more")
	c.AddCommand(parkedListCommand(state, &r), parkedReplayCommand(state, &r), parkedDropCommand(state, &r))

	return c
}

// withParked opens the parked messages, where serve and the deployed functions put them, for use.
func withParked(ctx context.Context, state string, use func(parkedMessages) error) error {
	parking, err := settings.Load[parkedEnvironment](ctx, envconfig.OsLookuper())
	if err != nil {
		return err
	}

	if name := parking.SubscriptionName(); name != "" {
		subscription, err := delivery.OpenParkedSubscription(ctx, name)
		if err != nil {
			return atPubSub(name, err)
		}

		return errors.Join(use(subscription), subscription.Close()) //nolint:contextcheck // giving back outlasts the context
	}

	at := parkedState{path: state}

	switch {
	case state != "":
		if _, err := os.Stat(state); err != nil {
			return fmt.Errorf("--state: %w", err)
		}
	case len(credentials()) == 0:
		return errors.New("the demo shop keeps no parked messages; set PARKED_TOPIC, or the variables of your shop, or --state")
	default:
		env, err := settings.Load[environment](ctx, envconfig.OsLookuper())
		if err != nil {
			return err
		}

		at.path, at.others = stateFile(env), otherStates(env)
	}

	// None is made here: it would not be new any more when an import wants to know.
	if _, err := os.Stat(at.path); errors.Is(err, fs.ErrNotExist) {
		return use(at)
	}

	if at.store, err = openState(at.path); err != nil {
		return err
	}

	return errors.Join(use(at), at.store.Close())
}

// atPubSub says of which topic or subscription an error is, and what it most likely takes.
func atPubSub(name string, err error) error {
	return &exitError{code: exitStopped, err: fmt.Errorf("%s: %w; `gcloud auth application-default login` gives this machine your credentials", name, err)}
}

// read returns what is parked, and whether there is more.
func (r reading) read(ctx context.Context, from parkedMessages) (kept []delivery.Kept, more bool, err error) {
	kept, err = from.Read(ctx, r.most+1, r.wait)
	if err != nil {
		return nil, false, &exitError{code: exitStopped, err: err}
	}

	if len(kept) > r.most {
		return kept[:r.most], true, nil
	}

	return kept, false, nil
}

// parkedFile is the part of the state file where messages are parked. Without a store it is empty.
type parkedFile struct{ store *embedded.Store }

// Park implements delivery.Parker.
func (f parkedFile) Park(ctx context.Context, m delivery.Parked) error {
	return f.store.Park(ctx, m.Data, m.Attributes)
}

// Read implements parkedMessages.
func (f parkedFile) Read(ctx context.Context, limit int, _ time.Duration) ([]delivery.Kept, error) {
	if f.store == nil {
		return nil, nil
	}

	all, err := f.store.Parked(ctx)
	if err != nil {
		return nil, err
	}

	var kept []delivery.Kept
	for _, p := range all[:min(limit, len(all))] {
		kept = append(kept, delivery.Kept{
			Parked: delivery.Parked{Data: p.Data, Attributes: p.Attributes},
			ID:     strconv.FormatUint(p.Number, 10),
			At:     p.ParkedAt,
		})
	}

	return kept, nil
}

// Remove implements parkedMessages.
func (f parkedFile) Remove(ctx context.Context, id string) error {
	number, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return fmt.Errorf("parked message %q: %w", id, err)
	}

	return f.store.Unpark(ctx, number)
}

// parkedState is a parkedFile that knows its name.
type parkedState struct {
	parkedFile

	path string
	// others says which other files there are; "" when there are none, or this one was chosen.
	others string
}

// Where implements parkedMessages.
func (s parkedState) Where() string {
	where := "the state file " + s.path
	if s.others != "" {
		where += "; " + s.others
	}

	return where + "; PARKED_TOPIC leads to what the deployed functions have parked"
}

// openParker chooses where serve parks: in PARKED_TOPIC, or in the state file. The demo shop's messages stay out of a topic.
func (c *connector) openParker(ctx context.Context, p settings.Parking) error {
	c.parker = parkedFile{c.store}

	if p.Topic == "" || c.demo != nil {
		return nil
	}

	// Not with ctx: the requests in flight finish when it has ended.
	topic, err := delivery.OpenParker(context.WithoutCancel(ctx), p.TopicName())
	if err != nil {
		return atPubSub(p.TopicName(), err)
	}

	c.parker = topic

	return nil
}
