package codegen_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/site"
)

// The order of definitions does not matter: shuffled sites give the same bytes.
func TestShuffledDefinitionsGiveSameFiles(t *testing.T) {
	t.Parallel()
	want := files(t, site.Site())
	for seed := range uint64(20) {
		s := shipped()
		shuffle(&s, rand.New(rand.NewPCG(seed, 0)))
		if d := cmp.Diff(want, files(t, s)); d != "" {
			t.Fatalf("seed %d: (-want +got):\n%s", seed, d)
		}
	}
}

// shuffle shuffles all lists whose order is irrelevant.
func shuffle(s *preflight.Site, r *rand.Rand) {
	mix(r, s.Jobs)
	mix(r, s.Envs)
	mix(r, s.Urgent)
	mix(r, s.Routing.Receivers)
	mix(r, s.Routing.Promises)
	for p := range s.Packs {
		pack := &s.Packs[p]
		mix(r, pack.Metrics)
		mix(r, pack.Exporters)
		mix(r, pack.Groups)
		for _, g := range pack.Groups {
			mix(r, g.Alerts)
		}
		mix(r, pack.Dashboards)
		mix(r, pack.Routing.Inhibit)
	}
}

func mix[T any](r *rand.Rand, list []T) {
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}
