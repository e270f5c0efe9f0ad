package logging_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/logging"
)

const trace = "0af7651916cd43dd8448eb211c80319c"

// lines returns the logged lines without their times, after it has seen that each has one.
func lines(t *testing.T, log *bytes.Buffer) []map[string]any {
	t.Helper()

	var out []map[string]any

	for d := json.NewDecoder(log); d.More(); {
		var line map[string]any
		if err := d.Decode(&line); err != nil {
			t.Fatal(err)
		}

		text, _ := line["time"].(string)
		if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
			t.Errorf("time: %v", err)
		}

		delete(line, "time")

		out = append(out, line)
	}

	return out
}

func TestLinesHaveCloudLoggingsNames(t *testing.T) {
	t.Parallel()

	var out bytes.Buffer

	log := logging.New(&out, slog.LevelDebug, "shop")
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError, slog.LevelError + 4} {
		log.Log(t.Context(), level, "page sent", "records", 500)
	}

	var want []map[string]any
	for _, severity := range []string{"DEBUG", "INFO", "WARNING", "ERROR", "ERROR"} {
		want = append(want, map[string]any{"severity": severity, "message": "page sent", "records": 500.0})
	}

	if diff := cmp.Diff(want, lines(t, &out)); diff != "" {
		t.Error(diff)
	}
}

func TestLinesBelowTheLevelAreLeftOut(t *testing.T) {
	t.Parallel()

	var out bytes.Buffer

	log := logging.New(&out, slog.LevelWarn, "shop")
	log.InfoContext(t.Context(), "left out")
	log.WarnContext(t.Context(), "kept")

	want := []map[string]any{{"severity": "WARNING", "message": "kept"}}
	if diff := cmp.Diff(want, lines(t, &out)); diff != "" {
		t.Error(diff)
	}
}

func TestTraceOfTheRequest(t *testing.T) {
	t.Parallel()

	const want = "projects/shop/traces/" + trace

	tests := map[string]struct {
		project string
		header  http.Header
		want    any
	}{
		"none":               {project: "shop"},
		"google":             {project: "shop", header: header("X-Cloud-Trace-Context", trace+"/123;o=1"), want: want},
		"google, no span":    {project: "shop", header: header("X-Cloud-Trace-Context", trace), want: want},
		"w3c":                {project: "shop", header: header("traceparent", "00-"+trace+"-b7ad6b7169203331-01"), want: want},
		"w3c, bad google":    {project: "shop", header: header("traceparent", "00-"+trace+"-1-01", "X-Cloud-Trace-Context", "x"), want: want},
		"no project":         {header: header("X-Cloud-Trace-Context", trace)},
		"not hexadecimal":    {project: "shop", header: header("X-Cloud-Trace-Context", `"}`+trace[3:]+"x/1")},
		"all zero":           {project: "shop", header: header("traceparent", "00-00000000000000000000000000000000-1-01")},
		"w3c without a span": {project: "shop", header: header("traceparent", "00-"+trace)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
			r.Header = tt.header

			var out bytes.Buffer
			logging.New(&out, slog.LevelInfo, tt.project).InfoContext(logging.WithTrace(r.Context(), r), "done")

			if diff := cmp.Diff(tt.want, lines(t, &out)[0]["logging.googleapis.com/trace"]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A group and attributes of a logger must not take the trace away from the top of the line.
func TestTraceStaysOnTop(t *testing.T) {
	t.Parallel()

	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	r.Header = header("X-Cloud-Trace-Context", trace)

	var out bytes.Buffer

	log := logging.New(&out, slog.LevelInfo, "shop").With("run", "r1").WithGroup("page").With("number", 7)
	other := log.With("other", true)

	for _, ctx := range []context.Context{t.Context(), logging.WithTrace(r.Context(), r)} {
		log.InfoContext(ctx, "done", "level", "deep", "msg", "deep")
	}

	other.InfoContext(t.Context(), "other")

	page := map[string]any{"number": 7.0, "level": "deep", "msg": "deep"}
	want := []map[string]any{
		{"severity": "INFO", "message": "done", "run": "r1", "page": page},
		{"severity": "INFO", "message": "done", "run": "r1", "page": page, "logging.googleapis.com/trace": "projects/shop/traces/" + trace},
		{"severity": "INFO", "message": "other", "run": "r1", "page": map[string]any{"number": 7.0, "other": true}},
	}
	if diff := cmp.Diff(want, lines(t, &out)); diff != "" {
		t.Error(diff)
	}
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}

	return h
}
