package rules

// SLO is a service level objective. The generator derives its records,
// burn-rate alerts, scenarios, runbook and dashboard. Alerts of several SLOs
// may share a name.
type SLO struct {
	Name        string            // value of the label slo
	Objective   float64           // 0.999
	Window      string            // "30d"
	Good, Total string            // selectors of counters: http_requests_total{code!~"5.."}
	Latency     Latency           // replaces Good and Total
	By          []string          // one budget per value of these labels
	Labels      map[string]string // labels of its records and alerts
	Alert       Alert             // name, texts and severity of the fast-burn alert; its Expr is derived
	Slow        string            // severity of the slow-burn alert; "" for no alert
}

// Latency counts requests below a bucket of a histogram as good.
type Latency struct {
	Histogram string // http_request_duration_seconds{route="/pay"}
	Below     string // "300ms"
}
