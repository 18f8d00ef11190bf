package rulelint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/alertnative/preflight/internal/lint/rulelint"
	"github.com/alertnative/preflight/internal/testing/manyrules"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/promcheck"
)

// BenchmarkLint reads and checks a file with n generated rules.
func BenchmarkLint(b *testing.B) {
	for _, n := range []int{1000, 10000, 100000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			file := filepath.Join(b.TempDir(), "rules.yml")
			if err := os.WriteFile(file, []byte(manyrules.Write(n)), 0o644); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				report := rulelint.Lint(promcheck.New(metrics.Catalogue{}, promcheck.Options{}), []string{file}, nil)
				if len(report.Issues) != 0 || report.Rules != n {
					b.Fatalf("%d rules, %v", report.Rules, report.Issues)
				}
			}
		})
	}
}
