package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/delivery"
	"github.com/ctklaviyo/connector/shared/klaviyo"
)

// maxMessage is more than Pub/Sub's largest message of 10 MB in base64.
const maxMessage = 16 << 20

func sendCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "send FILE|-",
		Short: "Put one commercetools message through its function",
		Long: "Takes one message of a commercetools subscription, in the Platform or the CloudEvents format, bare or as\n" +
			"Pub/Sub pushes it, from a file or with - from the standard input. It puts the message through the function\n" +
			"that takes messages about such a resource, and says what became of it. Nothing is parked.\n\n" +
			"Exit codes: 0 done or nothing to do, 1 it did not succeed, 2 wrong use or settings.",
		Example: "  go run ./functions/local send - < message.json\n" +
			"  echo '{\"notificationType\":\"ResourceUpdated\",\"resource\":{\"typeId\":\"customer\",\"id\":\"…\"}}' | go run ./functions/local send -",
		Args: argsBetween(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			data, err := readInput(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}

			return send(cmd.Context(), data, cmd.OutOrStdout())
		},
	}
}

// readInput reads the file, or in for "-".
func readInput(path string, in io.Reader) (data []byte, err error) {
	if path == "-" {
		data, err = io.ReadAll(io.LimitReader(in, maxMessage))
	} else {
		data, err = os.ReadFile(path) //nolint:gosec // the user names it
	}

	if err != nil {
		return nil, fmt.Errorf("nothing to read: %w", err)
	}

	return data, nil
}

func send(ctx context.Context, data []byte, out io.Writer) error {
	m, unread := delivery.Read(data)
	name := functionFor(m.Resource.TypeID)

	if unread == nil && name == "" {
		return fmt.Errorf("no function takes messages about %q", m.Resource.TypeID)
	}

	c := &connector{}

	env, err := c.environment(ctx, out)
	if err != nil {
		return err
	}

	if c.demo != nil {
		defer c.demo.close()
	}

	functions, err := functionsOf(env)
	if err != nil {
		return err
	}

	outcome, reason, err := delivery.Try(ctx, functions[name], data)

	switch {
	case outcome == delivery.Done && reason == "":
		fmt.Fprintf(out, "%s %s/%s: done\n", name, plain(m.Resource.TypeID), plain(m.Resource.ID))

		return nil
	case outcome == delivery.Done:
		fmt.Fprintf(out, "nothing to do: %s\n", plain(reason))

		return nil
	case outcome == delivery.Never:
		return &exitError{code: exitFailedRecords, err: fmt.Errorf("it can never succeed, and would be parked: %s: %w", reason, err)}
	default:
		return &exitError{code: exitFailedRecords, err: fmt.Errorf("it may succeed later, and would be delivered again: %s: %w", reason, err)}
	}
}

// functionFor is the function that takes messages about resources of a type; "" when there is none.
func functionFor(typeID string) string {
	switch typeID {
	case "customer":
		return "CustomerEvents"
	case "order":
		return "OrderEvents"
	case "payment":
		return "PaymentEvents"
	case "category":
		return "CategoryEvents"
	case "product":
		return "ProductEvents"
	case "inventory-entry":
		return "InventoryEvents"
	default:
		return ""
	}
}

// functionsOf makes the realtime functions, as serve has them.
func functionsOf(env environment) (map[string]delivery.Target, error) {
	return functionsWith(env, commercetools.New(env.Commercetools.Client()), klaviyo.New(env.Klaviyo.Client()))
}

// functionsWith makes them with these clients.
func functionsWith(env environment, ct *commercetools.Client, kl *klaviyo.Client) (map[string]delivery.Target, error) {
	cfg, err := env.Config()
	if err != nil {
		return nil, err
	}

	c := &connector{ct: ct, kl: kl}

	targets := map[string]delivery.Target{}
	for name, handle := range c.realtime(env.Shop, cfg) {
		targets[name] = delivery.Target{Project: env.ProjectID, Handle: handle}
	}

	return targets, nil
}
