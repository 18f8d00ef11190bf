// Command kube generates the notifications of a shop on Kubernetes: rules of
// other people, an alertmanager.yml that existed before, and twelve teams.
package main

import (
	"embed"
	"fmt"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

//go:embed rules
var ruleFiles embed.FS

//go:embed alertmanager.yml
var alertmanager string

//go:embed kubernetes.prom
var exposition string // of kube-state-metrics and the kubelet

// kubernetes returns the rules of other people. Tests are made from their
// expressions; the changes prove the others.
func kubernetes() preflight.Pack {
	untested := func(why string) func(*rules.Alert) { return func(a *rules.Alert) { a.Untested = why } }
	return preflight.Pack{Name: "kubernetes", RuleFiles: ruleFiles, Metrics: metrics.Exposition(exposition)}.With(
		preflight.Override{Alert: "Watchdog", Edit: untested("it always fires")},
		preflight.Override{Alert: "InfoInhibitor", Edit: untested("it only holds back others")},
		preflight.Override{Alert: "KubeDeploymentReplicasMissing", Scenarios: []rules.Scenario{{
			Name: "one of three replicas is missing for 20 minutes",
			Series: `
				kube_deployment_spec_replicas{namespace="shop", deployment="api", team="orders"}             3x40
				kube_deployment_status_replicas_available{namespace="shop", deployment="api", team="orders"} 3 2x19 3x20`,
			Expect: []rules.Expect{
				rules.Quiet("15m"), rules.Fires("16m", `namespace="shop", deployment="api", team="orders"`).Says("summary", "shop/api: 1 replicas are missing"), rules.Quiet("21m"),
			},
		}}},
	)
}

var teams = []string{
	"basket", "billing", "catalog", "checkout", "data", "fraud", "identity", "mobile", "orders", "payments", "search", "shipping",
}

// site returns the deployment of one environment: its clusters send to one
// Alertmanager.
func site(env string) preflight.Site {
	return preflight.Site{
		Name:           env,
		Packs:          []preflight.Pack{kubernetes()},
		ExternalLabels: map[string][]string{"env": {env}, "cluster": {"a", "b", "c"}},
		TargetLabels:   []metrics.Label{{Name: "team", Values: teams, Optional: true}},
		Grafana:        preflight.Grafana{URL: "https://grafana.shop.example"},
		Webhook:        preflight.Webhook{URL: "http://preflight-webhook.monitoring:9917", Token: routing.Secret("webhook_token")},
		Routing:        notifications(),
		Urgent:         []string{"KubeDeploymentDown", "KubeNodeNotReady", "KubeVolumeFillingUp"},
	}
}

// Working hours in Berlin and nights in Seoul.
const (
	offHours   = "off-hours"
	seoulNight = "seoul-night"
)

func notifications() routing.Routing {
	critical, byService := `severity="critical"`, []string{"alertname", "cluster", "namespace"}
	r := routing.Routing{
		YAML: alertmanager,
		Receivers: []routing.Receiver{
			{Name: "pagerduty", PagerDuty: []routing.PagerDuty{{RoutingKey: routing.Secret("pagerduty"), YAML: `severity: '{{ .CommonLabels.severity }}'`}}},
			{Name: "on-call", Chats: []routing.Chat{{Telegram: "$CHAT"}, {Slack: "$ONCALL_CHANNEL"}}},
			{Name: "seoul", Chats: []routing.Chat{{Telegram: "$SEOUL_CHAT"}}, Language: "ko", TimeZone: "Asia/Seoul"},
		},
		Route: routing.Route{Routes: []routing.Route{
			{Match: critical, Receiver: "pagerduty", GroupBy: byService, GroupWait: "10s", GroupInterval: "1m", RepeatInterval: "4h", Continue: true},
			{Match: critical, Receiver: "on-call", GroupBy: byService, GroupWait: "10s", GroupInterval: "1m", RepeatInterval: "4h", Continue: true},
			{Match: `severity="warning", team="payments"`, Receiver: "seoul", GroupBy: byService, Mute: []string{seoulNight}, Continue: true},
		}},
		TimeIntervals: []routing.TimeInterval{
			{Name: offHours, Times: []string{"18:00-24:00", "00:00-09:00"}, Weekdays: []string{"monday:friday"}, Location: "Europe/Berlin"},
			{Name: offHours, Weekdays: []string{"saturday", "sunday"}, Location: "Europe/Berlin"},
			{Name: seoulNight, Times: []string{"22:00-24:00", "00:00-07:00"}, Location: "Asia/Seoul"},
			// The promises have hours of their own, so that a mistake in the others is found.
			{Name: "promised-off-hours", Times: []string{"00:00-09:00", "18:00-24:00"}, Weekdays: []string{"monday:friday"}, Location: "Europe/Berlin"},
			{Name: "promised-off-hours", Weekdays: []string{"saturday:sunday"}, Location: "Europe/Berlin"},
			{Name: "promised-seoul-night", Times: []string{"00:00-07:00", "22:00-24:00"}, Location: "Asia/Seoul"},
		},
		Promises: []routing.Promise{
			{Match: critical, Receiver: "pagerduty", GroupBy: byService, Gather: "10s", Within: "2m", Again: "4h1m", NotAgain: "4h", Resolved: true},
			{Match: critical, Receiver: "on-call", GroupBy: byService, Gather: "10s", Within: "2m", Again: "4h1m", NotAgain: "4h", Sound: routing.Loud, Resolved: true},
			{Match: critical + `, namespace=~"kube-.*|monitoring", team=""`, Receiver: "platform", Within: "6m", Resolved: true},
			{Match: `severity="warning", team="payments"`, Receiver: "seoul", Within: "6m", NotIn: []string{"promised-seoul-night"}, Resolved: true},
			{Match: `severity="info"`, Never: "seoul"},
			{Match: `severity=~"warning|info"`, Never: "pagerduty"},
			{Match: `severity="warning"`, Never: "null"},
		},
		// What the file held back before, and nothing else.
		Quiet: []routing.Quiet{
			{Match: `severity=~"warning|info"`, While: critical, Equal: []string{"namespace", "alertname"}},
			{Match: `severity="info"`, While: `alertname="InfoInhibitor"`, Equal: []string{"namespace"}},
		},
	}
	for _, team := range teams {
		match := fmt.Sprintf(`team=%q`, team)
		r.Receivers = append(r.Receivers, routing.Receiver{Name: "slack-" + team, Slack: []routing.Slack{{Channel: "#alerts-" + team, APIURL: routing.Secret("slack")}}})
		r.Route.Routes = append(r.Route.Routes, routing.Route{
			Match: match, Receiver: "slack-" + team, GroupBy: byService,
			Routes: []routing.Route{{Match: `severity="warning"`, Mute: []string{offHours}}, {Match: `severity="info"`, Receiver: "null"}},
		})
		r.Promises = append(r.Promises,
			routing.Promise{Match: match + `, severity="info"`, Never: "slack-" + team},
			routing.Promise{Match: match + `, severity="warning"`, Receiver: "slack-" + team, GroupBy: byService, Within: "6m", NotAgain: "12h", NotIn: []string{"promised-off-hours"}, Resolved: true},
			routing.Promise{Match: match + `, severity="critical"`, Receiver: "slack-" + team, GroupBy: byService, Within: "6m", NotAgain: "12h", Resolved: true},
		)
	}
	return r
}

func main() { codegen.Main(site("staging"), site("prod")) }
