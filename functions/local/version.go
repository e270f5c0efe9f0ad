package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Long:    "Prints the module's version, the revision that it was built from as far as Go has noted it, and Go's version.",
		Example: "  go build -o bin/local ./functions/local && bin/local version",
		Args:    cobra.NoArgs,
		// It needs no settings, and answers also where .env is broken.
		PersistentPreRun: func(*cobra.Command, []string) {},
		Run: func(cmd *cobra.Command, _ []string) {
			info, _ := debug.ReadBuildInfo() // nil without
			fmt.Fprintln(cmd.OutOrStdout(), versionOf(info))
		},
	}
}

// versionOf is such as "ctklaviyo v1.2.3, revision 4f1c… of 2026-01-01T00:00:00Z, go1.26.0 linux/amd64". `go run` and tests know no
// revision; a revision with changes that were not committed has "with changes" behind it.
func versionOf(info *debug.BuildInfo) string {
	version, revision := "(unknown)", ""

	if info != nil {
		version = cmp.Or(info.Main.Version, version)

		noted := map[string]string{}
		for _, s := range info.Settings {
			noted[s.Key] = s.Value
		}

		if id := noted["vcs.revision"]; id != "" {
			revision = fmt.Sprintf(", revision %s of %s", id, noted["vcs.time"])
		}

		if noted["vcs.modified"] == "true" {
			revision += " with changes"
		}
	}

	return fmt.Sprintf("ctklaviyo %s%s, %s %s/%s", version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
