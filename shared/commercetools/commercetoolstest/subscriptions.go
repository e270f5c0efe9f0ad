package commercetoolstest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// managing lets only those pass whose token may manage subscriptions, one after the other: a version is compared with the
// one that is replaced.
func (s *Server) managing(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !same(r.Header.Get("Authorization"), "Bearer "+s.token) {
			s.refuse(w, r, http.StatusForbidden, "insufficient_scope",
				"Insufficient scope. One of the following scopes is missing: manage_subscriptions.")

			return
		}

		s.writing.Lock()
		defer s.writing.Unlock()

		next(w, r)
	}
}

func (s *Server) querySubscriptions(w http.ResponseWriter, r *http.Request) {
	s.queryOf(w, r, subscriptions)
}

func (s *Server) createSubscription(w http.ResponseWriter, r *http.Request) {
	var draft subscriptionDraft

	err := read(r, &draft)
	if err == nil {
		err = draft.check()
	}

	switch {
	case err != nil:
		s.refuse(w, r, http.StatusBadRequest, "InvalidInput", err.Error())
	case draft.Key != "" && s.subscription("key="+draft.Key) != nil:
		s.refuse(w, r, http.StatusBadRequest, "DuplicateField", "A duplicate value '\""+draft.Key+"\"' exists for field 'key'.")
	default:
		s.answer(w, r, http.StatusCreated, s.keep(newSubscription(draft, time.Now())))
	}
}

func (s *Server) updateSubscription(w http.ResponseWriter, r *http.Request) {
	var update struct {
		Version int                  `json:"version"`
		Actions []subscriptionAction `json:"actions"`
	}

	if err := read(r, &update); err != nil {
		s.refuse(w, r, http.StatusBadRequest, "InvalidInput", err.Error())

		return
	}

	found := s.expected(w, r, update.Version)
	if found == nil {
		return
	}

	if err := found.update(update.Actions, time.Now()); err != nil {
		s.refuse(w, r, http.StatusBadRequest, "InvalidInput", err.Error())

		return
	}

	s.answer(w, r, http.StatusOK, s.keep(*found))
}

func (s *Server) deleteSubscription(w http.ResponseWriter, r *http.Request) {
	version, err := strconv.Atoi(r.URL.Query().Get("version"))
	if err != nil {
		s.refuseInput(w, r, "version", err)

		return
	}

	if found := s.expected(w, r, version); found != nil {
		s.Delete(subscriptions, found.ID)
		s.answer(w, r, http.StatusOK, encode(found))
	}
}

// getSubscription takes a key, too.
func (s *Server) getSubscription(w http.ResponseWriter, r *http.Request) {
	if found := s.subscription(r.PathValue("id")); found != nil {
		s.answer(w, r, http.StatusOK, encode(found))

		return
	}

	s.refuseUnknown(w, r, r.PathValue("id"))
}

// expected returns the subscription of the path when it has this version; else it has refused the request.
func (s *Server) expected(w http.ResponseWriter, r *http.Request, version int) *subscription {
	found := s.subscription(r.PathValue("id"))

	switch {
	case found == nil:
		s.refuseUnknown(w, r, r.PathValue("id"))
	case found.Version != version:
		s.refuse(w, r, http.StatusConflict, "ConcurrentModification", fmt.Sprintf(
			"Object %s has a different version than expected. Expected: %d - Actual: %d.", found.ID, version, found.Version))
	default:
		return found
	}

	return nil
}

// subscription finds one by its id, or by "key=" and its key.
func (s *Server) subscription(ref string) *subscription {
	key, byKey := strings.CutPrefix(ref, "key=")

	for r := range s.store.view(subscriptions).scan("", "") {
		var one subscription
		if err := json.Unmarshal(r.text(), &one); err != nil {
			panic(err)
		}

		if byKey && one.Key == key || one.ID == ref {
			return &one
		}
	}

	return nil
}

// keep stores a subscription and returns it as it is sent.
func (s *Server) keep(one subscription) json.RawMessage {
	raw := encode(one)
	s.Put(subscriptions, raw)

	return raw
}

func read(r *http.Request, into any) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return fmt.Errorf("read the body: %w", err)
	}

	return strictly(body, into)
}

func encode(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}

	return raw
}
