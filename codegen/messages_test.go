package codegen_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/routing"
)

// slackWith changes the only receiver to one of Slack.
func slackWith(yaml string) change {
	return receives(routing.Receiver{Slack: []routing.Slack{{Channel: "#mq", APIURL: routing.Secret("slack"), YAML: yaml}}})
}

func templates(files map[string]string) change {
	return func(s *preflight.Site) {
		held := fstest.MapFS{}
		for name, text := range files {
			held[name] = &fstest.MapFile{Data: []byte(text)}
		}
		s.Routing.Templates = held
	}
}

// The templates of Alertmanager's integrations are expanded for the instances
// that reach them.
func TestMessagesOfIntegrations(t *testing.T) {
	t.Parallel()
	titles := templates(map[string]string{"a/team.tmpl": `{{ define "team.title" }}{{ .CommonLabels.queue | toUpper }}{{ end }}`})
	old := func(template string) change {
		return func(s *preflight.Site) {
			s.Routing.YAML = "templates: [/etc/old/*.tmpl]\nreceivers:\n- name: old\n  discord_configs: [{webhook_url_file: /a, title: '" + template + "'}]\n"
			s.Routing.Route.Routes = []routing.Route{{Match: `sev="amber"`, Receiver: "old"}}
		}
	}
	plantEach(t, queueSite, map[string]planted{
		"a title":                  {slackWith(`title: '{{ .CommonLabels.queue }} {{ len .Alerts.Firing }}'`), ""},
		"a default template":       {slackWith(`title: '{{ template "slack.default.title" . }}'`), ""},
		"no end":                   {slackWith("title: '{{ .Status'"), `receiver "mq", slack_configs[0].title: AM006: line 1: `},
		"a misspelt function":      {slackWith("title: '{{ .Status | toUper }}'"), `AM006: line 1: function "toUper" not defined` + "\n    did you mean \"toUpper\"?"},
		"no such field":            {slackWith("title: '{{ .Labels.queue }}'"), `receiver "mq", slack_configs[0].title: AM006: with {alertname=BrokerDown, env=value`},
		"one alert too many":       {slackWith("title: '{{ (index .Alerts 7).Status }}'"), "AM006: with "},
		"a field of a field":       {slackWith("fields: [{title: a, value: '{{ .Nope }}'}]"), "receiver \"mq\", slack_configs[0].fields[0].value: AM006: "},
		"a value that is missing":  {slackWith("title: '{{ (dict).a }}'"), `}: a value is missing: <no value>`},
		"an undefined template":    {slackWith(`title: '{{ template "team.title" . }}'`), `template "team.title" not defined: define it in a file of Routing.Templates`},
		"a defined template":       {all(titles, slackWith(`title: '{{ template "team.title" . }}'`)), ""},
		"a bad file":               {templates(map[string]string{"a.tmpl": `{{ define "a" }}{{ end`}), "routing, Templates, a.tmpl: AM006: line 1: "},
		"a file of another name":   {templates(map[string]string{"a.tmpl": `{{ define "a" }}{{ end }}`, "b.txt": "x"}), "routing, Templates, b.txt: DF019: Alertmanager does not load it"},
		"two files of a name":      {templates(map[string]string{"a/a.tmpl": `{{ define "a" }}{{ end }}`, "b/a.tmpl": `{{ define "b" }}{{ end }}`}), "routing, Templates, b/a.tmpl: DF019: another folder has a file of the name a.tmpl"},
		"a file without templates": {templates(map[string]string{"a.tmpl": "hello"}), "DF019: it defines no template"},
		"no files":                 {templates(nil), "routing, Templates: DF019: it has no file that ends in .tmpl"},
		"an escaped text":          {receives(routing.Receiver{Telegram: []routing.Telegram{{BotToken: routing.Secret("t"), ChatID: 1, YAML: "parse_mode: HTML\nmessage: '<b>{{ .Nope }}</b>'"}}}), `telegram_configs[0].message: AM006: with `},
		"details":                  {receives(routing.Receiver{PagerDuty: []routing.PagerDuty{{RoutingKey: routing.Secret("t"), YAML: "details: {queue: '{{ .Nope }}'}"}}}), `pagerduty_configs[0].details.queue: AM006: with `},
		"an old receiver":          {old("{{ .CommonLabels.queue }}"), ""},
		"an old receiver's fault":  {old("{{ .Nope }}"), `receiver "old", discord_configs[0].title: AM006: line 4, column 51 of Routing.YAML: with `},
		"a template of old files":  {old(`{{ template "old.title" . }}`), ""},
	})
}

// A template in a file that is not embedded is a note.
func TestTemplatesOfOtherFilesAreNoted(t *testing.T) {
	t.Parallel()
	s := queueSite()
	slackWith(`title: '{{ template "old.title" . }}'`)(&s)
	s.Routing.YAML = "templates: [/etc/old/*.tmpl]"
	code, _, stderr := generate(t, s, "--out="+t.TempDir())
	if code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	contains(t, stderr, `preflight-gen: note: receiver "mq", slack_configs[0].title: it uses a template of a file that is not embedded, so it is not proved: give the file in Routing.Templates`)
}

// Embedded templates are generated.
func TestTemplatesAreGenerated(t *testing.T) {
	t.Parallel()
	s := queueSite()
	templates(map[string]string{"deep/team.tmpl": `{{ define "team.title" }}{{ end }}`})(&s)
	list := files(t, s)
	if got := list["alertmanager/templates/team.tmpl"]; got != `{{ define "team.title" }}{{ end }}` {
		t.Errorf("the file has %q", got)
	}
	if !strings.Contains(list["alertmanager/alertmanager.yml"], "- templates/*.tmpl") {
		t.Error("it is not loaded")
	}
}

// Names of receivers and time intervals are defined, wherever they are used.
func TestNamesInNestedRoutes(t *testing.T) {
	t.Parallel()
	deep := func(r routing.Route) change {
		return func(s *preflight.Site) {
			s.Routing.TimeIntervals = []routing.TimeInterval{{Name: "nights", Times: []string{"00:00-06:00"}}}
			s.Routing.Route.Routes = []routing.Route{{Match: `sev="amber"`, Mute: []string{"nights"}, Routes: []routing.Route{r}}}
		}
	}
	given := func(yaml string) change {
		return func(s *preflight.Site) { s.Routing.YAML, s.Routing.Route = yaml, routing.Route{} }
	}
	plantEach(t, queueSite, map[string]planted{
		"a receiver below":         {deep(routing.Route{Match: `queue="a"`, Receiver: "mqq"}), `routing, {queue="a"}: AM003: the receiver "mqq" is not defined` + "\n    did you mean \"mq\"?"},
		"a time below":             {deep(routing.Route{Match: `queue="a"`, Mute: []string{"night"}}), `routing, {queue="a"}: AM003: the time interval "night" is not defined` + "\n    did you mean \"nights\"?"},
		"an active time below":     {deep(routing.Route{Match: `queue="a"`, Active: []string{"night"}}), `the time interval "night" is not defined`},
		"a label twice below":      {deep(routing.Route{Match: `queue="a"`, GroupBy: []string{"a", "a"}}), `routing, {queue="a"}: DF019: GroupBy: the label "a" is there twice`},
		"a wait of Raw":            {deep(routing.Raw("matchers: [queue=a]\ngroup_interval: 0s")), `routing, Raw {queue=a}: DF019: line 1, column 1: Alertmanager refuses it: group_interval cannot be zero`},
		"a receiver of Raw":        {deep(routing.Raw("matchers: [queue=a]\nroutes:\n- receiver: mqq")), `routing, Raw {queue=a}: AM003: line 3, column 13: the receiver "mqq" is not defined`},
		"a time of Raw":            {deep(routing.Raw("matchers: [queue=a]\nmute_time_intervals: [night]")), `routing, Raw {queue=a}: AM003: line 2, column 23: the time interval "night" is not defined`},
		"a receiver of YAML":       {given("route:\n  receiver: mqq\n  routes: [{receiver: mq}]\n"), `routing, YAML: AM003: line 2, column 13: the receiver "mqq" is not defined`},
		"no receiver of YAML":      {all(given("receivers: [{name: a}]\n"), func(s *preflight.Site) { s.Routing.Receivers = nil }), "routing, the default route: AM003: it has no Receiver"},
		"an inline secret of YAML": {given("route: {receiver: mq}\nglobal: {slack_api_url: 'https://hooks.example/hunter2'}\n"), "routing, YAML: AM013: line 2, column 10: global.slack_api_url contains a secret"},
		"a receiver of both":       {given("route: {receiver: mq}\nreceivers: [{name: mq}]\n"), `receiver "mq": DF007: Routing.YAML has a receiver of the name too`},
		"a whole file":             {given("route: {receiver: mq}\n"), ""},
	})
}
