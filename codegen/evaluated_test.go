package codegen_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// unhooked replaces the webhook by another one.
func unhooked(s *preflight.Site) {
	s.Webhook = preflight.Webhook{}
	for i := range s.Routing.Receivers {
		if r := &s.Routing.Receivers[i]; len(r.Chats) > 0 {
			r.Chats, r.Webhook = nil, []routing.Webhook{{URL: routing.Secret("hook")}}
		}
	}
}

// held is an alert that keep_firing_for holds.
func held(a *rules.Alert) {
	a.Expr, a.For, a.KeepFiringFor = "queue_depth > 9", "2m", "10m"
	a.Scenarios = []rules.Scenario{{
		Name: "is held", Series: `queue_depth{job="queue", instance="a", queue="x"} 20x5 0x20`,
		Expect: []rules.Expect{
			rules.Fires("3m", `job="queue", instance="a", queue="x"`), rules.Fires("5m", `job="queue", instance="a", queue="x"`),
			rules.Fires("9m", `job="queue", instance="a", queue="x"`), rules.Quiet("17m"),
		},
	}}
}

// Each alert carries the time of the last evaluation that found it, and how
// long after that it may end.
func TestAlertsCarryTheirEvaluation(t *testing.T) {
	t.Parallel()
	s := queueSite()
	in("QueueLong", held)(&s)
	groupInterval("45s")(&s)
	ruleFile("{alert: X, expr: queue_up == 0, labels: {sev: grey}}")(&s)
	dir := t.TempDir()
	mustGenerate(t, s, "--out="+dir)
	made := tree(t, dir)
	contains(t, made["prometheus/rules/queue.yml"], `evaluated_at: '{{ (now | toTime).Format "2006-01-02T15:04:05.000Z" }}'`, "resolve_within: 11m\n", "resolve_after: 10m\n")
	lacks(t, made["prometheus/rules/a.yml"], "evaluated_at") // other people's rules stay as they are
	test := filepath.Join(dir, "prometheus/tests/QueueLong.yml")
	accepted(t, "promtool", "test", "rules", test)
	first, _, _ := strings.Cut(made["prometheus/tests/QueueLong.yml"], "generated:")
	moments := regexp.MustCompile(`evaluated_at: "1970-01-01T00:(.*)Z"`).FindAllStringSubmatch(first, -1)
	var got []string
	for _, m := range moments {
		got = append(got, m[1])
	}
	// In the last moment keep_firing_for holds the alert.
	if want := "03:00.000 05:00.000 05:00.000"; strings.Join(got, " ") != want {
		t.Errorf("evaluated at %q, want %q in\n%s", got, want, first)
	}
}

func groupInterval(text string) change {
	return func(s *preflight.Site) { s.Packs[0].Groups[0].Interval = text }
}

// Without a webhook no program reads the annotations.
func TestNoEvaluationWithoutAWebhook(t *testing.T) {
	t.Parallel()
	s := queueSite()
	unhooked(&s)
	lacks(t, file(t, s, "prometheus/rules/queue.yml"), "evaluated_at", "resolve_within", "resolve_after")
}

// The webhook learns which Alertmanagers send a notification.
func TestReceiversNameTheCluster(t *testing.T) {
	t.Parallel()
	s := shipped()
	contains(t, file(t, s, "alertmanager/alertmanager.yml"), "/api/v1/receivers/telegram-loud?cluster=arbitrage\n")
	s.Alertmanager.Cluster = "seoul & 1"
	contains(t, file(t, s, "alertmanager/alertmanager.yml"), "/api/v1/receivers/telegram-loud?cluster=seoul+%26+1\n")
}
