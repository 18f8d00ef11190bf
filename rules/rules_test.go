package rules_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/alertmanager/config"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
)

func testContext() rules.Context {
	return rules.Context{Timing: metrics.DefaultTiming(), Envs: []string{"paper", "live"}}
}

// emitted is a rule as Prometheus reads it.
type emitted struct {
	Alert, Expr, For string
	Labels           map[string]string
	Annotations      map[string]string
}

func ruleFile(t *testing.T, g rules.Group) []emitted {
	t.Helper()
	data, err := testContext().RuleFile(g)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Groups []struct{ Rules []emitted } }
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return file.Groups[0].Rules
}

func TestUnitsFollowFromTheTiming(t *testing.T) {
	got := ruleFile(t, rules.Group{Name: "g", Alerts: []rules.Alert{{
		Name: "A", Expr: `time() - max_over_time(x{l="3runs"}[2scrapes]) > 3runs`, For: "1run",
		Summary: rules.Text{EN: `{{ query "last_over_time(x[2runs])" }}`},
	}}})[0]
	want := emitted{
		Alert: "A", Expr: `time() - max_over_time(x{l="3runs"}[30s]) > 30m`, For: "10m",
		Annotations: map[string]string{"summary": `{{ query "last_over_time(x[20m])" }}`},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestPerEnvMakesARuleForEachEnvironment(t *testing.T) {
	var exprs []string
	for _, r := range ruleFile(t, rules.Group{Name: "g", Alerts: []rules.Alert{{Name: "A", Expr: `absent(x{env="ENV"})`, PerEnv: true}}}) {
		exprs = append(exprs, r.Expr)
	}
	if d := cmp.Diff([]string{`absent(x{env="paper"})`, `absent(x{env="live"})`}, exprs); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestKoreanActionsOnlyWhenAllAreTranslated(t *testing.T) {
	alert := rules.Alert{Actions: []rules.Text{{EN: "one", KO: "하나"}, {EN: "two"}}}
	want := map[string]string{"actions": "one\ntwo"}
	if d := cmp.Diff(want, alert.Annotations(metrics.DefaultTiming(), rules.Links{})); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestValidateReportsEverything(t *testing.T) {
	groups := []rules.Group{
		{Name: "one", Alerts: []rules.Alert{{Name: "bad name", Priority: "P9"}, {Name: "Twice", Expr: "x", About: "a"}}},
		{Name: "two", Alerts: []rules.Alert{{Name: "Twice", Expr: "x", About: "a"}}},
	}
	err := rules.Validate(groups)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`alert "bad name": its name must be in CamelCase`,
		`alert "bad name": priority "P9" is none of [P0 P1 P2 P3]`,
		`alert "bad name": has no Expr`,
		`alert "bad name": DF001: has no Title`,
		`alert "bad name": DF001: has no Actions: say what to do`,
		`alert "bad name": DF003: no scenario makes it fire`,
		`alert "bad name": DF003: no scenario keeps it quiet`,
		`alert "Twice" is defined twice, in the groups "one" and "two"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q:\n%v", want, err)
		}
	}
}

func TestShippedDefinitionsAreValid(t *testing.T) {
	if err := rules.Validate([]rules.Group{rules.Preflight(), rules.Pipeline()}); err != nil {
		t.Error(err)
	}
}

func TestScenarioMustSayWhatATemplateBecomes(t *testing.T) {
	alert := rules.Alert{
		Name: "A", Expr: "x", Summary: rules.Text{EN: "{{ $labels.env }} at {{ $value }}"},
		Scenarios: []rules.Scenario{{Name: "s", Expect: []rules.Expect{{At: "1m", Firing: []rules.Instance{{
			Labels: map[string]string{"env": "paper"},
			Texts:  map[string]string{"sumary": "paper at 1"},
		}}}}}},
	}
	_, err := testContext().TestFile(rules.Group{Name: "g"}, alert, "r.yml")
	for _, want := range []string{
		`alert "A", scenario "s", at 1m: say in Texts what the template "summary" becomes for map[env:paper]`,
		`the alert has no "sumary", which Texts names`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q: %v", want, err)
		}
	}
}

func TestBadDurationsAreExplained(t *testing.T) {
	_, err := testContext().RuleFile(rules.Group{Name: "g", Alerts: []rules.Alert{{Name: "A", Expr: "x", For: "soon"}}})
	if err == nil || !strings.Contains(err.Error(), `write it as "30s", "5m" or "3runs"`) {
		t.Errorf("error %v", err)
	}
}

func TestAlertmanagerReadsTheRouting(t *testing.T) {
	data, err := rules.Routes().AlertmanagerFile(rules.Webhook{URL: "http://webhook:9917/", TokenFile: "/run/secrets/token"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(string(data))
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	byName := map[string]config.Receiver{}
	for _, r := range c.Receivers {
		byName[r.Name] = r
	}
	p0 := c.Route.Routes[3]
	if got := p0.Matchers[0].String(); got != `priority="P0"` {
		t.Errorf("fourth route matches %s", got)
	}
	hook := byName[p0.Receiver].WebhookConfigs[0]
	if got := string(hook.URL); got != "http://webhook:9917/api/v1/alerts?notify=loud" {
		t.Errorf("P0 goes to %s", got)
	}
	if got := hook.HTTPConfig.Authorization.CredentialsFile; got != "/run/secrets/token" {
		t.Errorf("bearer token from %q", got)
	}
	if !hook.SendResolved() || byName["watchdog"].WebhookConfigs[0].SendResolved() {
		t.Error("resolutions must be sent for alerts and not for the watchdog")
	}
	if got := p0.GroupWait.String(); got != "200ms" {
		t.Errorf("P0 waits %s", got)
	}
}

func TestUndefinedReceiverIsReported(t *testing.T) {
	routing := rules.Routes()
	routing.Routes[0].Receiver = "pager"
	if _, err := routing.AlertmanagerFile(rules.Webhook{}); err == nil || !strings.Contains(err.Error(), `receiver "pager", which is not defined`) {
		t.Errorf("error %v", err)
	}
}
