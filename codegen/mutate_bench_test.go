package codegen_test

import (
	"io"
	"testing"

	"github.com/alertnative/preflight/codegen"
)

// BenchmarkMutate makes all mutants of the shipped pack and runs their tests.
func BenchmarkMutate(b *testing.B) {
	for b.Loop() {
		if code := codegen.Main(codegen.Preflight(), []string{"mutate", "--floor=0"}, io.Discard, io.Discard); code != 0 {
			b.Fatalf("exit %d", code)
		}
	}
}
