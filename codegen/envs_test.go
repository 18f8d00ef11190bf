package codegen_test

import (
	"testing"
	"testing/fstest"

	"github.com/alertnative/preflight/rules"
)

func nothingPublished() rules.Alert {
	return rules.Alert{
		Name: "NothingPublished", Severity: "amber", PerEnv: true, Expr: `absent(queue_depth{env="ENV"})`, For: "10m",
		Title: "Nothing in ENV", Summary: "ENV: no queue", Actions: []string{"open the console of ENV"}, About: "No series in ENV.",
		Labels: map[string]string{"space": "space-ENV"}, Annotations: map[string]string{"console": "https://console/ENV"},
		Scenarios: []rules.Scenario{{
			Name: "never there", Series: `queue_depth{env="OTHER"} 1x20`,
			Expect: []rules.Expect{rules.Quiet("9m"), rules.Fires("10m", `env="ENV"`).Says("summary", "ENV: no queue")},
		}},
	}
}

// ENV is the name of the environment in all texts of an environment's rule.
func TestTextsContainEnvironment(t *testing.T) {
	t.Parallel()
	s := mq(broker(nothingPublished()))
	s.Packs[0].Groups[0].Alerts[1].Translations = map[string]rules.Translation{"ko": {Title: "ENV 없음", Summary: "ENV 없음", Actions: []string{"ENV 콘솔"}}}
	s.RunbookURL = "https://wiki.example/ENV"
	made := files(t, s)
	text := made["prometheus/rules/queue.yml"]
	for _, env := range s.Envs {
		contains(t, text, "title: Nothing in "+env, "summary: '"+env+": no queue'", "actions: open the console of "+env, "space: space-"+env,
			"console: https://console/"+env, "title_ko: "+env+" 없음", "actions_ko: "+env+" 콘솔")
	}
	contains(t, text, "runbook_url: https://wiki.example/ENV/NothingPublished.md") // the site's address is not a text of the alert
	contains(t, made["runbooks/NothingPublished.md"], "No series in {env}.", "The message says: *{env}: no queue*", "open the console of {env}")
	lacks(t, made["runbooks/NothingPublished.md"], "ENV")
	contains(t, made["alertmanager/routes.md"], "NothingPublished")
}

// explain names the environment of a condition.
func TestExplainShowsEnvironment(t *testing.T) {
	t.Parallel()
	s := mq(broker(nothingPublished()))
	_, out, _ := generate(t, s, "explain", "NothingPublished")
	contains(t, out, `fires when, in each environment (dev, prod), here in dev`, `absent(queue_depth{env="dev"})`)
	_, out, _ = generate(t, s, "explain", "NothingPublished", "--format=json")
	contains(t, out, `"envs": [`, `"env": "dev"`)
	_, out, _ = generate(t, s, "explain", "BrokerDown")
	lacks(t, out, "in each environment")
}

// Rule files and records have no ENV.
func TestEnvWithoutReplacement(t *testing.T) {
	t.Parallel()
	s := mq(broker())
	s.Packs[0].RuleFiles = fstest.MapFS{"a.yml": {Data: []byte(
		`groups: [{name: a, rules: [{record: "queue:depth:max", expr: 'max(queue_depth{env="ENV"})'}, {alert: Long, expr: 'queue_depth{env="ENV"} > 5', labels: {severity: info}}]}]`)}}
	found := findings(t, s)
	contains(t, found, `record "queue:depth:max", expr: DF023: nothing replaces ENV in a recording rule`, `alert "Long", expr: DF023: nothing replaces ENV: set PerEnv`)
	// Longer words with ENV are not replaced.
	a := queueLong()
	a.Expr, a.Summary = `queue_depth{queue="ENV_A"} > 5`, "see the ENV of the process"
	if found := findings(t, mq(broker(a))); found != "" {
		t.Error(found)
	}
}
