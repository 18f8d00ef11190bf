package pipelinetest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/pipelinetest"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// shop returns a site of two environments. Its pages go to another team's
// program, to Alertmanager's own Telegram and to the chat.
func shop() preflight.Site {
	return preflight.Site{
		Name: "shop",
		Packs: []preflight.Pack{{
			Name: "api",
			Metrics: []metrics.Desc{{
				Name: "shop_http_requests_total", Type: metrics.Counter, Help: "Requests by status code.", Labels: metrics.Labels("code"),
			}},
			Groups: []rules.Group{{Name: "api", Alerts: []rules.Alert{
				{
					Name: "ErrorsHigh", Severity: "page",
					Expr: `
						sum by (env) (rate(shop_http_requests_total{code="500"}[5m]))
						/ sum by (env) (rate(shop_http_requests_total[5m]))
						> 0.02`,
					Summary: "{{ $labels.env }}: {{ $value | humanizePercentage }} of requests fail",
					Scenarios: []rules.Scenario{{
						Name: "one request in twenty fails",
						Series: `
							shop_http_requests_total{env="ENV", job="api", instance="a:80", code="200"} 0+95x20
							shop_http_requests_total{env="ENV", job="api", instance="a:80", code="500"} 0x9 0+5x10`,
						Expect: []rules.Expect{rules.Quiet("9m"), rules.Fires("15m", `env="ENV"`).Says("summary", "ENV: 5% of requests fail")},
					}},
				},
				{
					Name: "ManyRequests", Severity: "ticket", Expr: `sum by (env) (shop_http_requests_total) > 5000`,
					Summary: "{{ $labels.env }}: more than {{ $threshold }} requests since the start",
					Waivers: []finding.Waiver{{Code: finding.RawCounter, Why: "the limit is for the time since the start"}},
				},
			}}},
		}},
		Envs:   []string{"prod", "staging"},
		Timing: metrics.Timing{Run: time.Minute, Scrape: 15 * time.Second, Evaluation: 15 * time.Second},
		Jobs: []preflight.Job{{Name: "api", ByEnv: map[string][]string{
			"prod": {"api-1:8080", "api-2:8080"}, "staging": {"api.staging:8080"},
		}}},
		Alertmanager: preflight.Alertmanager{Addresses: []string{"alertmanager:9093"}},
		Webhook:      preflight.Webhook{URL: "https://alerts.shop.example/preflight", Token: routing.Secret("token")},
		Routing: routing.Routing{
			Receivers: []routing.Receiver{
				{Name: "chat", Chats: []routing.Chat{{Telegram: "@shop_alerts"}}},
				{Name: "pager", Webhook: []routing.Webhook{{URL: routing.Secret("pager_url")}}},
				{Name: "direct", Telegram: []routing.Telegram{{BotToken: routing.Secret("bot_token"), ChatIDFile: routing.Secret("chat_id")}}},
			},
			Route: routing.Route{
				Receiver: "chat", GroupBy: []string{"alertname", "env"}, GroupWait: "10s", GroupInterval: "1m", RepeatInterval: "4h",
				Routes: []routing.Route{
					{Match: `severity="critical"`, Receiver: "pager", Continue: true},
					{Match: `severity="critical"`, Receiver: "direct", Continue: true},
					{Match: `severity="critical"`, Receiver: "chat"},
					{Match: `severity="warning"`, Receiver: "chat"},
				},
			},
		},
	}
}

// texts joins the messages.
func texts(list []pipelinetest.Message) string {
	var all []string
	for _, m := range list {
		all = append(all, m.Text)
	}
	return strings.Join(all, "\n---\n")
}

// Each receiver gets the alerts of its routes, and a site without a heartbeat
// gets no alert about a missing one.
func TestGrowAndDelivered(t *testing.T) {
	t.Parallel()
	pipelinetest.Run(t, pipelinetest.Config{Site: shop()}, func(p *pipelinetest.Pipeline) {
		for _, env := range []string{"prod", "staging"} {
			p.Grow(`shop_http_requests_total{env="`+env+`", code="200"}`, 1)
		}
		p.Wait(30 * time.Minute)
		p.Note("a bad release")
		p.Grow(`shop_http_requests_total{env="prod", code="500"}`, 0.05)
		p.Wait(10 * time.Minute)
		first := time.Now()
		p.Note("rolled back")
		p.Grow(`shop_http_requests_total{env="prod", code="500"}`, 0)
		p.Wait(15 * time.Minute)

		pager := p.Delivered("pager")
		if want := "firing: ErrorsHigh{env=\"prod\", severity=\"critical\"}\n---\nresolved: ErrorsHigh{env=\"prod\", severity=\"critical\"}"; texts(pager) != want {
			t.Errorf("the pager got\n%s\nwant\n%s", texts(pager), want)
		} else if !pager[0].At.Before(first) {
			t.Errorf("the pager was called at %s", pager[0].At)
		}
		direct := p.Delivered("direct")
		if len(direct) != 2 || !direct[0].Rings || !strings.Contains(direct[0].Text, "prod:") {
			t.Errorf("Alertmanager sent %+v", direct)
		}
		p.Golden("bad-release")
	})
}

// A growing series crosses its threshold at the right evaluation, even if
// nothing else has changed for a long time.
func TestGrowCrossesThresholdInTime(t *testing.T) {
	t.Parallel()
	pipelinetest.Run(t, pipelinetest.Config{Site: shop()}, func(p *pipelinetest.Pipeline) {
		p.Grow(`shop_http_requests_total{env="prod", instance="api-2:8080", code="200"}`, 1)
		p.Wait(2 * time.Hour)
		got := p.Delivered("chat")
		if len(got) != 1 || got[0].Rings || !strings.Contains(got[0].Text, "prod: more than 5000 requests") {
			t.Fatalf("the chat shows %+v", got)
		}
		due := time.Date(2026, 3, 2, 10, 0, 5000, 0, time.UTC)
		if late := got[0].At.Sub(due); late < 0 || late > 45*time.Second {
			t.Errorf("delivered %s after the counter crossed the threshold", late)
		}
	})
}

// A site without jobs and webhook can have stories. Each job in a story gets a
// target.
func TestSiteWithoutJobsAndWebhook(t *testing.T) {
	t.Parallel()
	s := shop()
	s.Jobs, s.Webhook = nil, preflight.Webhook{}
	s.TargetLabels = []metrics.Label{{Name: "env"}}
	s.Routing.Receivers = s.Routing.Receivers[1:2]
	s.Routing.Route.Receiver, s.Routing.Route.Routes = "pager", nil
	pipelinetest.Run(t, pipelinetest.Config{Site: s}, func(p *pipelinetest.Pipeline) {
		p.Set(`shop_http_requests_total{job="api", env="prod", code="200"}`, 6000)
		p.Wait(10 * time.Minute)
		if got := texts(p.Delivered("pager")); got != `firing: ManyRequests{env="prod", severity="warning"}` {
			t.Errorf("the pager got %s", got)
		}
	})
}

// Findings of the generator fail the test before the story starts.
func TestSiteWithFindings(t *testing.T) {
	t.Parallel()
	s := shop()
	s.Packs[0].Groups[0].Alerts[1].Severity = "P7"
	err := pipelinetest.Prepare(t, pipelinetest.Config{Site: s})
	if err == nil || !strings.Contains(err.Error(), `the severity "P7"`) {
		t.Errorf("error %v", err)
	}
}
