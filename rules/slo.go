package rules

// SLO is an objective. The generator derives its records, burn-rate alerts,
// scenarios, runbook and board. Alerts of several SLOs can share a name.
type SLO struct {
	Name        string            // the label slo
	Objective   float64           // 0.999
	Window      string            // "30d"
	Good, Total string            // selectors of counters: http_requests_total{code!~"5.."}
	Latency     Latency           // instead of Good and Total
	By          []string          // one budget for each value of these labels
	Labels      map[string]string // of its records and alerts
	Alert       Alert             // name, texts and severity of the fast burn; its Expr is derived
	Slow        string            // the severity of the slow burn; "": no such alert
}

// Latency counts answers below a bucket of a histogram as good.
type Latency struct {
	Histogram string // http_request_duration_seconds{route="/pay"}
	Below     string // "300ms"
}
