package codegen_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/site"
)

// explanation is the part of explain's JSON output that the tests read.
type explanation struct {
	Site       string
	Alert      string
	Severity   string
	Urgent     bool
	Conditions []struct{ Severity, Expr, For string }
	Interval   string
	Labels     map[string]string
	Sent       []struct {
		Receiver, Labels, Suppressed string
		GroupBy                      []string `json:"group_by"`
		GroupWait                    string   `json:"group_wait"`
		GroupInterval                string   `json:"group_interval"`
		RepeatInterval               string   `json:"repeat_interval"`
		Mute                         []string
	}
	Dashboard string `json:"dashboard_url"`
	Runbook   string `json:"runbook_url"`
	Scenario  string
	Messages  []string
}

func explained(t *testing.T, sites []preflight.Site, name string) []explanation {
	t.Helper()
	code, stdout, stderr := command(t, sites, "explain", "--format=json", name)
	if code != 0 {
		t.Fatalf("exit %d, %s", code, stderr)
	}
	var out []explanation
	if err := json.Unmarshal([]byte(stdout), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestExplainForPrograms(t *testing.T) {
	t.Parallel()
	x := explained(t, []preflight.Site{site.Site()}, "PreflightCheckFailed")[0]
	if x.Site != "arbitrage" || x.Severity != "P0" || !x.Urgent || x.Interval != "5s" || len(x.Conditions) != 1 || x.Labels["source"] != "system" {
		t.Errorf("%+v", x)
	}
	if v, ok := x.Labels["target"]; !ok || v != "" {
		t.Errorf("labels %v", x.Labels)
	}
	if len(x.Sent) != 1 || x.Sent[0].Receiver != "telegram-loud" || x.Sent[0].GroupWait != "200ms" || x.Sent[0].RepeatInterval != "1h" ||
		!cmp.Equal(x.Sent[0].GroupBy, []string{"env", "priority"}) {
		t.Errorf("sent %+v", x.Sent)
	}
	contains(t, x.Dashboard, "http://localhost:3000/d/arbitrage-system-health", "viewPanel=8", "var-env=")
	contains(t, x.Runbook, "/PreflightCheckFailed.md")
	contains(t, strings.Join(x.Messages, "\n"), "Preflight failed (1/2 PASS, 1 FAIL)")
}

// explain shows the proved routes: muted times, and instances with other
// routes.
func TestExplainShowsRoutesOfInstances(t *testing.T) {
	t.Parallel()
	s := shipped()
	nights(&s)
	x := explained(t, []preflight.Site{s}, "PreflightSlow")[0]
	if len(x.Sent) != 1 || x.Sent[0].Suppressed != "in nights" || !cmp.Equal(x.Sent[0].Mute, []string{"nights"}) {
		t.Errorf("sent %+v", x.Sent)
	}
	code, stdout, _ := generate(t, s, "explain", "PreflightSlow")
	if code != 0 || !strings.Contains(stdout, "not sent in nights") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
	x = explained(t, []preflight.Site{s}, "TargetDown")[0]
	var direct []string
	for _, sent := range x.Sent {
		if strings.Contains(sent.Labels, `job="webhook"`) {
			direct = append(direct, sent.Receiver)
		}
	}
	if !cmp.Equal(direct, []string{"fallback-loud", "telegram-loud"}) {
		t.Errorf("with the webhook down it goes to %v", direct)
	}
}

// A label that depends on another label may determine the route.
func TestExplainOfDynamicTeam(t *testing.T) {
	t.Parallel()
	s := diskSite("P2")
	s.Routing.Promises = nil
	a := alert(&s, "DiskFull")
	a.Labels = map[string]string{"team": `{{ if eq $labels.instance "a" }}a-team{{ end }}`}
	s.Routing.Receivers = append(s.Routing.Receivers, routing.Receiver{Name: "a-team", Chats: []routing.Chat{{Telegram: "$CHAT"}}})
	s.Routing.Route.Routes = []routing.Route{{Match: `team="a-team"`, Receiver: "a-team"}}
	x := explained(t, []preflight.Site{s}, "DiskFull")[0]
	sent := map[string]string{}
	for _, n := range x.Sent {
		sent[n.Receiver] = n.Labels
	}
	if len(x.Sent) != 2 || sent["a-team"] != "" || !strings.Contains(sent["chat"], `instance!="a"`) { // most instances are as in the scenario
		t.Errorf("sent %+v", x.Sent)
	}
}

func TestExplainOfSeveral(t *testing.T) {
	t.Parallel()
	sites := []preflight.Site{named("north"), named("south")}
	alert(&sites[1], "DiskFull").Also = []rules.Condition{{Severity: "P0", Expr: "disk_used_ratio > 0.99", For: "1m"}}
	alert(&sites[1], "DiskFull").Scenarios = nil
	list := explained(t, sites, "DiskFull")
	if len(list) != 2 || list[0].Site != "north" || list[1].Site != "south" || len(list[1].Conditions) != 2 || list[1].Conditions[1].For != "1m" {
		t.Errorf("%+v", list)
	}
	code, stdout, _ := command(t, sites, "explain", "DiskFull")
	if code != 0 || !strings.Contains(stdout, "DiskFull of the site north\n") || !strings.Contains(stdout, "DiskFull of the site south\n") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
	code, _, stderr := command(t, sites, "explain", "DiskFul")
	if code != 2 || !strings.Contains(stderr, "did you mean") || !strings.Contains(stderr, "DiskFull") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}
