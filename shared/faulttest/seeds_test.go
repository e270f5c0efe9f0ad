package faulttest_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/faulttest"
)

func TestSeeds(t *testing.T) {
	for name, c := range map[string]struct {
		seed, seeds string
		want        []uint64 // 0 is any
		refused     string
	}{
		"usual":             {want: []uint64{0, 1, 2}},
		"so many":           {seeds: "2", want: []uint64{0, 1}},
		"one":               {seeds: "1", want: []uint64{0}},
		"that one":          {seed: "18446744073709551615", want: []uint64{18446744073709551615}},
		"that one, not two": {seed: "17", seeds: "2", want: []uint64{17}},
		"none":              {seeds: "0", refused: `SEEDS="0" is no number from 1 on`},
		"seed 0":            {seed: "0", refused: `SEED="0" is no number from 1 on`},
		"no number":         {seeds: "x", refused: `SEEDS="x" is no number from 1 on`},
		"no seed":           {seed: "x", refused: `SEED="x" is no number from 1 on`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("SEED", c.seed)
			t.Setenv("SEEDS", c.seeds)

			got, refused := seeds(t, 3)

			for i, seed := range c.want {
				if i < len(got) && seed == 0 && got[i] != 0 {
					got[i] = 0
				}
			}

			if diff := cmp.Diff(c.want, got); diff != "" || refused != c.refused {
				t.Errorf("refused %q, want %q; seeds (-want +got):\n%s", refused, c.refused, diff)
			}
		})
	}

	t.Setenv("SEED", "")
	t.Setenv("SEEDS", "")

	if one, other := faulttest.Seeds(t, 1)[0], faulttest.Seeds(t, 1)[0]; one == other {
		t.Errorf("twice the random seed %d", one)
	}
}

// seeds tells also why they were refused.
func seeds(t *testing.T, usual uint64) (all []uint64, refused string) {
	t.Helper()

	defer func() {
		if said := recover(); said != nil {
			refused = fmt.Sprint(said)
		}
	}()

	return faulttest.Seeds(fatal{t}, usual), ""
}

// fatal is a test that lives on.
type fatal struct{ testing.TB }

// Fatalf ends what called it.
func (fatal) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
