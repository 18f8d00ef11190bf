package rules_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/template"
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
	if err := rules.Validate([]rules.Group{rules.Preflight(), rules.Pipeline(), rules.Watchdog(), rules.Webhook()}); err != nil {
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
	_, err := testContext().AlertTest(rules.Group{Name: "g"}, alert, "r.yml")
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
	data, err := rules.Routes().AlertmanagerFile(rules.Integrations{WebhookURL: "http://webhook:9917/", WebhookTokenFile: "/run/secrets/token"})
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
	i := slices.IndexFunc(c.Route.Routes, func(r *config.Route) bool { return r.Matchers[0].String() == `priority="P0"` })
	if i < 0 {
		t.Fatalf("no route matches P0\n%s", data)
	}
	p0 := c.Route.Routes[i]
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

// With a fallback and a heartbeat Alertmanager has them beside the webhook, and
// neither the token nor the webhook's own credentials go astray.
func TestFallbackAndHeartbeat(t *testing.T) {
	data, err := rules.Routes().AlertmanagerFile(rules.Integrations{
		WebhookURL: "http://webhook:9917", WebhookTokenFile: "/token", HeartbeatURLFile: "/heartbeat",
		Fallback: rules.Fallback{BotTokenFile: "/bot", ChatID: -100, Topic: 7, APIURL: "http://bot-api:8081"},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(string(data))
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	first := c.Route.Routes[0]
	if first.Receiver != rules.ReceiverFallbackLoud || !first.Continue {
		t.Errorf("the first route goes to %s, and on: %v", first.Receiver, first.Continue)
	}
	for _, r := range c.Receivers {
		switch r.Name {
		case rules.ReceiverWatchdog:
			if len(r.WebhookConfigs) != 2 || r.WebhookConfigs[1].URLFile != "/heartbeat" || r.WebhookConfigs[1].HTTPConfig.Authorization != nil {
				t.Errorf("the watchdog goes to %+v", r.WebhookConfigs)
			}
		case rules.ReceiverFallbackLoud, rules.ReceiverFallbackBegin, rules.ReceiverFallbackSilent:
			tg := r.TelegramConfigs[0]
			if tg.BotTokenFile != "/bot" || tg.ChatID != -100 || tg.MessageThreadID != 7 || tg.APIUrl.Host != "bot-api:8081" ||
				tg.ParseMode != "" || tg.DisableNotifications != (r.Name == rules.ReceiverFallbackSilent) || tg.SendResolved() != (r.Name == rules.ReceiverFallbackLoud) {
				t.Errorf("%s: %+v", r.Name, tg)
			}
		default:
			if len(r.TelegramConfigs) != 0 {
				t.Errorf("%s tells past the webhook", r.Name)
			}
		}
	}
}

func TestFallbackMustBeComplete(t *testing.T) {
	for want, fallback := range map[string]rules.Fallback{
		"bot_token_file is missing": {ChatID: 7},
		"one of chat_id":            {BotTokenFile: "/bot"},
		"chat_id and chat_id_file":  {BotTokenFile: "/bot", ChatID: 7, ChatIDFile: "/chat"},
	} {
		if err := (rules.Integrations{Fallback: fallback}).Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", fallback, err, want)
		}
	}
}

// The fallback's message, as Alertmanager writes it.
func TestFallbackMessage(t *testing.T) {
	data, err := rules.Routes().AlertmanagerFile(rules.Integrations{WebhookURL: "http://webhook:9917", Fallback: rules.Fallback{BotTokenFile: "/bot", ChatID: 7}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(string(data))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(c.Receivers, func(r config.Receiver) bool { return r.Name == rules.ReceiverFallbackLoud })
	tmpl, err := template.New()
	if err != nil {
		t.Fatal(err)
	}
	ours := template.Alert{
		Status: "firing", Labels: template.KV{"alertname": "TargetDown", "priority": "P1"},
		Annotations: template.KV{"title": "Target down", "summary": "webhook <down> & out", "actions": "look\nrestart"},
	}
	foreign := template.Alert{Status: "firing", Labels: template.KV{"alertname": "Theirs", "pod": "x"}}
	long := template.Alert{Status: "firing", Annotations: template.KV{"title": strings.Repeat("😀", 5000), "summary": strings.Repeat("😀", 5000), "actions": strings.Repeat("😀\n", 5000)}}
	ended := ours
	ended.Status = "resolved"
	for _, tt := range []struct {
		alerts template.Alerts
		want   string
	}{
		{template.Alerts{ours}, "❗ The webhook is in doubt: Alertmanager tells this itself\n\nP1: Target down\nwebhook <down> & out\nRecommended Actions:\nlook\nrestart\n"},
		{template.Alerts{foreign}, "❗ The webhook is in doubt: Alertmanager tells this itself\n\nTheirs\nTheirs x\n"},
		{template.Alerts{ended}, "✅ Resolved: Alertmanager tells this itself\n\nP1: Target down\nwebhook <down> & out\n"},
		{template.Alerts{ours, ours, ours, ours, ours}, "and 3 more\n"},
		{template.Alerts{long, long, long, long}, "and 2 more\n"},
	} {
		text, err := tmpl.ExecuteTextString(c.Receivers[i].TelegramConfigs[0].Message, template.Data{Alerts: tt.alerts})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, tt.want) {
			t.Errorf("the message is\n%q\nwithout\n%q", text, tt.want)
		}
		if n := len(utf16.Encode([]rune(text))); n > 4096 {
			t.Errorf("a message of %d characters, above what Telegram takes", n)
		}
	}
}

func TestUndefinedReceiverIsReported(t *testing.T) {
	routing := rules.Routes()
	routing.Routes[0].Receiver = "pager"
	if _, err := routing.AlertmanagerFile(rules.Integrations{}); err == nil || !strings.Contains(err.Error(), `receiver "pager", which is not defined`) {
		t.Errorf("error %v", err)
	}
}
