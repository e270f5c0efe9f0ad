package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/retry"
)

// previewCommand shows what the realtime functions make of a resource: they are the deployed ones, and get the messages that
// commercetools would publish, but Klaviyo is a recorder.
//
//	previewkind.go       what can be previewed, and the messages about it
//	previewexpand.go     what a file refers to
//	previewtransport.go  what stands in for Klaviyo, and for commercetools where a file does
func previewCommand() *cobra.Command {
	var file string

	c := &cobra.Command{
		Use:   "preview customers|orders|products|categories [ID]",
		Short: "Print what Klaviyo would be sent about one resource, and send nothing",
		Long: "Takes one resource through the functions as the messages of commercetools about it would, and prints each request\n" +
			"that Klaviyo would get, the endpoint above its JSON, as if Klaviyo had none of it yet. Nothing is sent to Klaviyo.\n" +
			"Without an ID it is the first of the shop. With --file the resource comes from a file, or with - from the standard\n" +
			"input, as GET gives it; what it refers to, a category's ancestors say, still comes from commercetools.\n\n" +
			"Exit codes: 0 done or nothing would be sent, 1 a message about it could never succeed, 2 wrong use or settings or no\n" +
			"such resource, 3 commercetools can't be read.",
		Example: "  go run ./functions/local preview orders\n" +
			"  go run ./functions/local preview customers 043cf898-d6f7-4572-b0c9-7e65a577069e\n" +
			"  go run ./functions/local preview products --file - < product.json",
		ValidArgs: resourceNames(),
		Args:      argsBetween(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, ok := previewKinds()[bulk.Resource(args[0])]
			if !ok {
				return fmt.Errorf("there is no preview of %q; there is one of: %s", args[0], strings.Join(resourceNames(), ", "))
			}

			if !cmd.Flags().Changed("file") {
				return preview(cmd.Context(), kind, strings.Join(args[1:], ""), nil, cmd.OutOrStdout())
			}

			if len(args) > 1 {
				return errors.New("--file: the file names its resource; leave the ID out")
			}

			data, err := readInput(file, cmd.InOrStdin())
			if err != nil {
				return fmt.Errorf("--file: %w", err)
			}

			given, err := kind.read(data)
			if err != nil {
				return fmt.Errorf("--file: %w", err)
			}

			return preview(cmd.Context(), kind, given.ID, &given, cmd.OutOrStdout())
		},
	}
	c.Flags().StringVar(&file, "file", "", "take the resource's JSON from a file, or with - from the standard input")

	return c
}

// preview shows a resource of the shop; given, unless nil, stands in its place.
func preview(ctx context.Context, kind previewKind, id string, given *previewed, out io.Writer) error {
	c := &connector{}

	env, err := c.environment(ctx, out)
	if err != nil {
		return err
	}

	if c.demo != nil {
		defer c.demo.close()
	}

	cfg, err := env.Config()
	if err != nil {
		return err
	}

	client, rec, whole := env.Commercetools.Client(), &recorder{}, true

	if given != nil {
		var raw json.RawMessage
		if raw, whole, err = given.expand(ctx, commercetools.New(client)); err != nil {
			return err
		}

		client.Transport, err = newInPlace(retry.NewTransport(), client.APIURL, client.ProjectKey, string(kind.endpoint), given.ID, raw)
		if err != nil {
			return err
		}
	}

	ct := commercetools.New(client)
	// A recorder has no limits to keep to.
	kl := klaviyo.New(klaviyo.Config{APIURL: string(env.Klaviyo.APIURL), Transport: rec, Limits: map[string]klaviyo.Limit{}})

	one, err := kind.fetch(ctx, ct, id)
	if err != nil {
		return err
	}

	functions, err := functionsWith(env, ct, kl)
	if err != nil {
		return err
	}

	messages, err := one.messages(env.ProjectID, cfg)
	if err != nil {
		return err
	}

	fmt.Fprintf(out, "%s %s, as if Klaviyo had none of it yet; nothing is sent\n\n", kind.typeID, one.ID)

	if !whole {
		fmt.Fprintf(out, "# commercetools doesn't give all that the file's %s refer to, and the preview lacks it\n\n", kind.expanded)
	}

	for _, m := range messages {
		if err := m.show(ctx, functions[m.function], rec, out); err != nil {
			return err
		}
	}

	return nil
}

// fetch reads the resource with this id, the first of the shop without one.
func (k previewKind) fetch(ctx context.Context, ct *commercetools.Client, id string) (previewed, error) {
	raw, err := k.get(ctx, ct, id)

	switch {
	case errors.Is(err, commercetools.ErrInvalidID):
		return previewed{}, fmt.Errorf("%q is no id of a %s", id, k.typeID)
	case err != nil && delivery.Classify(err) == delivery.Done:
		return previewed{}, fmt.Errorf("commercetools has no %s %s%s", k.typeID, plain(id), k.unpublished())
	case err != nil:
		return previewed{}, unread(err)
	case raw == nil:
		return previewed{}, fmt.Errorf("the shop has no %s yet; --file takes one", k.typeID)
	}

	one, err := k.read(raw)
	if err != nil {
		return one, &exitError{code: exitStopped, err: fmt.Errorf("what commercetools answered for %s %s: %w", k.typeID, plain(id), err)}
	}

	return one, nil
}

// get returns nil when the shop has no first one.
func (k previewKind) get(ctx context.Context, ct *commercetools.Client, id string) (json.RawMessage, error) {
	if id != "" {
		return ct.Get(ctx, k.endpoint, id)
	}

	page, err := ct.Query(ctx, k.endpoint, commercetools.Query{Sort: []string{"id asc"}, Limit: 1})
	if err != nil || len(page.Results) == 0 {
		return nil, err
	}

	return page.Results[0], nil
}

// unpublished says what else it may be.
func (k previewKind) unpublished() string {
	if k.typeID == "product" {
		return " that is published; of one that isn't, the catalog item is deleted"
	}

	return ""
}

func unread(err error) error {
	return &exitError{code: exitStopped, err: fmt.Errorf("commercetools can't be read: %w; `local doctor` looks for the reason", err)}
}

// show takes a message to its function, and prints what Klaviyo would get.
func (m previewMessage) show(ctx context.Context, function delivery.Target, rec *recorder, out io.Writer) error {
	data, err := json.Marshal(m.payload)
	if err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}

	outcome, reason, err := delivery.Try(ctx, function, data)
	requests := rec.take()

	fmt.Fprintf(out, "# %s, through %s\n", m.name, m.function)

	for _, r := range requests {
		if err := r.write(out); err != nil {
			return err
		}
	}

	switch {
	case outcome == delivery.Never:
		return &exitError{code: exitFailedRecords, err: fmt.Errorf("%s could never succeed, and would be parked: %s: %w", m.name, reason, err)}
	case outcome == delivery.Later:
		return unread(err)
	case len(requests) == 0:
		fmt.Fprintf(out, "# nothing is sent: %s\n\n", plain(reason))
	}

	return nil
}
