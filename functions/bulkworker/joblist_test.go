package bulkworker_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ctklaviyo/connector/shared/bulk"
	"github.com/ctklaviyo/connector/shared/faulttest"
)

// Where Klaviyo has no list of jobs, an import and a deletion take more requests, and come to their ends.
func TestNoListOfJobs(t *testing.T) {
	t.Parallel()

	for name, answer := range map[string]faulttest.Fault{
		"404":               problem(http.StatusNotFound, "not_found", ""),
		"405":               problem(http.StatusMethodNotAllowed, "method_not_allowed", ""),
		"405 without words": {Status: http.StatusMethodNotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s := openCatalog(t)
			s.products(210)

			s.fault = func(r *http.Request, _ string) faulttest.Fault {
				if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "-jobs") {
					return answer
				}

				return faulttest.Fault{}
			}

			want(t, s.importing(t, bulk.Products, bulk.Options{}), bulk.Counts{Read: 210, Sent: 210})
			s.inStep(t)
			want(t, s.importing(t, bulk.Products, deleteAll(bulk.Products)), bulk.Counts{Read: 210, Sent: 210})

			if n := len(s.kl.Items()); n > 0 {
				t.Errorf("%d items are left", n)
			}
		})
	}
}

// A proxy's 404 says nothing of open jobs: the deletion waits until Klaviyo answers.
func TestNoAnswerAboutOpenJobs(t *testing.T) {
	t.Parallel()

	s := openCatalog(t)
	s.fill(t, 5, 0)

	answers := 0
	s.fault = func(r *http.Request, _ string) faulttest.Fault {
		if !strings.HasPrefix(r.URL.Query().Get("filter"), "equals(status,") {
			return faulttest.Fault{}
		}

		if answers++; answers <= 5 {
			return faulttest.Fault{Status: http.StatusNotFound, Body: "<html>"}
		}

		return faulttest.Fault{}
	}

	want(t, s.importing(t, bulk.Products, deleteAll(bulk.Products)), bulk.Counts{Read: 5, Sent: 5})

	if answers != 5+4 {
		t.Errorf("%d requests for open jobs, want four more than those that a proxy has answered", answers)
	}
}
