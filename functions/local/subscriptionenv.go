package main

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/sethvargo/go-envconfig"
	"github.com/spf13/cobra"

	"github.com/ctklaviyo/connector/shared/settings"
)

// subscriptionEnvironment is what `subscriptions list` and `delete` read.
type subscriptionEnvironment struct {
	settings.Commercetools

	Prefix Prefix `env:"SUBSCRIPTIONS_PREFIX, default=ctklaviyo"`
}

// applyEnvironment is what `subscriptions apply` reads.
type applyEnvironment struct {
	settings.Commercetools
	settings.File

	Prefix        Prefix        `env:"SUBSCRIPTIONS_PREFIX, default=ctklaviyo"`
	GoogleProject GoogleProject `env:"GOOGLE_CLOUD_PROJECT, required"`
}

// Prefix begins the keys of an environment's subscriptions, as Terraform's variable prefix does.
type Prefix string

var prefixForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,7}[a-z0-9]$`)

// EnvDecode implements envconfig.Decoder.
func (p *Prefix) EnvDecode(v string) error {
	if !prefixForm.MatchString(v) {
		return errors.New("must be 2 to 9 lower-case letters, digits and hyphens, such as ctk-prod; it begins with a letter and does not end with a hyphen")
	}

	*p = Prefix(v)

	return nil
}

// GoogleProject is the id of a Google Cloud project.
type GoogleProject string

var googleProjectForm = regexp.MustCompile(`^[a-z][a-z0-9-]{4,28}[a-z0-9]$`)

// EnvDecode implements envconfig.Decoder.
func (p *GoogleProject) EnvDecode(v string) error {
	if !googleProjectForm.MatchString(v) {
		return errors.New("must be a project's id, such as my-shop-123456: 6 to 30 lower-case letters, digits and hyphens")
	}

	*p = GoogleProject(v)

	return nil
}

// The flags that stand for variables.
const (
	prefixFlag  = "prefix"
	projectFlag = "project"
)

// loadWithFlags reads the environment, with flags over it.
func loadWithFlags[T any](cmd *cobra.Command) (T, error) {
	flags := map[string]string{}

	for flag, variable := range map[string]string{prefixFlag: "SUBSCRIPTIONS_PREFIX", projectFlag: "GOOGLE_CLOUD_PROJECT"} {
		if f := cmd.Flags().Lookup(flag); f != nil && f.Changed {
			// An empty one, of a shell's variable that isn't set, must not pass for the default.
			if flags[variable] = f.Value.String(); flags[variable] == "" {
				var t T

				return t, fmt.Errorf("--%s: must not be empty", flag)
			}
		}
	}

	return settings.Load[T](cmd.Context(), envconfig.MultiLookuper(envconfig.MapLookuper(flags), envconfig.OsLookuper()))
}
