package commercetoolstest

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// answerPage writes a page from resources that are encoded already.
func (s *Server) answerPage(w http.ResponseWriter, r *http.Request, q query, found []*resource, total int) {
	s.write(w, r, http.StatusOK, func(out io.Writer) {
		fmt.Fprintf(out, `{"limit":%d,"offset":%d,"count":%d,`, q.limit, q.offset, len(found))

		if q.withTotal {
			fmt.Fprintf(out, `"total":%d,`, total)
		}

		_, _ = io.WriteString(out, `"results":[`)

		for i, f := range found {
			if i > 0 {
				_, _ = io.WriteString(out, ",")
			}

			_, _ = out.Write(s.expand(f.text(), q.expand))
		}

		_, _ = io.WriteString(out, "]}")
	})
}

// answer writes one JSON text.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, status int, body json.RawMessage) {
	s.write(w, r, status, func(out io.Writer) { _, _ = out.Write(body) })
}

// refuse writes an error as commercetools does; OAuth's own field is among them.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	body, err := json.Marshal(map[string]any{
		"statusCode": status,
		"message":    message,
		"errors":     []map[string]string{{"code": code, "message": message}},
	})
	if err != nil {
		panic(err)
	}

	s.answer(w, r, status, body)
}

func (s *Server) refuseUnknown(w http.ResponseWriter, r *http.Request, ref string) {
	s.refuse(w, r, http.StatusNotFound, "ResourceNotFound", "The Resource with ID '"+ref+"' was not found.")
}

func (s *Server) refuseInput(w http.ResponseWriter, r *http.Request, parameter string, err error) {
	s.refuse(w, r, http.StatusBadRequest, "InvalidInput", "Malformed parameter: "+parameter+": "+err.Error())
}

// write sends what fill writes, packed if the client can unpack it.
func (s *Server) write(w http.ResponseWriter, r *http.Request, status int, fill func(io.Writer)) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")

	if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.WriteHeader(status)

		out := bufio.NewWriterSize(w, 64<<10)
		fill(out)
		_ = out.Flush()

		return
	}

	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(status)

	zipper, ok := s.zippers.Get().(*gzip.Writer)
	if !ok {
		panic("the pool holds gzip writers")
	}
	defer s.zippers.Put(zipper)

	zipper.Reset(w)
	fill(zipper)
	_ = zipper.Close()
}
