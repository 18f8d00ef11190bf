package codegen_test

import (
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/routing"
)

// integrated changes the only receiver to one of an integration.
func integrated(kind, yaml string) change {
	key := routing.Secret("key")
	switch kind {
	case "pagerduty":
		return receives(routing.Receiver{PagerDuty: []routing.PagerDuty{{RoutingKey: key, YAML: yaml}}})
	case "slack":
		return slackWith(yaml)
	case "email":
		return receives(routing.Receiver{Email: []routing.Email{{To: "mq@example.com", YAML: "smarthost: mail:25\nfrom: am@example.com\n" + yaml}}})
	case "opsgenie":
		return receives(routing.Receiver{Opsgenie: []routing.Opsgenie{{APIKey: key, YAML: yaml}}})
	case "telegram":
		return receives(routing.Receiver{Telegram: []routing.Telegram{{BotToken: key, ChatID: -42, YAML: yaml}}})
	case "msteamsv2":
		return receives(routing.Receiver{MSTeams: []routing.MSTeams{{WebhookURL: key, YAML: yaml}}})
	case "webhook":
		return receives(routing.Receiver{Webhook: []routing.Webhook{{URL: key, YAML: yaml}}})
	}
	native := map[string]routing.Native{
		"pushover":   {YAML: "", Secrets: map[string]routing.Credential{"user_key": key, "token": routing.Secret("token")}},
		"victorops":  {YAML: "routing_key: mq\n", Secrets: map[string]routing.Credential{"api_key": key}},
		"webex":      {YAML: "room_id: mq\n", Secrets: map[string]routing.Credential{"http_config.authorization.credentials": key}},
		"discord":    {Secrets: map[string]routing.Credential{"webhook_url": key}},
		"rocketchat": {Secrets: map[string]routing.Credential{"token": key, "token_id": routing.Secret("id")}},
		"mattermost": {Secrets: map[string]routing.Credential{"webhook_url": key}},
		"wechat":     {YAML: "corp_id: mq\n", Secrets: map[string]routing.Credential{"api_secret": key}},
		"jira":       {YAML: "api_url: https://jira.example\nproject: MQ\nissue_type: Bug\n", Secrets: map[string]routing.Credential{"http_config.basic_auth.password": key}},
		"msteams":    {Secrets: map[string]routing.Credential{"webhook_url": key}},
	}[kind]
	native.Kind = kind
	native.YAML += yaml
	return receives(routing.Receiver{Native: []routing.Native{native}})
}

// grouped changes the labels by which the root route groups.
func grouped(by ...string) change {
	return func(s *preflight.Site) { s.Routing.Route.GroupBy = by }
}

// firingOnly changes the site's receiver so that it gets no resolutions.
func firingOnly(s *preflight.Site) { s.Routing.Receivers[0].FiringOnly = true }

// summarized gives both alerts a summary.
func summarized(s *preflight.Site) {
	alert(s, "BrokerDown").Summary = "{{ $labels.env }}: the broker is down"
	alert(s, "QueueLong").Summary = "{{ $labels.queue }} is long"
	s.Jobs[0].ByEnv = map[string][]string{"dev": {"d1:9400"}}
	s.Envs = []string{"dev"}
}

const summaries = `'{{ range .Alerts }}{{ .Status }} {{ .Labels.alertname }} {{ .Labels.queue }}{{ end }}'`

// Each integration is refused, or shows nothing, without its text.
func TestTextsThatServicesNeed(t *testing.T) {
	t.Parallel()
	for kind, keys := range map[string][]string{
		"pagerduty": {"description"}, "opsgenie": {"message"}, "telegram": {"message"}, "pushover": {"message"}, "webex": {"message"}, "wechat": {"message"},
		"slack": {"title", "text"}, "email": {"html"}, "msteamsv2": {"title", "text"}, "msteams": {"title", "text"}, "victorops": {"entity_display_name", "state_message"},
		"discord": {"title", "message"}, "rocketchat": {"title", "text"}, "mattermost": {"title", "text"},
	} {
		texts := func(last string) string {
			var out []string
			for i, key := range keys {
				text := `''`
				if i == len(keys)-1 {
					text = last
				}
				out = append(out, key+": "+text)
			}
			return strings.Join(out, "\n")
		}
		plantEach(t, queueSite, map[string]planted{
			kind + ", empty":              {integrated(kind, texts(`''`)), `AM006: it is empty, and `},
			kind + ", with spaces":        {integrated(kind, texts(`' {{ "" }} '`)), `AM006: it is empty, and `},
			kind + ", each alert":         {integrated(kind, texts(summaries)), ""},
			kind + ", of Alertmanager":    {integrated(kind, ""), ""},
			kind + ", a label of one":     {integrated(kind, texts(`'{{ .CommonLabels.queue }}'`)), `it is empty, and `},
			kind + ", only for one alert": {integrated(kind, texts(`'{{ range .Alerts }}{{ .Labels.queue }}{{ end }}'`)), `AM006: with {alertname=BrokerDown`},
			kind + ", a misspelt name":    {integrated(kind, texts(`'{{ .Status }} {{ .CommonLabels.alertnam }}'`)), "AM006: CommonLabels.alertnam is empty: no alert that reaches the receiver has the label\n    did you mean \"alertname\"?"},
			kind + ", a label and a text": {integrated(kind, texts(`'{{ .Status }} {{ .CommonAnnotations.alertname }}'`)), `has the annotation: write .CommonLabels.alertname`},
			kind + ", not of the group":   {integrated(kind, texts(`'{{ .Status }} {{ .GroupLabels.env }}'`)), `GroupLabels.env is empty: a route of the receiver groups by alertname: add it to GroupBy, or write .CommonLabels.env`},
			kind + ", a label of none":    {integrated(kind, texts(`'{{ .Status }} {{ index .CommonLabels "region" }}'`)), `CommonLabels.region is empty: no alert that reaches the receiver has the label: they have alertname, `},
			kind + ", asked for":          {integrated(kind, texts(`'{{ .Status }} {{ .Alerts }} {{ with .CommonLabels.region }}in {{ . }}{{ end }}'`)), ""},
		})
	}
}

// A text names all alerts of a group, and distinguishes firing from resolved ones.
func TestTextsOfSeveralAlerts(t *testing.T) {
	t.Parallel()
	lines := templates(map[string]string{"mq.tmpl": `{{ define "mq.line" }}{{ .CommonLabels.alertnme }} {{ .Status }} {{ .Alerts | len }}{{ end }}`})
	plantEach(t, queueSite, map[string]planted{
		"a summary":                         {all(summarized, integrated("pagerduty", `description: '{{ .CommonAnnotations.summary }}'`)), `it is empty for two alerts of one group that differ in "queue", and PagerDuty refuses an event without a summary, so no person is paged: CommonAnnotations has only what all alerts share; write {{ range .Alerts }}{{ .Annotations.summary }} {{ end }}`},
		"a summary of a group":              {all(summarized, grouped("alertname", "queue"), integrated("pagerduty", `description: '{{ .CommonAnnotations.summary }}'`)), ""},
		"a summary beside a title":          {all(summarized, integrated("slack", `text: '{{ .CommonAnnotations.summary }}'`)), `slack_configs[0].text: AM006: it is empty for two alerts of one group that differ in "queue"`},
		"a summary if there is one":         {all(summarized, integrated("slack", `text: '{{ with .CommonAnnotations.summary }}{{ . }}{{ end }}'`)), ""},
		"a misspelt summary":                {all(summarized, integrated("slack", `text: '{{ range .Alerts }}{{ .Annotations.sumary }}{{ end }}'`)), "slack_configs[0].text: AM006: Annotations.sumary is empty: no alert that reaches the receiver has the annotation\n    did you mean \"summary\"?"},
		"queues in one group":               {all(grouped("sev"), integrated("telegram", `message: '{{ .Status }}{{ .CommonLabels.alertname }}'`)), ""},
		"the first one":                     {integrated("telegram", `message: '{{ .Status }} {{ (index .Alerts 0).Labels.alertname }} {{ (index .Alerts 0).Labels.queue }}'`), `of two alerts of one group that differ in "`},
		"the first one and the number":      {integrated("telegram", `message: '{{ .Status }} {{ len .Alerts }}: {{ (index .Alerts 0).Labels.alertname }} {{ (index .Alerts 0).Labels.queue }}'`), ""},
		"the first one in a title":          {integrated("slack", `title: '{{ (index .Alerts 0).Labels.alertname }} {{ (index .Alerts 0).Labels.queue }}'`), `slack_configs[0].title: AM006: of two alerts`},
		"the first one, the others in text": {integrated("slack", "title: '{{ (index .Alerts 0).Labels.alertname }}'\ntext: "+summaries), ""},
		"the first one, in details":         {integrated("pagerduty", `description: '{{ (index .Alerts 0).Labels.alertname }} {{ (index .Alerts 0).Labels.queue }}'`), ""},
		"the group":                         {integrated("telegram", `message: '{{ .Status }} {{ .GroupLabels.alertname }}'`), ""},
		"a hole":                            {integrated("telegram", `message: '{{ .Status }} of {{ .CommonLabels.queue }}'`), `it neither names nor counts them: CommonLabels has only what all alerts share; write {{ range .Alerts }}{{ .Labels.queue }} {{ end }}`},
		"a hole that is counted":            {integrated("telegram", `message: '{{ .Status }} {{ len .Alerts }} of {{ .CommonLabels.queue }}'`), ""},
		"no hole, grouped by it":            {all(grouped("alertname", "queue", "env", "job", "instance"), integrated("telegram", `message: '{{ .Status }} of {{ .CommonLabels.queue }}'`)), ""},
		"constant":                          {integrated("telegram", `message: 'An alert: {{ .Status }}'`), `AM006: it is the same for every alert`},
		"constant, in words":                {integrated("pagerduty", `description: ACME is down`), `pagerduty_configs[0].description: AM006: it is the same for every alert`},
		"constant title":                    {integrated("slack", "title: Alert\ntext: "+summaries), ""},
		"constant title, nothing else":      {integrated("slack", "title: Alert"), `it is the same for every alert`},
		"a misspelt subject":                {integrated("email", "headers: {subject: '{{ .Status }} {{ .CommonLabels.alertnme }}'}"), `email_configs[0].headers.Subject: AM006: CommonLabels.alertnme is empty`},
		"constant subject":                  {integrated("email", "headers: {Subject: MQ}"), ""},
		"firing as resolved":                {integrated("telegram", `message: '{{ range .Alerts }}{{ .Labels.alertname }} {{ .Labels.queue }}{{ end }}'`), `the message of a resolution is the same as that of the firing alert`},
		"firing only":                       {all(integrated("telegram", `message: '{{ range .Alerts }}{{ .Labels.alertname }} {{ .Labels.queue }}{{ end }}'`), firingOnly), ""},
		"firing by its colour":              {integrated("slack", `title: '{{ range .Alerts }}{{ .Labels.alertname }} {{ .Labels.queue }}{{ end }}'`), ""},
		"one colour":                        {integrated("slack", "color: danger\ntitle: '{{ range .Alerts }}{{ .Labels.alertname }} {{ .Labels.queue }}{{ end }}'"), `the message of a resolution is the same`},
		"an incident ends by itself":        {integrated("opsgenie", `message: '{{ range .Alerts }}{{ .Labels.alertname }} {{ .Labels.queue }}{{ end }}'`), ""},
		"a name in a template":              {all(lines, integrated("telegram", `message: '{{ template "mq.line" . }}'`)), "CommonLabels.alertnme is empty"},
		"a name of a variable":              {integrated("telegram", `message: '{{ range $a := .Alerts }}{{ $a.Status }} {{ $a.Labels.alertnme }}{{ end }}'`), "Labels.alertnme is empty"},
		"a misspelt condition":              {integrated("telegram", `message: '{{ if eq .CommonLabels.sevv "red" }}!{{ end }}{{ range .Alerts }}{{ .Status }} {{ .Labels.alertname }}{{ end }}'`), `did you mean "sev"?`},
		"a group of its own":                {all(grouped("..."), integrated("telegram", `message: '{{ .Status }} {{ .GroupLabels.alertname }} {{ .CommonLabels.queue }}'`)), ""},
	})
}

// The settings of integrations are those that their services take.
func TestSettingsOfIntegrations(t *testing.T) {
	t.Parallel()
	to := func(to string) change {
		return all(integrated("email", ""), func(s *preflight.Site) { s.Routing.Receivers[0].Email[0].To = to })
	}
	plantEach(t, queueSite, map[string]planted{
		"a severity for all":        {integrated("pagerduty", "severity: warning"), `pagerduty_configs[0].severity: AM006: the alert BrokerDown is urgent, and PagerDuty gets it as "warning", which may wake no person: write critical for the level "red"`},
		"critical for all":          {integrated("pagerduty", "severity: critical"), ""},
		"a severity by level":       {integrated("pagerduty", `severity: '{{ if eq .CommonLabels.sev "red" }}critical{{ else }}info{{ end }}'`), ""},
		"a misspelt level":          {integrated("pagerduty", `severity: '{{ if eq .CommonLabels.sevv "red" }}critical{{ else }}error{{ end }}'`), `CommonLabels.sevv is empty`},
		"levels in the wrong order": {integrated("pagerduty", `severity: '{{ if eq .CommonLabels.sev "red" }}info{{ else }}critical{{ end }}'`), `PagerDuty gets it as "info"`},
		"a severity of no service":  {integrated("pagerduty", "severity: high"), `it gives "high", and PagerDuty takes critical, error, warning, info`},
		"a priority":                {integrated("opsgenie", "priority: P1"), ""},
		"a priority of no service":  {integrated("opsgenie", "priority: P0"), `opsgenie_configs[0].priority: AM006: with {alertname=BrokerDown`},
		"a priority from a label":   {integrated("opsgenie", "priority: '{{ .CommonLabels.sev }}'"), `it gives "red", and Opsgenie takes P1 to P5`},
		"a priority in lower case":  {integrated("opsgenie", "priority: p1"), `it gives "p1"`},
		"a low priority":            {integrated("opsgenie", "priority: P5"), `Opsgenie gets it as P5, which may wake no person`},
		"a priority by level":       {integrated("opsgenie", `priority: '{{ if eq .CommonLabels.sev "red" }}P1{{ else }}P5{{ end }}'`), ""},
		"two addresses":             {to("mq@example.com, Ops <ops@example.com>"), ""},
		"two addresses, semicolon":  {to("mq@example.com; ops@example.com"), `email_configs[0].to: AM006: Alertmanager cannot send to "mq@example.com; ops@example.com"`},
		"no address":                {to("mq"), `Alertmanager cannot send to "mq"`},
		"an address by label":       {to("{{ .CommonLabels.alertname }}@example.com"), ""},
		"a sender with two addresses": {all(integrated("email", ""), func(s *preflight.Site) {
			s.Routing.Receivers[0].Email[0].YAML = "smarthost: mail:25\nfrom: a@example.com, b@example.com"
		}), `it has 2 addresses: write one`},
		"the default in MarkdownV2":  {integrated("telegram", "parse_mode: MarkdownV2"), `telegram_configs[0].parse_mode: AM006: in MarkdownV2, Telegram refuses the message, because the character '.' is reserved`},
		"a message in MarkdownV2":    {integrated("telegram", "parse_mode: MarkdownV2\nmessage: "+`'*{{ .Status }}* {{ range .Alerts }}{{ reReplaceAll "([_*\\[\\]()~`+"`"+`>#+=|{}.!\\-])" "\\$1" .Labels.alertname }} {{ reReplaceAll "([_.\\-])" "\\$1" .Labels.instance }}{{ end }}'`), ""},
		"unescaped values":           {integrated("telegram", "parse_mode: MarkdownV2\nmessage: '{{ .Status }} {{ range .Alerts }}{{ .Labels.alertname }} {{ .Labels.instance }}{{ end }}'"), `Telegram refuses the message, because`},
		"unescaped words":            {integrated("telegram", "parse_mode: MarkdownV2\nmessage: '{{ .Status }}! {{ .CommonLabels.alertname }}'"), `the character '!' is reserved`},
		"an open mark":               {integrated("telegram", "parse_mode: MarkdownV2\nmessage: '*{{ .Status }} {{ .CommonLabels.alertname }}'"), `a * has no end`},
		"code in MarkdownV2":         {integrated("telegram", "parse_mode: MarkdownV2\nmessage: '{{ .Status }} `a.b-c` {{ .CommonLabels.alertname }}'"), ""},
		"unescaped Markdown":         {integrated("telegram", "parse_mode: Markdown\nmessage: '{{ .Status }} {{ range .Alerts }}{{ .Labels.alertname }} {{ .Labels.instance }}{{ end }}'"), `in Markdown, Telegram refuses the message, because a _ has no end`},
		"HTML":                       {integrated("telegram", "parse_mode: HTML\nmessage: '<b>{{ .Status }}</b> {{ .CommonLabels.alertname }}'"), ""},
		"no markup":                  {integrated("telegram", "parse_mode: ''\nmessage: '{{ .Status }}! {{ .CommonLabels.alertname }}'"), ""},
		"one alert of a group":       {integrated("webhook", "max_alerts: 1"), `webhook_configs[0].max_alerts: AM006: of two alerts of one group that differ in `},
		"one alert of groups of one": {all(grouped("..."), integrated("webhook", "max_alerts: 1")), ""},
		"many alerts of a group":     {integrated("webhook", "max_alerts: 50"), ""},
	})
}

// In Routing.YAML, only a text that is empty for every alert is a finding.
func TestTextsOfYAMLAreNotes(t *testing.T) {
	t.Parallel()
	given := func(config string) change {
		return func(s *preflight.Site) {
			s.Routing.YAML = "receivers:\n- name: old\n  " + config + "\n"
			s.Routing.Route.Routes = []routing.Route{{Match: `sev="amber"`, Receiver: "old"}}
		}
	}
	plantEach(t, queueSite, map[string]planted{
		"empty":               {given(`telegram_configs: [{bot_token_file: /a, chat_id: -1, message: '{{ "" }}'}]`), `receiver "old", telegram_configs[0].message: AM006: it is empty, and Telegram refuses`},
		"empty for two":       {given(`telegram_configs: [{bot_token_file: /a, chat_id: -1, message: '{{ .CommonLabels.queue }}'}]`), ""},
		"constant":            {given(`telegram_configs: [{bot_token_file: /a, chat_id: -1, message: hello}]`), ""},
		"a misspelt name":     {given(`telegram_configs: [{bot_token_file: /a, chat_id: -1, message: '{{ .Status }} {{ .CommonLabels.alertnme }}'}]`), ""},
		"a wrong priority":    {given(`opsgenie_configs: [{api_key_file: /a, priority: P9}]`), `it gives "P9", and Opsgenie takes P1 to P5`},
		"reserved characters": {given(`telegram_configs: [{bot_token_file: /a, chat_id: -1, parse_mode: MarkdownV2}]`), `Telegram refuses the message`},
	})
	s := queueSite()
	given(`telegram_configs: [{bot_token_file: /a, chat_id: -1, message: '{{ .Status }} {{ .CommonLabels.alertnme }}'}]`)(&s)
	code, _, stderr := generate(t, s, "--out="+t.TempDir())
	if code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	contains(t, stderr, `preflight-gen: note: receiver "old", telegram_configs[0].message: CommonLabels.alertnme is empty`)
}
