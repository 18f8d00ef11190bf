package verdict_test

import (
	"testing"

	"github.com/alertnative/preflight/internal/proof/verdict"
)

// BenchmarkShipped runs the shipped tests as generation does: without cached
// verdicts (cold) and with all of them cached (warm).
func BenchmarkShipped(b *testing.B) {
	cases := shipped(b)
	all := func(b *testing.B, o verdict.Options) {
		b.ReportAllocs()
		for b.Loop() {
			if failures, _, err := verdict.Run(b.Context(), cases, o); err != nil || len(failures) > 0 {
				b.Fatal(failures, err)
			}
		}
	}
	b.Run("cold", func(b *testing.B) { all(b, verdict.Options{NoCache: true}) })
	b.Run("warm", func(b *testing.B) { all(b, verdict.Options{Dir: b.TempDir(), Engine: "engine"}) })
}
