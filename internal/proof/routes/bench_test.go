package routes_test

import (
	"fmt"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/lint/definitions"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/internal/proof/routes"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// checked returns the checked definitions of a site.
func checked(tb testing.TB, in preflight.Site) *definitions.Checked {
	tb.Helper()
	s, findings := site.New(in)
	for _, f := range findings {
		tb.Fatal(f)
	}
	c, err := definitions.Check(&emit.Context{Site: s})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// company returns a site with a route for each alert's team, and an inhibition for
// each second team.
func company(alerts, inhibitions int) preflight.Site {
	p := preflight.Pack{Name: "company", Metrics: []metrics.Desc{{Name: "company_queue_length", Type: metrics.Gauge, Help: "Orders that wait.", Labels: metrics.Labels("queue")}}}
	g := rules.Group{Name: "company"}
	r := routing.Routing{
		Receivers: []routing.Receiver{{Name: "all", Chats: []routing.Chat{{Telegram: "$CHAT"}}}},
		Route:     routing.Route{Receiver: "all", GroupBy: []string{"alertname"}},
	}
	for i := range alerts {
		team := fmt.Sprintf("team-%d", i)
		severity := []string{"critical", "warning"}[i%2]
		g.Alerts = append(g.Alerts, rules.Alert{
			Name: fmt.Sprintf("Queue%d", i), Severity: severity, Expr: fmt.Sprintf("company_queue_length > %d", 100+i), Labels: map[string]string{"team": fmt.Sprintf("team-%d", i/2)},
		})
		r.Route.Routes = append(r.Route.Routes, routing.Route{
			Match: fmt.Sprintf(`team=%q, severity=~"critical|warning"`, team), Receiver: "all", GroupWait: "10s",
		})
		r.Promises = append(r.Promises, routing.Promise{Match: fmt.Sprintf(`team=%q`, team), Receiver: "all", Within: "6m"})
	}
	for i := range inhibitions {
		team := fmt.Sprintf(`team="team-%d"`, i)
		source, target := team+`, severity="critical"`, team+`, severity="warning"`
		r.Inhibit = append(r.Inhibit, routing.Inhibit{Source: source, Target: target, Equal: []string{"queue"}})
		r.Quiet = append(r.Quiet, routing.Quiet{While: source, Match: target, Equal: []string{"queue"}})
	}
	p.Groups = []rules.Group{g}
	return preflight.Site{Name: "company", Packs: []preflight.Pack{p}, Routing: r, Webhook: preflight.Webhook{URL: "http://webhook:9917"}}
}

// combined returns a site with an alert of six labels of ten values, all of them
// in matchers.
func combined() preflight.Site {
	s := company(1, 0)
	names := []string{"a", "b", "c", "d", "e", "f"}
	for l, name := range names {
		values := []string{}
		for v := range 10 {
			values = append(values, fmt.Sprintf("%s%d", name, v))
		}
		s.TargetLabels = append(s.TargetLabels, metrics.Label{Name: name, Values: values, Optional: true})
		for v := range 10 {
			match := fmt.Sprintf(`%s="%s%d", %s!="%s%d"`, name, name, v, names[(l+1)%6], names[(l+1)%6], 9-v)
			s.Routing.Route.Routes = append(s.Routing.Route.Routes, routing.Route{Match: match, Receiver: "all", GroupWait: fmt.Sprintf("%ds", 10+v)})
		}
	}
	return s
}

// BenchmarkProve proves the routes of a company with 1,000 alerts, 1,000 routes
// and 500 inhibitions, and of an alert with six labels of ten values.
func BenchmarkProve(b *testing.B) {
	for name, in := range map[string]preflight.Site{
		"company/alerts=100": company(100, 50), "company/alerts=1000": company(1000, 500), "combined": combined(),
	} {
		b.Run(name, func(b *testing.B) {
			c := checked(b, in)
			b.ReportAllocs()
			for b.Loop() {
				p, err := routes.Prove(c)
				if err != nil || p == nil {
					b.Fatal(p, err)
				}
			}
		})
	}
}

// BenchmarkMutate tries every mistake in the routing of a company.
func BenchmarkMutate(b *testing.B) {
	for _, alerts := range []int{100, 400, 1000} {
		b.Run(fmt.Sprintf("alerts=%d", alerts), func(b *testing.B) {
			p, err := routes.Prove(checked(b, company(alerts, alerts/2)))
			if err != nil || p == nil {
				b.Fatal(p, err)
			}
			b.ReportAllocs()
			for b.Loop() {
				outcomes, _, err := p.Mutate()
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(outcomes)), "mutants")
			}
		})
	}
}
