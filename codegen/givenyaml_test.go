package codegen_test

import (
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/routing"
)

// othersFile is an alertmanager.yml with a receiver, whose routing the literals
// complete.
const othersFile = `route:
  receiver: mq
  group_by: [alertname]
  routes:
    - matchers: [sev="amber", env="dev"]
      receiver: logger
      repeat_interval: 8h
receivers:
  - name: logger
    webhook_configs:
      - url: http://alert-logger.monitoring.svc:8080/alerts
        send_resolved: true
`

// ofOthers gives the site the alertmanager.yml, with words replaced.
func ofOthers(replace ...string) change {
	return func(s *preflight.Site) {
		s.Routing.YAML = strings.NewReplacer(replace...).Replace(othersFile)
		s.Routing.Route = routing.Route{}
	}
}

// A mistake in the file of others is the only finding, with its place in the
// file: names that the rest of the file may define are not looked for.
func TestMistakeInAFileStandsAlone(t *testing.T) {
	t.Parallel()
	const at = "routing, YAML: DF019: "
	plantEach(t, queueSite, map[string]planted{
		"no mistake":            {ofOthers(), ""},
		"a mark at the start":   {ofOthers("route:", "\ufeffroute:"), ""},
		"anchors":               {ofOthers("[alertname]", "&g [alertname]", "repeat_interval: 8h", "group_by: *g\n      repeat_interval: 8h"), ""},
		"a merge in a route":    {ofOthers("- matchers", "- <<: {repeat_interval: 8h}\n      matchers", "      repeat_interval: 8h\n", ""), ""},
		"a tab":                 {ofOthers("  group_by", "\tgroup_by"), at + "line 3, column 1: a tab indents the line: indent with spaces"},
		"an indentation":        {ofOthers("      receiver: logger", "     receiver: logger"), at + "line 6, column 6: it is not YAML: "},
		"a key too far right":   {ofOthers("  group_by", "   group_by"), at + "line 3, column 12: it is not YAML: mapping values are not allowed"},
		"an open bracket":       {ofOthers("[alertname]", "[alertname"), at + "line 3, column 13: it is not YAML: did not find expected ',' or ']'"},
		"an open quote":         {ofOthers("receiver: logger\n", "receiver: \"logger\n"), at + "line 6, column 17: it is not YAML: found unexpected end of stream"},
		"an open brace":         {ofOthers("- name: logger", "- {name: logger"), at + "line 9, column 5: it is not YAML: "},
		"a word for a key":      {ofOthers("receiver: logger", "receiver logger"), at + "line 6, column 7: it is not YAML: could not find expected ':'"},
		"a character":           {ofOthers("logger", "log\x01ger"), at + "line 6, column 20: it is not YAML: control characters are not allowed"},
		"another encoding":      {ofOthers("logger", "log\xffger"), at + "line 6, column 20: it is not YAML: "},
		"an unknown anchor":     {ofOthers("[alertname]", "*labels"), at + "line 3, column 13: it is not YAML: unknown anchor 'labels' referenced: define it before with &"},
		"an unknown key":        {ofOthers("repeat_interval", "repeat_intervall"), at + "line 7, column 7: Alertmanager does not know the key \"repeat_intervall\" in route.routes\n    did you mean \"repeat_interval\"?"},
		"an unknown list":       {ofOthers("receivers:", "recievers:"), at + "line 8, column 1: Alertmanager does not know the key \"recievers\"\n    did you mean \"receivers\"?"},
		"a key twice":           {ofOthers("  group_by", "  receiver: mq\n  group_by"), at + "line 3, column 3: the key route.receiver is there twice"},
		"a list twice":          {ofOthers("receivers:", "route: {}\nreceivers:"), at + "line 8, column 1: the key route is there twice"},
		"two documents":         {ofOthers("receivers:", "---\nreceivers:"), at + "line 9, column 1: it has more than one document"},
		"a list":                {func(s *preflight.Site) { ofOthers()(s); s.Routing.YAML = "- a\n" }, at + "line 1, column 1: it is a list, and not a set of keys"},
		"a word":                {func(s *preflight.Site) { ofOthers()(s); s.Routing.YAML = "alertmanager.yml" }, at + "line 1, column 1: it is a text, and not a set of keys"},
		"a merge of no mapping": {ofOthers("- matchers", "- <<: 5\n      matchers"), at + "line 5, column 7: the merge key (<<) takes a set of keys"},
		"a merge in the root":   {ofOthers("  receiver: mq\n", "  <<: {receiver: mq}\n"), at + "line 2, column 3: a merge key (<<) is at the top or in route"},
		"a matcher":             {ofOthers(`sev="amber", env`, `sev="amber, env`), at + `line 5, column 18: route.routes[0].matchers[0]: Alertmanager refuses it: `},
		"a matcher's pattern":   {ofOthers(`env="dev"`, `env=~"(dev"`), at + `line 5, column 31: route.routes[0].matchers[1]: Alertmanager refuses it: `},
		"a matcher, no list":    {ofOthers(`[sev="amber", env="dev"]`, `sev="amber"`), at + "line 5, column 17: route.routes[0].matchers: it is a text, and must be a list: write it in brackets"},
		"a duration":            {ofOthers("8h", "8 hours"), at + `line 7, column 24: route.routes[0].repeat_interval: Alertmanager refuses it: unknown unit " hours"`},
		"an answer":             {ofOthers("true", "maybe"), at + "line 12, column 24: receivers[0].webhook_configs[0].send_resolved: it is a text, and must be true or false"},
		"no URL":                {ofOthers("url: http", "# url: http"), at + "line 12, column 9: receivers[0].webhook_configs[0]: Alertmanager refuses it: "},
		"a route of one key":    {ofOthers("    - matchers: [sev=\"amber\", env=\"dev\"]\n      receiver", "    receiver", "      repeat", "    repeat"), at + "line 5, column 5: route.routes: it is a set of keys, and must be a list: start each item with - "},
		"a receiver twice":      {ofOthers("receivers:", "receivers:\n  - name: logger"), `routing, YAML: DF007: line 10, column 5: receivers has the name "logger" twice, first in line 9`},
		"an undefined receiver": {ofOthers("receiver: logger", "receiver: loger"), "routing, YAML: AM003: line 6, column 17: the receiver \"loger\" is not defined\n    did you mean \"logger\"?"},
		"no root":               {func(s *preflight.Site) { s.Routing.YAML, s.Routing.Route = "# nothing yet\n", routing.Route{} }, "the default route: AM003: it has no Receiver: name the receiver of alerts that no route takes, or give Routing.YAML the key route"},
	})
}

// An error of a template has the place of its text in the file.
func TestTemplatesInAFile(t *testing.T) {
	t.Parallel()
	slack := func(text string) change {
		return ofOthers("    webhook_configs:\n      - url: http://alert-logger.monitoring.svc:8080/alerts\n", "    slack_configs:\n      - api_url_file: /run/slack\n        channel: '#a'\n        title: '"+text+"'\n",
			`sev="amber", env="dev"`, `sev="amber"`)
	}
	const at = `receiver "logger", slack_configs[0].title: AM006: line 13, column 16 of Routing.YAML: `
	plantEach(t, queueSite, map[string]planted{
		"a template":          {slack(`{{ .CommonLabels.alertname }}`), ""},
		"an unknown function": {slack(`{{ .Status | toUper }}`), at + `in its text, line 1: function "toUper" not defined`},
		"an open action":      {slack(`{{ .Status `), at + `in its text, line 1: `},
		"an unknown template": {slack(`{{ template "a" . }}`), at + `in its text, `},
		"an unknown field":    {slack(`{{ .Statuss }}`), at},
	})
}

// A URL with a part that can be a token is a secret. One that leads to a host of
// the own network by plain words is none.
func TestURLsInAFile(t *testing.T) {
	t.Parallel()
	const plain = "http://alert-logger.monitoring.svc:8080/alerts"
	list := map[string]planted{}
	for _, url := range []string{
		"http://alert-logger:9095/", "https://alert-logger.monitoring.svc.cluster.local/api/v1/alerts", "http://10.1.2.3:8080/hooks/on-call", "http://[fd00::1]:80/alerts",
		"http://localhost:8080/alert_manager/v2", "http://preflight.monitoring:9917/api/v1/receivers/seoul", "https://alerts.acme.example", "https://alerts.acme.example/",
		"http://logger.lan/{{ .GroupLabels.team }}", "http://team-42-logger/alerts2/k8s",
	} {
		list[url] = planted{ofOthers(plain, "'"+url+"'"), ""}
	}
	for url, part := range map[string]string{
		"https://hooks.slack.com/services/T0/B0/hunter2": "path", "https://acme.webhook.office.com/webhookb2/a@b/IncomingWebhook/c": "path",
		"https://discord.com/api/webhooks/1/x": "path", "https://acme.example/hunter2": "path", "http://alert-logger/alerts?token=hunter2": "query", "http://alert-logger/?": "query",
		"http://alert-logger/alerts#hunter2": "fragment", "http://u:hunter2@alert-logger/alerts": "user name or password", "http://alert-logger/T024BE7LD/alerts": "path",
		"http://alert-logger/XXXXXXXXXXXXXXXXXXXXXXXX": "path", "http://n8n.automation.svc/webhook/3f1c9a52-77b1-4a0e-9d4e-2b1f0c8d7e6f": "path",
		"http://mattermost.chat.svc:8065/hooks/xr3j5x3p4pfymx6iq1zp3xn3yw": "path", "http://203.0.113.7/alerts": "path",
	} {
		list[url] = planted{ofOthers(plain, "'"+url+"'"), "routing, YAML: AM013: line 11, column 9: receivers.webhook_configs.url contains a secret (the " + part +
			" of the URL may be one), and generated files must hold none: put it in a file, and write its path in url_file"}
	}
	slack := func(url string) change { return ofOthers("route:\n", "global: {slack_api_url: '"+url+"'}\nroute:\n") }
	list["Slack's own API"] = planted{slack("https://slack.com/api/chat.postMessage"), ""}
	list["Slack's webhook"] = planted{slack("https://hooks.slack.com/services/a/b/c"), "global.slack_api_url contains a secret (the path of the URL may be one)"}
	plantEach(t, queueSite, list)
}

// A subtree given as YAML is one that a reader expects, or a finding.
func TestRawSubtrees(t *testing.T) {
	t.Parallel()
	amber := routing.Route{Match: `sev="amber"`, GroupWait: "1m"}
	raw := func(yaml string, more ...routing.Route) change {
		return routed(append([]routing.Route{routing.Raw(yaml)}, more...)...)
	}
	plantEach(t, queueSite, map[string]planted{
		"nothing":                 {raw("", amber), `routing, Raw "": DF019: its YAML has no keys, and would take every alert`},
		"spaces":                  {raw("  \n", amber), `routing, Raw "": DF019: its YAML has no keys`},
		"comments only":           {raw("# later\n", amber), `routing, Raw "# later": DF019: its YAML has no keys`},
		"an empty set":            {raw("{}", amber), `routing, Raw "{}": DF019: its YAML has no keys`},
		"no matchers":             {raw("group_wait: 10s", amber), `routing, {sev="amber"}: AM002: no alert gets here: the route before has no matchers, so it takes every alert: give it matchers, or put it last`},
		"no matchers, at the end": {routed(amber, routing.Raw("group_wait: 10s")), ""},
		"no matchers, continued":  {raw("{group_wait: 10s, receiver: mq2, continue: true}", amber), `the receiver "mq2" is not defined`},
		"a list of routes":        {raw("matchers: [sev=\"amber\"]\nroutes:\n- matchers: [env=\"prod\"]\n  group_wait: 10s\n"), ""},
		"a single route":          {raw("matchers: [sev=\"amber\"]\nroutes:\n  matchers: [env=\"prod\"]\n"), `routing, Raw {sev="amber"}: DF019: line 3, column 3: routes: it is a set of keys, and must be a list: start each item with - `},
		"a route in a route":      {raw("route:\n  matchers: [sev=\"amber\"]\n"), `the key route is not part of a subtree: start with its keys`},
		"a list":                  {raw("- matchers: [sev=\"amber\"]\n"), `routing, Raw "- matchers: [sev=\"amber\"]": DF019: line 1, column 1: it is a list, and not a set of keys`},
		"a matcher":               {raw(`matchers: ['sev="amber']`), `line 1, column 12: matchers[0]: Alertmanager refuses it: `},
	})
}

// Inhibitions of others are accepted, but for the alerts that are urgent or
// promised. The site accepts those too by stating them.
func TestInhibitionsOfOthers(t *testing.T) {
	t.Parallel()
	inhibits := func(source, target, equal string) change {
		return ofOthers("receivers:\n", "inhibit_rules: [{source_matchers: ['"+source+"'], target_matchers: ['"+target+"'], equal: ["+equal+"]}]\nreceivers:\n")
	}
	promise := func(list ...routing.Promise) change { return func(s *preflight.Site) { s.Routing.Promises = list } }
	toRed, wide := routing.Promise{Match: `sev="red"`, Receiver: "mq", Within: "10m"}, inhibits(`alertname="ClusterDown"`, `team="mq"`, "env")
	urgent := `"BrokerDown", env="dev", sev="red", team="mq"} is never sent while {alertname="ClusterDown", delivery="direct", env="dev"} fires, and its severity "red" is urgent`
	plantEach(t, queueSite, map[string]planted{
		"usual ones":                  {inhibits(`sev="red"`, `sev="amber"`, "env"), ""},
		"usual ones, promised":        {all(inhibits(`sev="red"`, `sev="amber"`, "env"), promise(toRed, routing.Promise{Match: `sev="amber"`, Within: "10m"})), ""},
		"an urgent alert":             {wide, urgent},
		"an urgent alert, promised":   {all(wide, promise(toRed)), `, and the promise {sev="red"} to mq: within 10m is not kept: narrow it in Routing.YAML, or accept it with routing.Quiet{Match: "team=\"mq\"", While: "alertname=\"ClusterDown\"", Equal: []string{"env"}}`},
		"an urgent alert, stated":     {all(wide, promise(toRed), quiet(routing.Quiet{Match: `team="mq"`, While: `alertname="ClusterDown"`, Equal: []string{"env"}})), ""},
		"an urgent alert, half":       {all(wide, quiet(routing.Quiet{Match: `team="mq"`, While: `alertname="ClusterDown"`, Equal: []string{"env", "region"}})), "is never sent while"},
		"urgent ones by another":      {inhibits(`sev="red"`, `sev="red"`, "alertname"), "source and target are the same alerts"},
		"urgent ones, but for itself": {inhibits(`alertname="BrokerDown"`, `sev=~"red|amber"`, "team"), ""},
	})

	s := queueSite()
	all(inhibits(`sev="red"`, `sev="amber"`, ""), promise(toRed, routing.Promise{Match: `sev="amber"`, Receiver: "mq", Within: "10m"}))(&s)
	s.Routing.YAML = strings.Replace(s.Routing.YAML, "receiver: logger", "receiver: mq", 1)
	code, _, stderr := generate(t, s, "--out="+t.TempDir())
	const want = `routing, inhibition of {sev="amber"} by {sev="red"}: {alertname="QueueLong"`
	if code != 0 || strings.Count(stderr, want) != 1 {
		t.Errorf("status %d, no note %q:\n%s", code, want, stderr)
	}
	contains(t, stderr, `fires, and the promise {sev="amber"} to mq: within 10m does not count then: `)
}
