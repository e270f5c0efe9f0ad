package mapping_test

import (
	"encoding/json"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ctklaviyo/connector/shared/commercetools"
)

// given is what a fuzzer's bytes say. Hardly any bytes are JSON, and none of its mutations builds an order: those that are no
// resource stand for one that is made up, by their checksum, so that no input is wasted.
func given[T any](t *testing.T, raw []byte) T {
	t.Helper()

	v, err := commercetools.Decode[T](raw)
	if err == nil {
		return v
	}

	sum := fnv.New64a()
	_, _ = sum.Write(raw) // it never fails

	document, err := json.Marshal(inventor{rand.New(rand.NewPCG(sum.Sum64(), 0))}.value(reflect.TypeFor[T](), 0))
	if err != nil {
		t.Fatal(err)
	}

	v, err = commercetools.Decode[T](document)
	if err != nil {
		t.Fatalf("%v in %s", err, document)
	}

	return v
}

// inventor makes up JSON that a Go type decodes, as odd as it may be.
type inventor struct{ *rand.Rand }

// deepest bounds types that hold themselves.
const deepest = 8

// value is one for a type, inside so many others; nil now and then, whatever the type.
func (i inventor) value(t reflect.Type, depth int) any {
	if depth > deepest || i.IntN(12) == 0 {
		return nil
	}

	switch {
	case t == reflect.TypeFor[time.Time]():
		return i.time()
	case t == reflect.TypeFor[json.RawMessage]():
		return i.any(depth)
	}

	switch t.Kind() {
	case reflect.Pointer:
		return i.value(t.Elem(), depth)
	case reflect.Struct:
		return i.object(t, depth)
	case reflect.Slice:
		return i.list(func() any { return i.value(t.Elem(), depth+1) })
	case reflect.Map:
		return i.members(func() any { return i.value(t.Elem(), depth+1) })
	case reflect.Bool:
		return i.IntN(2) == 0
	case reflect.Uint8:
		return i.IntN(math.MaxUint8 + 1)
	case reflect.Int64:
		return i.whole()
	default:
		return i.text()
	}
}

// object has most of a struct's members, and some that the struct doesn't know.
func (i inventor) object(t reflect.Type, depth int) map[string]any {
	all := map[string]any{}
	if i.IntN(2) == 0 {
		all = i.members(func() any { return i.any(depth + 1) })
	}

	// In any case: encoding/json would take them for those of the struct.
	for name := range all {
		delete(all, name)

		all["x"+name] = i.any(depth + 1)
	}

	for f := range t.Fields() {
		switch name, _, _ := strings.Cut(f.Tag.Get("json"), ","); {
		case name == "id" && f.Type.Kind() == reflect.String: // which is never missing
			all[name] = []string{"a", "b", "c", `../a b"?#%2f`, "ü"}[i.IntN(5)]
		case name != "-" && i.IntN(4) > 0:
			all[name] = i.value(f.Type, depth+1)
		}
	}

	return all
}

// any is JSON without a type.
func (i inventor) any(depth int) any {
	switch i.IntN(8) {
	case 0:
		return nil
	case 1:
		return i.IntN(2) == 0
	case 2:
		return i.whole()
	case 3:
		return json.Number([]string{"1e400", "-0", "1.50", "0.1e-7", "123456789012345678901234567890"}[i.IntN(5)])
	case 4, 5:
		return i.text()
	case 6:
		return i.list(func() any { return i.any(depth + 1) })
	default:
		return i.members(func() any { return i.any(depth + 1) })
	}
}

func (i inventor) list(element func() any) []any {
	all := make([]any, i.few())
	for n := range all {
		all[n] = element()
	}

	return all
}

func (i inventor) members(member func() any) map[string]any {
	all := map[string]any{}
	for range i.few() {
		all[i.text()] = member()
	}

	return all
}

// few is mostly none or one, so that what is inside each other comes to an end.
func (i inventor) few() int { return []int{0, 0, 1, 1, 1, 2, 3}[i.IntN(7)] }

func (i inventor) whole() int64 {
	return []int64{0, 1, -1, 2, 3, 100, 1999, math.MaxInt32 + 1, 1<<53 + 1, math.MaxInt64, math.MinInt64}[i.IntN(11)]
}

func (i inventor) time() string {
	return []string{
		"2026-01-02T03:04:05.678Z", "2026-06-15T12:00:00Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "0000-01-01T00:00:00+14:00",
		"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59-12:00", "2024-02-29T23:59:59+05:30",
	}[i.IntN(8)]
}

// text is often the same, for ids have to agree to mean something.
func (i inventor) text() string {
	odd := []string{
		"", " ", "\t\n", "\u0000", "\u2028", "ünï", "日本", "\U0001F600", `"`, `\`, `\"`, "<script>&amp;", "a/b?c#d%2f", "..", "$custom:::$default:::", "@",
		"ann@example.org", "Ann Arbor <ann@example.org>", "o'neil+shop@example.com", "+4915123456789", "030 901820", "00 44 20 7946 0958",
		"tel:+1-800-FLOWERS;ext=9", "DE", "US", "XX", "EUR", "USD", "JPY", "de-DE", "en", "Open", "Refund", "Success", "Charge", "Failure",
		"highPrecision", "centPrecision", "Standalone", "https://shop.example.org/ä b.png", "null", "0",
		strings.Repeat("x", 101), strings.Repeat("é", 300),
	}

	if i.IntN(2) == 0 {
		return []string{"a", "b", "c"}[i.IntN(3)]
	}

	return odd[i.IntN(len(odd))]
}
