package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ctklaviyo/connector/shared/commercetools"
	"github.com/ctklaviyo/connector/shared/klaviyo"
	"github.com/ctklaviyo/connector/shared/settings"
)

// patience is how long one service may take for all its checks. The clients repeat what may succeed later.
const patience = 30 * time.Second

// doctorEnvironment is what only the doctor reads beside the environment.
type doctorEnvironment struct {
	Prefix Prefix `env:"SUBSCRIPTIONS_PREFIX, default=ctklaviyo"`
}

// doctorCommand looks for what keeps the connector from its work, with the requests that it makes itself:
//
//	doctorreport.go         the checks, and how they are written
//	doctorcommercetools.go  the token, its scopes, and what can be read
//	doctorshop.go           whether the shop has what the settings prefer
//	doctorklaviyo.go        the key and its scopes
//	doctorsubscriptions.go  the health of the subscriptions
func doctorCommand() *cobra.Command {
	var (
		leaveOut []string
		asJSON   bool
	)

	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check the settings, both services, the scopes and the subscriptions",
		Long: "Checks the variables and the config file, reaches commercetools and Klaviyo with the given keys, names each missing\n" +
			"scope, and looks at the health of the subscriptions. Each check is a line: ok, missing, failed, or skipped, with what\n" +
			"to do. It only reads. Klaviyo's write scopes can't be checked that way, and are skipped.\n\n" +
			"Exit codes: 0 nothing failed, 1 a check failed or something is missing, 2 wrong use or settings, 3 a service could not\n" +
			"be reached.",
		Example: "  go run ./functions/local doctor\n  go run ./functions/local doctor --prefix ctk-prod --leave-out inventoryevents --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r := &diagnosis{out: cmd.OutOrStdout()}
			if asJSON {
				r.out = nil
			}

			err := examine(cmd, r, leaveOut)

			if asJSON {
				err = errors.Join(err, r.writeJSON(cmd.OutOrStdout()))
			}

			if err != nil {
				return err
			}

			return r.verdict()
		},
	}
	c.Flags().String(prefixFlag, "", "what the subscriptions' keys begin with (default SUBSCRIPTIONS_PREFIX, else ctklaviyo)")
	c.Flags().StringSliceVar(&leaveOut, "leave-out", nil, "functions that are not deployed, as Terraform's variable leave_out")
	c.Flags().BoolVar(&asJSON, "json", false, "write JSON")

	return c
}

// examine makes all checks. Its error is wrong use.
func examine(cmd *cobra.Command, r *diagnosis, leaveOut []string) error {
	c := &connector{}

	// In a report for machines the name of the shop isn't a part of it.
	say := cmd.ErrOrStderr()
	if r.out != nil {
		say = r.out
	}

	env, err := c.environment(cmd.Context(), say)
	own, ownErr := loadWithFlags[doctorEnvironment](cmd)

	if c.demo != nil {
		defer c.demo.close()
	}

	for _, name := range misspelt(credentials()) {
		r.add(checkSkipped, name, "nothing reads it", "is the name misspelt?")
	}

	if err = errors.Join(err, ownErr); err != nil {
		r.wrongSettings(err)

		return nil
	}

	cfg, err := env.Config()
	if err != nil {
		return err
	}

	want, err := wanted(triggers(cfg), string(own.Prefix), "", leaveOut)
	if err != nil {
		return err
	}

	r.add(checkOK, "settings", "every variable that is set can be read", "")
	r.add(checkOK, "config", describedConfig(env.File, cfg), "")

	r.examineCommercetools(cmd.Context(), env, cfg, want)
	r.examineKlaviyo(cmd.Context(), klaviyo.New(env.Klaviyo.Client()), cfg.Customer.DataErasure.Enabled)

	return nil
}

// describedConfig names the layers of the config file, and what it switches off.
func describedConfig(f settings.File, cfg settings.Config) string {
	layers := []string{"config/default.json"}
	if f.Env != "" && f.Env != "default" {
		layers = append(layers, "config/"+f.Env+".json")
	}

	switch {
	case f.JSON != "":
		layers = append(layers, "CONFIG_JSON")
	case f.NodeJSON != "":
		layers = append(layers, "NODE_CONFIG")
	}

	text := strings.Join(layers, ", ")
	if len(cfg.DisabledEvents) > 0 {
		text += "; switched off: " + strings.Join(cfg.DisabledEvents, ", ")
	}

	return text
}

// examineCommercetools makes the checks for which commercetools must be there.
func (r *diagnosis) examineCommercetools(ctx context.Context, env environment, cfg settings.Config, want []subscription) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()

	ct := commercetools.New(env.Commercetools.Client())

	readable, ok := r.commercetools(ctx, ct, env.ProjectID)
	if !ok {
		r.add(checkSkipped, "subscriptions", "commercetools could not be asked", "")

		return
	}

	if slices.Contains(readable, commercetools.ProductProjections) {
		r.shop(ctx, ct, env.Shop, cfg.Product.Inventory.UseChannelInventory)
	} else {
		r.add(checkSkipped, "shop", "the products can't be read, and so not whether they fit the settings", "")
	}

	r.subscriptions(ctx, env.Commercetools, want)
}
