package main

import (
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionOf(t *testing.T) {
	t.Parallel()

	settings := []debug.BuildSetting{{Key: "vcs.revision", Value: "4f1c2d"}, {Key: "vcs.time", Value: "2026-01-01T00:00:00Z"}, {Key: "vcs.modified", Value: "true"}}
	here := ", " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH

	for name, tt := range map[string]struct {
		info *debug.BuildInfo
		want string
	}{
		"released":     {&debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: settings[:2]}, "ctklaviyo v1.2.3, revision 4f1c2d of 2026-01-01T00:00:00Z"},
		"with changes": {&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: settings}, "ctklaviyo (devel), revision 4f1c2d of 2026-01-01T00:00:00Z with changes"},
		"no revision":  {&debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, "ctklaviyo (devel)"},
		"nothing":      {nil, "ctklaviyo (unknown)"},
	} {
		if got := versionOf(tt.info); got != tt.want+here {
			t.Errorf("%s: %q, want %q", name, got, tt.want+here)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()

	if code, out := finish(t, local(t, nil, "version")); code != 0 || !strings.HasPrefix(out, "ctklaviyo ") || !strings.Contains(out, runtime.Version()) {
		t.Errorf("exit %d: %s", code, out)
	}
}
