package bulksync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path"
	"strconv"
	"time"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/logging"
)

const (
	// maxBody bounds a request's body.
	maxBody = 1 << 20
	// someErrors is how many of the last failures a status shows, unless ?errors= asks for others, mostErrors at most.
	someErrors, mostErrors = 10, 1000
)

// problem is an answer that is not a success.
type problem struct {
	status        int
	code, message string
	// run is the id of the run in progress, with already_running.
	run string
}

func (p *problem) Error() string { return p.message }

// New returns the HTTP API over the runs that a control keeps. control is asked for every request; when it fails the
// request ends with 503.
func New(control func() (*bulk.Control, error), log *slog.Logger) http.Handler {
	h := handler{control: control, log: log}
	mux := http.NewServeMux()

	for pattern, do := range h.routes() {
		mux.HandleFunc(pattern, do)
	}

	mux.HandleFunc("/sync/{resource}", h.refuse(methods("GET, POST")))
	mux.HandleFunc("/sync/{resource}/stop", h.refuse(methods("POST")))
	mux.HandleFunc("/openapi.yaml", h.refuse(methods("GET")))
	mux.HandleFunc("/", h.refuse(noSuchPath))

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path.Clean(r.URL.Path) != r.URL.Path {
			h.refuse(noSuchPath)(w, r) // the mux would redirect, in HTML

			return
		}

		mux.ServeHTTP(w, r)
	})
}

type handler struct {
	control func() (*bulk.Control, error)
	log     *slog.Logger
}

// routes are the calls there are, by their patterns; openapi.yaml describes each.
func (h handler) routes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /sync/status":           h.answer(http.StatusOK, h.status),
		"POST /sync/{resource}":      h.answer(http.StatusAccepted, h.start),
		"GET /sync/{resource}":       h.answer(http.StatusOK, h.progress),
		"POST /sync/{resource}/stop": h.answer(http.StatusOK, h.stop),
		"GET /openapi.yaml":          describe,
	}
}

// runState is the answer of a start and of a stop.
type runState struct {
	Run      string        `json:"run"`
	Resource bulk.Resource `json:"resource"`
	Status   bulk.Status   `json:"status"`
}

func (h handler) start(w http.ResponseWriter, r *http.Request) (any, error) {
	resource, err := resourceOf(r)
	if err != nil {
		return nil, err
	}

	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, bodyProblem(err)
	}

	options, err := bulk.ParseOptions(resource, body, time.Now())
	if err != nil {
		return nil, &problem{status: http.StatusBadRequest, code: "invalid_body", message: err.Error()}
	}

	control, err := h.control()
	if err != nil {
		return nil, err
	}

	run, err := control.Start(r.Context(), resource, options)
	if err != nil {
		return nil, err
	}

	h.log.InfoContext(r.Context(), "import started", logging.ResourceKey, resource, logging.RunKey, run.ID, "dry_run", options.DryRun)

	return runState{Run: run.ID, Resource: resource, Status: run.Status}, nil
}

func (h handler) stop(_ http.ResponseWriter, r *http.Request) (any, error) {
	resource, err := resourceOf(r)
	if err != nil {
		return nil, err
	}

	control, err := h.control()
	if err != nil {
		return nil, err
	}

	run, err := control.Stop(r.Context(), resource)
	if err != nil {
		return nil, err
	}

	h.log.InfoContext(r.Context(), "import stopped", logging.ResourceKey, resource, logging.RunKey, run.ID)

	return runState{Run: run.ID, Resource: resource, Status: run.Status}, nil
}

func (h handler) progress(_ http.ResponseWriter, r *http.Request) (any, error) {
	resource, err := resourceOf(r)
	if err != nil {
		return nil, err
	}

	n, err := errorsWanted(r)
	if err != nil {
		return nil, err
	}

	control, err := h.control()
	if err != nil {
		return nil, err
	}

	return control.Progress(r.Context(), resource, n)
}

// status answers for every resource, by its name.
func (h handler) status(_ http.ResponseWriter, r *http.Request) (any, error) {
	n, err := errorsWanted(r)
	if err != nil {
		return nil, err
	}

	control, err := h.control()
	if err != nil {
		return nil, err
	}

	all := map[bulk.Resource]bulk.Progress{}

	for _, resource := range bulk.Resources() {
		if all[resource], err = control.Progress(r.Context(), resource, n); err != nil {
			return nil, err
		}
	}

	return all, nil
}

func resourceOf(r *http.Request) (bulk.Resource, error) {
	resource := bulk.Resource(r.PathValue("resource"))
	if !resource.Known() {
		return "", &problem{
			status: http.StatusNotFound, code: "unknown_resource",
			message: fmt.Sprintf("there is no import of %q; there is one of: %v", resource, bulk.Resources()),
		}
	}

	return resource, nil
}

func errorsWanted(r *http.Request) (int, error) {
	v := r.URL.Query().Get("errors")
	if v == "" {
		return someErrors, nil
	}

	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > mostErrors {
		return 0, &problem{
			status: http.StatusBadRequest, code: "invalid_query",
			message: fmt.Sprintf("errors: must be a number from 0 to %d", mostErrors),
		}
	}

	return n, nil
}

func bodyProblem(err error) error {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &problem{
			status: http.StatusRequestEntityTooLarge, code: "body_too_large",
			message: fmt.Sprintf("the body has more than %d bytes", tooLarge.Limit),
		}
	}

	return &problem{status: http.StatusBadRequest, code: "invalid_body", message: "the body could not be read to its end"}
}

type action func(http.ResponseWriter, *http.Request) (any, error)

func methods(allowed string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Allow", allowed)

		return &problem{
			status: http.StatusMethodNotAllowed, code: "method_not_allowed",
			message: fmt.Sprintf("%s takes %s, not %s", r.URL.Path, allowed, r.Method),
		}
	}
}

func noSuchPath(_ http.ResponseWriter, r *http.Request) error {
	return &problem{
		status: http.StatusNotFound, code: "not_found",
		message: fmt.Sprintf("there is nothing at %s; see /openapi.yaml", r.URL.Path),
	}
}

// answer writes what do returns, or the problem.
func (h handler) answer(success int, do action) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx := logging.WithTrace(r.Context(), r)

		v, err := do(w, r.WithContext(ctx))
		if err != nil {
			h.fail(ctx, w, r, err)

			return
		}

		h.write(ctx, w, success, v)
	}
}

// refuse answers every request with what is wrong with it.
func (h handler) refuse(why func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.fail(logging.WithTrace(r.Context(), r), w, r, why(w, r))
	}
}

func (h handler) fail(ctx context.Context, w http.ResponseWriter, r *http.Request, err error) {
	p := h.problemOf(ctx, r, err)
	h.write(ctx, w, p.status, refusal{Error: refusalError{Code: p.code, Message: p.message}, Run: p.run})
}

// refusal is the body of every answer that is not a success.
type refusal struct {
	Error refusalError `json:"error"`
	Run   string       `json:"run,omitempty"`
}

type refusalError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (h handler) problemOf(ctx context.Context, r *http.Request, err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}

	if running, ok := errors.AsType[*bulk.RunningError](err); ok {
		return &problem{status: http.StatusConflict, code: "already_running", message: err.Error(), run: running.ID}
	}

	if errors.Is(err, bulk.ErrNotRunning) {
		return &problem{
			status: http.StatusBadRequest, code: "not_running",
			message: fmt.Sprintf("no import of %s is running", r.PathValue("resource")),
		}
	}

	// An unknown resource, which could be any text, has been refused by now; of all of them together there is none.
	h.log.ErrorContext(ctx, logging.SyncFailed,
		logging.FunctionKey, name, logging.ResourceKey, r.PathValue("resource"), logging.ErrorKey, err)

	return &problem{
		status: http.StatusServiceUnavailable, code: "unavailable",
		message: "the request could not be carried out; try again, and see the log if it stays so",
	}
}

func (h handler) write(ctx context.Context, w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)

	if err := json.NewEncoder(w).Encode(v); err != nil {
		h.log.WarnContext(ctx, "answer not written", logging.FunctionKey, name, logging.ErrorKey, err)
	}
}
