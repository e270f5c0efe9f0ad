package commercetools

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/commercetools/commercetoolstest"
)

func TestSplitPage(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		body string
		want []string
		// total is of the page.
		total int
		fails bool
	}{
		"empty":                {body: `{"results":[]}`},
		"spread out":           {body: " {\n\"limit\" : 2 ,\t\"total\":7,\r\n \"results\" : [ {} , [ 1 , 2 ] ] } \n", want: []string{"{}", "[ 1 , 2 ]"}, total: 7},
		"brackets in a text":   {body: `{"results":[{"a":"]}"},{"b":"\"]"},{"c":"\\"}]}`, want: []string{`{"a":"]}"}`, `{"b":"\"]"}`, `{"c":"\\"}`}},
		"scalars":              {body: `{"results":[1,true,null,"x",-1.5e3]}`, want: []string{"1", "true", "null", `"x"`, "-1.5e3"}},
		"as many as may be":    {body: `{"results":[` + strings.Repeat("1,", MaxLimit-1) + `1]}`, want: slices.Repeat([]string{"1"}, MaxLimit)},
		"one more":             {body: `{"results":[` + strings.Repeat("1,", MaxLimit) + `1]}`, fails: true},
		"results further down": {body: `{"facets":{"results":[9]},"results":[1],"offset":0}`, want: []string{"1"}},
		"no results":           {body: `{"limit":20}`, fails: true},
		"empty object":         {body: `{}`, fails: true},
		"nothing":              {body: ``, fails: true},
		"an error page":        {body: `<html></html>`, fails: true},
		"an array":             {body: `[]`, fails: true},
		"cut in a text":        {body: `{"results":[{"a":"b`, fails: true},
		"cut between results":  {body: `{"results":[{"a":1},`, fails: true},
		"cut after results":    {body: `{"results":[{"a":1}]`, fails: true},
		"something behind":     {body: `{"results":[]} {}`, fails: true},
		"results not an array": {body: `{"results":{}}`, fails: true},
		"results null":         {body: `{"results":null}`, fails: true},
		"total not a number":   {body: `{"results":[],"total":"7"}`, fails: true},
		"missing value":        {body: `{"results":[1,,2]}`, fails: true},
		"missing colon":        {body: `{"results" [1]}`, fails: true},
		"unquoted key":         {body: `{results:[1]}`, fails: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			page, err := splitPage([]byte(tt.body))
			if (err != nil) != tt.fails {
				t.Fatalf("splitPage: %v; should fail: %t", err, tt.fails)
			}

			var got []string
			for _, r := range page.Results {
				got = append(got, string(r))
			}

			if diff := cmp.Diff(tt.want, got); diff != "" || page.Total != tt.total {
				t.Errorf("total %d, want %d; results (-want +got):\n%s", page.Total, tt.total, diff)
			}
		})
	}
}

// A result can be appended to without harm to the next.
func TestSplitPageResultsAreApart(t *testing.T) {
	t.Parallel()

	page, err := splitPage([]byte(`{"results":[{},{}]}`))
	if err != nil {
		t.Fatal(err)
	}

	_ = append(page.Results[0], "xxxx"...)

	if got := string(page.Results[1]); got != "{}" {
		t.Errorf("the second result became %s", got)
	}
}

// Any JSON value comes through unchanged, as a result and as something to pass over; anything else doesn't crash.
func FuzzSplitPage(f *testing.F) {
	f.Add([]byte(`{"id":"a\\","x":"}]\"","y":[1.5,{}]}`))
	f.Add([]byte(`{"results":[`))
	f.Add([]byte(`"\u0022"`))
	f.Fuzz(func(t *testing.T, value []byte) {
		_, err := splitPage(value)
		if !json.Valid(value) {
			return
		}

		if strings.HasPrefix(string(bytes.TrimSpace(value)), "[") && err == nil {
			t.Error("an array passed for a page")
		}

		page, err := splitPage(fmt.Appendf(nil, `{"facets":%s,"results":[%s,%s],"limit":5,"total":7}`, value, value, value))
		if err != nil {
			t.Fatal(err)
		}

		value = bytes.TrimSpace(value)
		want := Page{Results: []json.RawMessage{value, value}, Total: 7, Limit: 5}

		if diff := cmp.Diff(want, page); diff != "" {
			t.Errorf("page (-want +got):\n%s", diff)
		}
	})
}

// BenchmarkPage compares ways to cut a page of 500 customers, and shows what decoding them costs.
func BenchmarkPage(b *testing.B) {
	var list [][]byte
	for _, c := range commercetoolstest.Customers(1, MaxLimit) {
		list = append(list, c)
	}

	body := fmt.Appendf(nil, `{"limit":500,"offset":0,"count":500,"results":[%s]}`, bytes.Join(list, []byte(",")))

	for name, read := range map[string]func([]byte) (int, error){"cut": cutPage, "encoding/json": unmarshalPage, "cut and decode": decodePage} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()

			for b.Loop() {
				if n, err := read(body); err != nil || n != MaxLimit {
					b.Fatal(n, err)
				}
			}
		})
	}
}

func cutPage(body []byte) (int, error) {
	page, err := splitPage(body)

	return len(page.Results), err
}

func unmarshalPage(body []byte) (int, error) {
	var page struct {
		Results []json.RawMessage `json:"results"`
	}

	err := json.Unmarshal(body, &page)

	return len(page.Results), err
}

func decodePage(body []byte) (int, error) {
	page, err := splitPage(body)
	for _, raw := range page.Results {
		if _, err := Decode[Customer](raw); err != nil {
			return 0, err
		}
	}

	return len(page.Results), err
}
