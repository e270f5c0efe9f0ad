package commercetools

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/ctklaviyo/connector/shared/logging"
	"github.com/ctklaviyo/connector/shared/retry"
)

// maxMessage is how much of commercetools' own text an error keeps, in bytes.
const maxMessage = 300

// newError makes an error of an answer that is not a success; body need not be JSON, and one with too many errors to
// decode is as good as none. Besides commercetools' own fields
// the token endpoint has those of OAuth.
func newError(operation string, resp *http.Response, body []byte) *Error {
	var answer struct {
		Message string `json:"message"`
		Errors  []struct {
			Code string `json:"code"`
		} `json:"errors"`
		OAuthCode    string `json:"error"`
		OAuthMessage string `json:"error_description"`
	}

	e := &Error{Status: resp.StatusCode, Operation: operation, RetryAfter: retry.After(resp.Header)}

	if checkElements(body) != nil || json.Unmarshal(body, &answer) != nil {
		return e
	}

	e.Code, e.Message = answer.OAuthCode, answer.OAuthMessage

	if len(answer.Errors) > 0 {
		e.Code = answer.Errors[0].Code
	}

	if answer.Message != "" {
		e.Message = answer.Message
	}

	e.Code, e.Message = logging.Shorten(e.Code, logging.MaxWord), clean(e.Message)

	return e
}

// clean hides what stands in double quotes, for commercetools quotes a predicate that it can't read, and shortens.
func clean(message string) string {
	if first := strings.IndexByte(message, '"'); first >= 0 {
		last := strings.LastIndexByte(message, '"')
		if last == first {
			last = len(message) - 1
		}

		message = message[:first] + "…" + message[last+1:]
	}

	return logging.Shorten(message, maxMessage)
}
