package rulelint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alertnative/preflight/internal/promcheck"
	"github.com/alertnative/preflight/internal/rulelint"
	"github.com/alertnative/preflight/metrics"
)

// BenchmarkLint reads and checks a file of n generated rules.
func BenchmarkLint(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			file := filepath.Join(b.TempDir(), "rules.yml")
			if err := os.WriteFile(file, []byte(many(n)), 0o644); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				report, err := rulelint.Lint(promcheck.NewWith(metrics.Catalogue{}, promcheck.Options{}), []string{file})
				if err != nil || len(report.Issues) != 0 || report.Rules != n {
					b.Fatalf("%v, %d rules, %v", err, report.Rules, report.Issues)
				}
			}
		})
	}
}

// many writes n rules in groups of 50, every fifth a recording rule.
func many(n int) string {
	var b strings.Builder
	b.WriteString("groups:\n")
	for i := range n {
		if i%50 == 0 {
			fmt.Fprintf(&b, "  - name: g%d\n    rules:\n", i/50)
		}
		if i%5 == 0 {
			fmt.Fprintf(&b, "      - record: job:app%d_requests:rate5m\n        expr: sum by (job) (rate(app%d_requests_total{code=~\"5..\"}[5m]))\n", i, i)
			continue
		}
		fmt.Fprintf(&b, `      - alert: App%[1]dErrorsHigh
        expr: |
          sum by (job, instance) (rate(app%[1]d_requests_total{code=~"5.."}[5m]))
            / sum by (job, instance) (rate(app%[1]d_requests_total[5m])) > 0.05
        for: 5m
        labels:
          severity: warning
        annotations:
          summary: '{{ $labels.job }} at {{ $labels.instance }} fails {{ $value | humanizePercentage }} of requests (%[1]d)'
          runbook_url: https://example.org/runbooks/App%[1]dErrorsHigh
`, i)
	}
	return b.String()
}
