// Package manyrules writes large rule files for benchmarks.
package manyrules

import (
	"fmt"
	"strings"
)

// Write returns a rule file of n rules without mistakes, in groups of 50. Every
// fifth rule is a recording rule.
func Write(n int) string {
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
