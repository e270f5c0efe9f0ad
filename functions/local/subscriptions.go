package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ctklaviyo/connector/shared/settings"
)

// subscriptionsCommand keeps what Terraform keeps with create_subscriptions, for those who don't give it an API client:
//
//	subscription.go        what is wanted: one for each realtime function
//	subscriptionplan.go    the steps from what there is to that, as a diff
//	subscriptionclient.go  takes the steps (and subscriptionsdk.go: our words and the SDK's)
//	subscriptionlist.go    the table
//	subscriptionenv.go     the settings
func subscriptionsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "subscriptions",
		Short: "Keep the commercetools subscriptions, in the place of Terraform",
		Long: "Creates, updates and removes the subscriptions that make commercetools publish to the functions' topics: the same\n" +
			"as Terraform does with create_subscriptions = true. Their keys are PREFIX-customerevents and so on; others are never\n" +
			"touched. The API client in CT_API_CLIENT needs the scope manage_subscriptions. Nothing of Klaviyo's is needed.\n\n" +
			"Exit codes: 0 done or nothing to do, 2 wrong use or settings or nobody said yes, 3 it could not go on.",
		Example: "  go run ./functions/local subscriptions list\n  go run ./functions/local subscriptions apply --project my-shop-123456",
	}
	c.PersistentFlags().String(prefixFlag, "", "what the keys begin with, as Terraform's variable prefix (default SUBSCRIPTIONS_PREFIX, else ctklaviyo)")
	c.AddCommand(applySubscriptionsCommand(), listSubscriptionsCommand(), deleteSubscriptionsCommand())

	return c
}

func applySubscriptionsCommand() *cobra.Command {
	var (
		leaveOut []string
		yes      bool
	)

	c := &cobra.Command{
		Use:   "apply",
		Short: "Create, update and remove the subscriptions of this prefix, after showing what changes",
		Long: "Compares the subscriptions with what the functions and the config file (CONFIG_ENV, CONFIG_JSON) ask for, shows\n" +
			"what is to change, asks, and changes it. A second time there is nothing to do.",
		Example: "  go run ./functions/local subscriptions apply --project my-shop-123456 --prefix ctk-prod",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			env, err := loadWithFlags[applyEnvironment](cmd)
			if err != nil {
				return err
			}

			cfg, err := env.Config()
			if err != nil {
				return err
			}

			want, err := wanted(triggers(cfg), string(env.Prefix), string(env.GoogleProject), leaveOut)
			if err != nil {
				return err
			}

			fmt.Fprintf(cmd.OutOrStdout(), "commercetools project %s, Google Cloud project %s, prefix %s\n", env.ProjectID, env.GoogleProject, env.Prefix)

			return settle(cmd, env.Commercetools, string(env.Prefix), want, yes)
		},
	}
	c.Flags().String(projectFlag, "", "the Google Cloud project of the topics (default GOOGLE_CLOUD_PROJECT)")
	c.Flags().StringSliceVar(&leaveOut, "leave-out", nil, "functions that are not deployed, as Terraform's variable leave_out")
	c.Flags().BoolVar(&yes, "yes", false, "don't ask")

	return c
}

func deleteSubscriptionsCommand() *cobra.Command {
	var yes bool

	c := &cobra.Command{
		Use:     "delete",
		Short:   "Remove the subscriptions of this prefix, after showing them",
		Long:    "Shows the subscriptions of this prefix, asks, and removes them. commercetools publishes nothing to the functions then.",
		Example: "  go run ./functions/local subscriptions delete --prefix ctk-test",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			env, err := loadWithFlags[subscriptionEnvironment](cmd)
			if err != nil {
				return err
			}

			fmt.Fprintf(cmd.OutOrStdout(), "commercetools project %s, prefix %s\n", env.ProjectID, env.Prefix)

			return settle(cmd, env.Commercetools, string(env.Prefix), nil, yes)
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, "don't ask")

	return c
}

// wanted are the subscriptions that there should be.
func wanted(all []trigger, prefix, project string, leaveOut []string) ([]subscription, error) {
	var (
		want  []subscription
		names []string
	)

	for _, t := range all {
		names = append(names, t.function)

		if !slices.Contains(leaveOut, t.function) && !t.empty() {
			want = append(want, t.subscription(prefix, project))
		}
	}

	for _, name := range leaveOut {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("--leave-out: there is no function %q; there are %s", name, strings.Join(names, ", "))
		}
	}

	return want, nil
}

// settle shows the steps to what is wanted, asks, and takes them.
func settle(cmd *cobra.Command, env settings.Commercetools, prefix string, want []subscription, yes bool) error {
	client, err := newSubscriptionClient(env)
	if err != nil {
		return err
	}

	have, err := client.list(cmd.Context())
	if err != nil {
		return err
	}

	steps := plan(keysOf(prefix), have, want)
	out := cmd.OutOrStdout()

	for _, s := range steps {
		s.describe(out)
	}

	n := count(steps)
	fmt.Fprintf(out, "%d to create, %d to change, %d to replace, %d to remove\n", n[stepCreate], n[stepChange], n[stepReplace], n[stepRemove])

	steps = slices.DeleteFunc(steps, func(s step) bool { return s.kind() == stepKeep })
	if len(steps) == 0 {
		return nil
	}

	if !yes {
		if err := confirm(cmd.Context(), cmd.InOrStdin(), out); err != nil {
			return err
		}
	}

	return take(cmd.Context(), client, steps, out)
}

// take takes the steps. One that fails doesn't keep the others from it.
func take(ctx context.Context, client *subscriptionClient, steps []step, out io.Writer) error {
	var problems []error

	for _, s := range steps {
		if err := client.do(ctx, s); err != nil {
			problems = append(problems, err)

			continue
		}

		fmt.Fprintf(out, "%s: %s done\n", s.key, s.kind())
	}

	if problems == nil {
		return nil
	}

	return &exitError{code: exitStopped, err: errors.Join(problems...)}
}

// confirm asks a person, who must be there.
func confirm(ctx context.Context, in io.Reader, out io.Writer) error {
	if file, ok := in.(*os.File); ok && !term.IsTerminal(int(file.Fd())) {
		return errors.New("nothing was changed: there is no terminal to ask at; if the above is right, run it again with --yes")
	}

	fmt.Fprint(out, "Type yes to do this: ")

	answer := make(chan string, 1)

	go func() {
		line, _ := bufio.NewReader(in).ReadString('\n') // Without a line it isn't yes.
		answer <- strings.TrimSpace(line)
	}()

	select {
	case <-ctx.Done():
	case line := <-answer:
		if line == "yes" {
			return nil
		}
	}

	return errors.New("nothing was changed")
}
