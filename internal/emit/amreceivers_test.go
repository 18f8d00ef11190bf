package emit_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/internal/emit/amfile"
	"github.com/alertnative/preflight/routing"
)

// to returns a routing with one receiver.
func to(r routing.Receiver) routing.Routing {
	r.Name = "team"
	return routing.Routing{Receivers: []routing.Receiver{r}, Route: routing.Route{Receiver: "team"}}
}

type secrets = map[string]routing.Credential

// natives has an integration of each kind, with all its secrets in files.
var natives = []routing.Native{
	{Kind: "discord", Secrets: secrets{"webhook_url": routing.Secret("x")}, YAML: "title: '{{ .Status }}'"},
	{Kind: "email", Secrets: secrets{"auth_password": routing.Secret("x")}, YAML: "to: a@x.example\nfrom: b@x.example\nsmarthost: mail:587\nauth_username: b"},
	{Kind: "incidentio", Secrets: secrets{"url": routing.Secret("x"), "alert_source_token": routing.Secret("y")}},
	{Kind: "jira", Secrets: secrets{"http_config.basic_auth.password": routing.Secret("x")}, YAML: "api_url: https://x.example\nproject: OPS\nissue_type: Bug\nhttp_config:\n  basic_auth: {username: bot}"},
	{Kind: "mattermost", Secrets: secrets{"webhook_url": routing.Secret("x")}},
	{Kind: "msteams", Secrets: secrets{"webhook_url": routing.Secret("x")}},
	{Kind: "msteamsv2", Secrets: secrets{"webhook_url": routing.Secret("x")}},
	{Kind: "opsgenie", Secrets: secrets{"api_key": routing.Secret("x")}, YAML: "priority: P1"},
	{Kind: "pagerduty", Secrets: secrets{"service_key": routing.Secret("x")}, YAML: "details: {team: a}"},
	{Kind: "pushover", Secrets: secrets{"token": routing.Secret("x"), "user_key": routing.File("/etc/x")}, YAML: "priority: '1'"},
	{Kind: "rocketchat", Secrets: secrets{"token": routing.Secret("x"), "token_id": routing.Secret("y")}, YAML: "channel: '#a'"},
	{Kind: "slack", Secrets: secrets{"app_token": routing.Secret("x")}, YAML: "channel: '#a'"},
	{Kind: "sns", YAML: "topic_arn: arn:aws:sns:us-east-2:123456789012:a\nsigv4: {region: us-east-2}"},
	{Kind: "telegram", Secrets: secrets{"bot_token": routing.Secret("x"), "chat_id": routing.Secret("y")}},
	{Kind: "victorops", Secrets: secrets{"api_key": routing.Secret("x")}, YAML: "routing_key: a"},
	{Kind: "webex", Secrets: secrets{"http_config.authorization.credentials": routing.Secret("x")}, YAML: "room_id: a"},
	{Kind: "webhook", Secrets: secrets{"url": routing.Secret("x")}, YAML: "max_alerts: 5"},
	{Kind: "wechat", Secrets: secrets{"api_secret": routing.Secret("x")}, YAML: "corp_id: a\nagent_id: '1'"},
}

// Alertmanager loads every kind of integration that it has.
func TestEveryKindOfIntegration(t *testing.T) {
	t.Parallel()
	var kinds []string
	for _, n := range natives {
		kinds = append(kinds, n.Kind)
		w, c := loaded(t, to(routing.Receiver{Native: []routing.Native{n}}))
		text := string(w.Data)
		contains(t, text, n.Kind+"_configs:", "send_resolved: true")
		for key := range n.Secrets {
			contains(t, text, key[strings.LastIndex(key, ".")+1:]+"_file: /")
		}
		if got := reflect.ValueOf(c.Receivers[0]); countIntegrations(got) != 1 {
			t.Errorf("%s: %d integrations", n.Kind, countIntegrations(got))
		}
	}
	if diff := cmp.Diff(amfile.Kinds(), kinds); diff != "" {
		t.Errorf("kinds of Alertmanager without a test: %s", diff)
	}
	w, _ := loaded(t, to(routing.Receiver{Native: natives, FiringOnly: true}))
	accepted(t, w.Data)
	if n := strings.Count(string(w.Data), "send_resolved: false"); n != len(natives) {
		t.Errorf("send_resolved is written %d times, want %d", n, len(natives))
	}
}

// The documentation lists every kind.
func TestKindsAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/how-to/add-a-receiver.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range amfile.Kinds() {
		contains(t, string(page), "`"+kind+"`")
	}
}

func countIntegrations(receiver reflect.Value) int {
	n := 0
	for i := range receiver.NumField() {
		if f := receiver.Field(i); f.Kind() == reflect.Slice {
			n += f.Len()
		}
	}
	return n
}

// typed has each integration with a type, and fields of its YAML.
func typed() routing.Receiver {
	return routing.Receiver{
		Sound:     routing.Silent,
		PagerDuty: []routing.PagerDuty{{RoutingKey: routing.Secret("pagerduty_key"), YAML: "severity: '{{ .CommonLabels.severity }}' # as ours"}, {RoutingKey: routing.Secret("second")}},
		Slack:     []routing.Slack{{Channel: "#a", APIURL: routing.Secret("slack_url"), YAML: "title: x\nactions:\n- {type: button, text: Runbook, url: 'https://x.example'}"}},
		Email:     []routing.Email{{To: "a@x.example", AuthPassword: routing.File("/etc/mail"), YAML: "from: b@x.example\nsmarthost: mail:587\nauth_username: b"}},
		Opsgenie:  []routing.Opsgenie{{APIKey: routing.Secret("opsgenie"), YAML: "responders: [{name: ops, type: team}]"}},
		MSTeams:   []routing.MSTeams{{WebhookURL: routing.Secret("teams")}},
		Telegram:  []routing.Telegram{{BotToken: routing.Secret("bot"), ChatID: -1001234567890, YAML: "message_thread_id: 7"}},
		Webhook:   []routing.Webhook{{URL: routing.Secret("hook"), YAML: "max_alerts: 5\nhttp_config:\n  authorization: {credentials_file: /etc/token}"}},
	}
}

func TestTypedIntegrations(t *testing.T) {
	t.Parallel()
	w, c := loaded(t, to(typed()))
	accepted(t, w.Data)
	r := c.Receivers[0]
	for name, pair := range map[string][2]any{
		"PagerDuty":      {r.PagerdutyConfigs[0].RoutingKeyFile, "/run/secrets/pagerduty_key"},
		"PagerDuty YAML": {r.PagerdutyConfigs[0].Severity, "{{ .CommonLabels.severity }}"},
		"second":         {r.PagerdutyConfigs[1].RoutingKeyFile, "/run/secrets/second"},
		"Slack":          {r.SlackConfigs[0].APIURLFile, "/run/secrets/slack_url"},
		"Slack channel":  {r.SlackConfigs[0].Channel, "#a"},
		"Slack sends":    {r.SlackConfigs[0].VSendResolved, true}, // Alertmanager's default is false
		"Slack actions":  {r.SlackConfigs[0].Actions[0].Text, "Runbook"},
		"Email":          {r.EmailConfigs[0].AuthPasswordFile, "/etc/mail"},
		"Opsgenie":       {r.OpsGenieConfigs[0].APIKeyFile, "/run/secrets/opsgenie"},
		"MSTeams":        {r.MSTeamsV2Configs[0].WebhookURLFile, "/run/secrets/teams"},
		"Telegram":       {r.TelegramConfigs[0].BotTokenFile, "/run/secrets/bot"},
		"Telegram chat":  {r.TelegramConfigs[0].ChatID, int64(-1001234567890)},
		"Telegram topic": {r.TelegramConfigs[0].MessageThreadID, 7},
		"Telegram sound": {r.TelegramConfigs[0].DisableNotifications, true},
		"Telegram text":  {strings.HasPrefix(r.TelegramConfigs[0].Message, `{{ define "shown" }}`), true},
		"Webhook":        {r.WebhookConfigs[0].URLFile, "/run/secrets/hook"},
		"Webhook YAML":   {r.WebhookConfigs[0].MaxAlerts, uint64(5)},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %v, want %v", name, pair[0], pair[1])
		}
	}
	contains(t, string(w.Data), "# as ours")
}

// A message of Telegram's YAML replaces that of this module.
func TestTelegramMessage(t *testing.T) {
	t.Parallel()
	of := func(yaml string) string {
		w, _ := loaded(t, to(routing.Receiver{Telegram: []routing.Telegram{{BotToken: routing.Secret("b"), ChatID: 1, YAML: yaml}}}))
		return string(w.Data)
	}
	contains(t, of("message: short"), "message: short", `parse_mode: ""`)
	contains(t, of("parse_mode: HTML\nmessage: <b>x</b>"), "parse_mode: HTML", "message: <b>x</b>")
	contains(t, of("message: a # one\nsend_resolved: yes"), "send_resolved: true")
}

// planted are mistakes in the YAML of an integration.
func TestMistakesInIntegrations(t *testing.T) {
	t.Parallel()
	native := func(kind, yaml string, s secrets) routing.Receiver {
		return routing.Receiver{Native: []routing.Native{{Kind: kind, YAML: yaml, Secrets: s}}}
	}
	slack := func(yaml string) routing.Receiver {
		return routing.Receiver{Slack: []routing.Slack{{Channel: "#a", APIURL: routing.Secret("x"), YAML: yaml}}}
	}
	hook := secrets{"webhook_url": routing.Secret("x")}
	for name, x := range map[string]struct {
		of   routing.Receiver
		want string
	}{
		"an unknown key":            {slack("title: a\ntitel: b"), `receiver "team", Slack.YAML: DF019: line 2, column 1: Alertmanager does not know the key "titel"` + "\n    did you mean \"title\"?"},
		"an unknown key below":      {slack("http_config:\n  tls_config:\n    insecure_skip_verfy: true"), `line 3, column 5: Alertmanager does not know the key "insecure_skip_verfy" in http_config.tls_config`},
		"a key of both":             {slack("username: a\nchannel: '#b'"), `receiver "team", Slack.YAML: DF007: line 2, column 10: the key channel is given by Slack.Channel too`},
		"a key twice below":         {slack("http_config:\n  proxy_url: http://a\n  proxy_url: http://b"), "the key http_config.proxy_url is there twice"},
		"a wrong value":             {slack("short_fields: maybe"), `receiver "team", Slack: DF019: Alertmanager refuses it: cannot unmarshal`},
		"a contradiction":           {slack("update_message: true"), `receiver "team"`},
		"resolutions in YAML":       {slack("send_resolved: false"), "DF007: line 1, column 16: send_resolved is false, and FiringOnly of the receiver is false: leave send_resolved out, and set FiringOnly: true"},
		"resolutions of a word":     {slack("send_resolved: maybe"), "line 1, column 16: send_resolved is not true or false"},
		"a list":                    {slack("- a"), "it is a list, and not a set of keys"},
		"a sound in YAML":           {routing.Receiver{Telegram: []routing.Telegram{{BotToken: routing.Secret("x"), ChatID: 1, YAML: "disable_notifications: true"}}}, "the key disable_notifications is given by the receiver's Sound too"},
		"the file of both":          {routing.Receiver{PagerDuty: []routing.PagerDuty{{RoutingKey: routing.Secret("x"), YAML: "routing_key_file: /a"}}}, "routing_key_file is given by PagerDuty.RoutingKey too"},
		"no key":                    {routing.Receiver{PagerDuty: []routing.PagerDuty{{}}}, `receiver "team": AM009: integration PagerDuty: RoutingKey is missing: set it to the secret with the integration key`},
		"no addresses":              {routing.Receiver{Email: []routing.Email{{YAML: "from: a@x\nsmarthost: x:25"}}}, "To is missing"},
		"no mail server":            {routing.Receiver{Email: []routing.Email{{To: "a@x"}}}, `receiver "team", Email: DF019: Alertmanager refuses it: no global SMTP smarthost set`},
		"no kind":                   {native("", "", nil), `no integration of the Kind ""`},
		"an unknown kind":           {native("discrod", "", hook), `receiver "team", Native: AM003: Alertmanager has no integration of the Kind "discrod"`},
		"a misspelt kind":           {native("discrod", "", hook), `did you mean "discord"?`},
		"a list for a kind":         {native("discord_configs", "", hook), `did you mean "discord"?`},
		"an inline secret":          {native("discord", "webhook_url: https://discord.com/api/webhooks/1/hunter2", nil), `receiver "team", Native "discord".YAML: AM013: line 1, column 1: webhook_url contains a secret (the path of the URL may be one), and generated files must hold none: name it in Secrets: {"webhook_url": routing.Secret("NAME")}`},
		"an inline secret below":    {native("webex", "room_id: a\nhttp_config:\n  authorization: {credentials: hunter2}", nil), `AM013: line 3, column 19: http_config.authorization.credentials contains a secret`},
		"an inline secret, typed":   {slack("app_token: hunter2"), "AM013: line 1, column 1: app_token contains a secret, and generated files must hold none: put it in a file, and write its path in app_token_file"},
		"a secret of a header":      {slack("http_config:\n  http_headers:\n    X-Key: {secrets: [hunter2]}"), "line 3, column 13: http_config.http_headers.X-Key.secrets contains a secret, and generated files must hold none: put it in a file, and write its path in files"},
		"a secret of a proxy":       {slack("http_config:\n  proxy_url: http://a\n  proxy_connect_header: {X-Key: [hunter2]}"), "http_config.proxy_connect_header contains a secret"},
		"an alias of a secret":      {slack("username: &a hunter2\napp_token: *a"), "line 2, column 1: app_token contains a secret"},
		"a secret by a merge":       {slack("http_config:\n  <<: {bearer_token: hunter2}"), "http_config.bearer_token contains a secret"},
		"a password in an address":  {native("jira", "api_url: http://u:hunter2@x\nproject: A\nissue_type: b", nil), "AM013: line 1, column 1: api_url contains an address with a user name or a password"},
		"the secret of SNS":         {native("sns", "topic_arn: a\nsigv4: {access_key: a, secret_key: hunter2}", nil), "AM013: line 2, column 24: sigv4.secret_key contains a secret, and generated files must hold none: Alertmanager reads it from no file: leave it out, and let the environment of Alertmanager grant the access"},
		"the secret of SNS, named":  {native("sns", "topic_arn: a", secrets{"sigv4.secret_key": routing.Secret("x")}), `receiver "team", Native "sns".Secrets["sigv4.secret_key"]: AM009: sigv4.secret_key: Alertmanager reads it from no file`},
		"a misspelt secret":         {native("discord", "", secrets{"webhok_url": routing.Secret("x")}), `the integration discord has no secret "webhok_url"` + "\n    did you mean \"webhook_url\"?"},
		"another secret":            {native("discord", "", secrets{"zzz": routing.Secret("x")}), `it has webhook_url, http_config.authorization.credentials`},
		"a secret as a file":        {native("discord", "", secrets{"webhook_url_file": routing.Secret("x")}), `name the key of the secret, "webhook_url"`},
		"a secret of both":          {native("discord", "webhook_url_file: /a", hook), `Secrets["webhook_url"]: DF007: the key webhook_url_file is in YAML too`},
		"a key that is no text":     {native("discord", "title: {a: b}", hook), "Alertmanager refuses it: cannot unmarshal"},
		"a page without an account": {native("pushover", "", secrets{"token": routing.Secret("x")}), "one of user_key or user_key_file must be configured"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := refused(t, to(x.of))
			contains(t, found, x.want)
			if strings.Contains(found, "hunter2") {
				t.Errorf("it shows the secret:\n%s", found)
			}
		})
	}
}

// Settings of all receivers are those of Routing.YAML.
func TestGlobalSettingsOfReceivers(t *testing.T) {
	t.Parallel()
	r := to(routing.Receiver{
		Email: []routing.Email{{To: "a@x.example"}}, Slack: []routing.Slack{{Channel: "#a"}}, Opsgenie: []routing.Opsgenie{{}},
		Telegram: []routing.Telegram{{ChatID: 1}},
	})
	r.YAML = "global:\n  smtp_smarthost: mail:587\n  smtp_from: b@x.example\n  slack_api_url_file: /etc/slack\n  opsgenie_api_key_file: /etc/opsgenie\n  telegram_bot_token_file: /etc/bot\n"
	w, c := loaded(t, r)
	accepted(t, w.Data)
	if got := c.Receivers[0].SlackConfigs[0].APIURLFile; got != "/etc/slack" {
		t.Errorf("Slack reads %q", got)
	}
	r.YAML = "global: {slack_api_url: 'http://hunter2%zz'}"
	found := refused(t, r)
	contains(t, found, "routing, YAML: AM013: line 1, column 10: global.slack_api_url contains a secret, and generated files must hold none: put it in a file, and write its path in slack_api_url_file")
	if strings.Contains(found, "hunter2") || strings.Count(found, "\n") > 0 {
		t.Errorf("want one finding without the secret:\n%s", found)
	}
}
