package state_test

import (
	"fmt"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/state"
)

// A first notification starts an instance, and a later one resolves it.
func ExampleDecide() {
	start := time.Date(2026, 3, 3, 22, 30, 0, 0, time.UTC)
	firing := template.Alert{Status: "firing", StartsAt: start, Fingerprint: "a"}
	n := state.Arrival{ID: 1, At: start.Add(time.Second), Notify: state.Loud}
	first := state.Decide(nil, firing, n, state.Sources{}, 0)
	fmt.Println("starts:", first.Verdict == state.Starts, "fires:", first.Create.Firing())

	resolved := firing
	resolved.Status, resolved.EndsAt = "resolved", start.Add(time.Hour)
	n = state.Arrival{ID: 2, At: resolved.EndsAt, Notify: state.Loud}
	second := state.Decide(first.Create, resolved, n, state.Sources{}, 0)
	fmt.Println("resolves:", second.Verdict == state.Resolves, "fires:", second.Update.Firing())
	// Output:
	// starts: true fires: true
	// resolves: true fires: false
}

// Prometheus sets both times. An alert that ends one evaluation later has ended,
// and one that ends four resend delays later has only expired.
func ExampleProofOf() {
	evaluated := time.Date(2026, 3, 3, 22, 30, 0, 0, time.UTC)
	for _, after := range []time.Duration{5 * time.Second, 4 * time.Minute} {
		a := template.Alert{Status: "resolved", EndsAt: evaluated.Add(after), Annotations: template.KV{
			api.EvaluatedAt: evaluated.Format(time.RFC3339), api.ResolveWithin: "20s",
		}}
		proof := state.ProofOf(a)
		fmt.Println("proved:", proof == state.Proved, "expired:", proof == state.Expired)
	}
	// Output:
	// proved: true expired: false
	// proved: false expired: true
}

func ExampleParsePayload() {
	p, err := state.ParsePayload([]byte(`{"version": "4", "groupKey": "{}:{}", "status": "firing",
		"alerts": [{"status": "firing", "labels": {"alertname": "LatencyHigh"}}]}`))
	fmt.Println(p.Alerts[0].Fingerprint, err)
	p, err = state.ParsePayload([]byte(`{"truncatedAlerts": "3", "alerts": [{"annotations": {"value": 5}}]}`))
	fmt.Println(p.TruncatedAlerts, p.Alerts[0].Annotations["value"], p.Repaired, err)
	_, err = state.ParsePayload([]byte(`{"version": "3"}`))
	fmt.Println(err)
	// Output:
	// 5309d6b657c1d71c <nil>
	// 3 5 true <nil>
	// not an Alertmanager payload: it has no "alerts"
}

func ExampleGlean() {
	fmt.Println(state.Glean([]byte(`{"receiver": "tg", "alerts": [{"labels": {"alertname": "LatencyHigh", "env"`)))
	// Output: tg [LatencyHigh]
}
