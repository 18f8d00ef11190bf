package pipelinetest_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/alertnative/preflight/internal/emit/amfile"
	"github.com/alertnative/preflight/pipelinetest"
	"github.com/alertnative/preflight/routing"
)

// natives are receivers with one integration each, and parts of their notification.
var natives = []struct {
	kind     string
	receiver routing.Receiver
	want     []string
}{
	{"pagerduty", routing.Receiver{PagerDuty: []routing.PagerDuty{{RoutingKey: routing.Secret("SECRET_key"), YAML: "severity: critical"}}},
		[]string{"PagerDuty would get\n    | [FIRING:1] DiskFull (/data db1:9200 disk warning)\n    | severity: critical\n    | firing: DiskFull{"}},
	{"slack", routing.Receiver{Slack: []routing.Slack{{Channel: "#ops", APIURL: routing.Secret("SECRET_url"), YAML: `text: '{{ template "team.text" . }}'`}}},
		[]string{"Slack #ops would get\n    | [FIRING:1] DiskFull (/data db1:9200 disk warning)\n    | The team looks at /data.\n"}},
	{"email", routing.Receiver{Email: []routing.Email{{To: "ops@shop.example", AuthPassword: routing.Secret("SECRET_mail"), YAML: "from: a@b.example\nsmarthost: mail:587\nheaders: {subject: 'Disk {{ .CommonLabels.disk }}'}"}}},
		[]string{"email ops@shop.example would get\n    | Disk /data\n    | firing: DiskFull{"}},
	{"opsgenie", routing.Receiver{Opsgenie: []routing.Opsgenie{{APIKey: routing.Secret("SECRET_genie"), YAML: "message: '{{ template \"team.title\" . }}'\ndescription: '{{ range .Alerts }}{{ .Labels.disk }} is {{ .Status }}{{ end }}'\npriority: P2"}}},
		[]string{"Opsgenie would get\n    | Disk: /data\n    | /data is firing\n    | priority: P2\n"}},
	{"msteamsv2", routing.Receiver{MSTeams: []routing.MSTeams{{WebhookURL: routing.Secret("SECRET_teams"), YAML: "title: Teams {{ .CommonLabels.disk }}"}}},
		[]string{"Microsoft Teams would get\n    | Teams /data\n    | firing: DiskFull{"}},
	{"webhook", routing.Receiver{Webhook: []routing.Webhook{{URL: routing.Secret("SECRET_hook")}}}, []string{": call\n    | firing: DiskFull{"}},
	{"telegram", routing.Receiver{Telegram: []routing.Telegram{{BotToken: routing.Secret("SECRET_bot"), ChatID: -77}}}, []string{"→ chat -77: message 1, rings\n"}},
	native("discord", "", "Discord would get\n    | [FIRING:1] DiskFull (", "webhook_url"),
	native("msteams", "title: old", "Microsoft Teams would get\n    | old\n    | firing:", "webhook_url"),
	native("pushover", `priority: "1"`, "Pushover would get\n    | [FIRING:1] DiskFull (/data db1:9200 disk warning)\n    | priority: 1\n", "token", "user_key"),
	native("sns", "topic_arn: arn:aws:sns:eu-west-1:1:ops\nsubject: 'Disk'\nmessage: '{{ .Status }} at {{ range .Alerts }}{{ .Labels.disk }}{{ end }}'\nsigv4: {region: eu-west-1}",
		"SNS arn:aws:sns:eu-west-1:1:ops would get\n    | Disk\n    | firing at /data\n"),
	native("victorops", "routing_key: team", "VictorOps would get\n    | [FIRING:1] DiskFull (/data db1:9200 disk warning)\n    | type: CRITICAL\n", "api_key"),
	native("webex", "room_id: room", "Webex room would get\n    | ", "http_config.authorization.credentials"),
	native("wechat", "corp_id: corp", "WeChat would get\n    | [FIRING:1] DiskFull (", "api_secret"),
	native("jira", "api_url: https://jira.shop.example\nproject: OPS\nissue_type: Bug", "Jira OPS would get\n    | [FIRING:1] DiskFull (", "http_config.authorization.credentials"),
	native("rocketchat", "channel: ops\ntext: full", "Rocket.Chat ops would get\n    | [FIRING:1] DiskFull (/data db1:9200 disk warning)\n    | full\n", "token", "token_id"),
	native("mattermost", "channel: ops\ntext: full", "Mattermost ops would get\n    | [FIRING:1] DiskFull (/data db1:9200 disk warning)\n    | full\n", "webhook_url"),
	native("incidentio", "url: https://api.incident.io/v2/alert_events", "incident.io would get\n    | firing: DiskFull{", "alert_source_token"),
}

func native(kind, yaml, want string, secrets ...string) (n struct {
	kind     string
	receiver routing.Receiver
	want     []string
}) {
	n.kind, n.want = kind, []string{want}
	x := routing.Native{Kind: kind, YAML: yaml, Secrets: map[string]routing.Credential{}}
	for _, key := range secrets {
		x.Secrets[key] = routing.Secret("SECRET_" + strings.ReplaceAll(key, ".", "_"))
	}
	n.receiver.Native = []routing.Native{x}
	return n
}

// Each integration of Alertmanager gets its texts, without secrets.
func TestNativeIntegrations(t *testing.T) {
	t.Parallel()
	site := disks()
	site.Routing.Templates = fstest.MapFS{"team.tmpl": {Data: []byte(`{{ define "team.title" }}Disk: {{ .CommonLabels.disk }}{{ end }}{{ define "team.text" }}The team looks at {{ .CommonLabels.disk }}.{{ end }}`)}}
	var tested []string
	for _, n := range natives {
		n.receiver.Name = "my " + n.kind
		tested = append(tested, n.kind)
		site.Routing.Receivers = append(site.Routing.Receivers, n.receiver)
		site.Routing.Route.Routes = append(site.Routing.Route.Routes, routing.Route{Match: `severity="warning"`, Receiver: n.receiver.Name, Continue: true})
	}
	slices.Sort(tested)
	if !slices.Equal(tested, amfile.Kinds()) {
		t.Errorf("the table has %v; Alertmanager has %v", tested, amfile.Kinds())
	}
	pipelinetest.Run(t, pipelinetest.Config{Site: site}, func(p *pipelinetest.Pipeline) {
		p.Set(`disk_free_ratio{disk="/data"}`, 0.01)
		p.Wait(5 * time.Minute)
		transcript := p.Transcript()
		for _, n := range natives {
			for _, want := range n.want {
				if !strings.Contains(transcript, want) {
					t.Errorf("the transcript lacks %q", want)
				}
			}
			if got := p.Delivered("my " + n.kind); len(got) != 1 {
				t.Errorf("%s got %v", n.kind, got)
			}
		}
		for _, secret := range []string{"SECRET", "secret", "123456:", "xoxb"} {
			if strings.Contains(transcript, secret) {
				t.Errorf("the transcript contains %q", secret)
			}
		}
		if t.Failed() {
			t.Log(transcript)
		}
	})
}
