package rulelint

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// Reasons for not reading rules of another kind.
const (
	isGrafana = "Grafana-managed alert rules: their queries are inside the model of a panel"
	isAPI     = "an answer of Prometheus's API: lint the rule file"
)

// recognise names a document without rules, with the command that checks it, or
// returns "".
func recognise(n *yaml.Node) string {
	has := func(keys ...string) bool {
		for _, key := range keys {
			if child(n, key) == nil {
				return false
			}
		}
		return true
	}
	kind := text(child(n, "kind"))
	switch {
	case kind == "GrafanaAlertRuleGroup" || kind == "AlertRule":
		return isGrafana
	case has("route", "receivers") || has("receivers", "inhibit_rules"):
		return "a configuration of Alertmanager: " + advice["alertmanager"]
	case kind == "AlertmanagerConfig":
		return "routes of Alertmanager: " + advice["alertmanager"]
	case has("tests") && (has("rule_files") || has("evaluation_interval")):
		return "a test of rules: " + advice["test"]
	case isChartTest(n):
		return "a test of a Helm chart"
	case has("scrape_configs") || has("global", "rule_files") || has("scrape_config_files"):
		return "a configuration of Prometheus: " + advice["prometheus"]
	case has("panels", "schemaVersion") || has("panels", "templating") || has("dashboard") && child(child(n, "dashboard"), "panels") != nil,
		kind == "Dashboard" || kind == "GrafanaDashboard":
		return "a dashboard of Grafana: " + advice["dashboard"]
	case has("status", "data") && child(child(n, "data"), "groups") != nil:
		return isAPI
	case kind != "" && has("apiVersion"):
		return fmt.Sprintf("a %s of Kubernetes without rules", kind)
	}
	return ""
}

// isChartTest reports whether a document is a suite of helm-unittest. The same
// rules are in its values and its assertions.
func isChartTest(n *yaml.Node) bool {
	return child(n, "tests") != nil && (child(n, "suite") != nil || child(n, "templates") != nil)
}

// advice names the command for each kind of file that lint does not check.
var advice = map[string]string{
	"alertmanager": "amtool check-config checks it",
	"test":         "preflight-gen mutate measures it, and promtool test rules runs it",
	"prometheus":   "promtool check config checks it; lint the files that its rule_files name",
	"dashboard":    "lint checks rule files only",
}

// grafanaGroups reports whether a node holds the groups of Grafana's own
// alerting, in the format of its provisioning.
func grafanaGroups(n *yaml.Node) bool {
	for _, g := range list(n) {
		for _, r := range list(child(g, "rules")) {
			if child(r, "condition") != nil && child(r, "data") != nil {
				return true
			}
		}
	}
	return false
}

// grafana adds the rules of Grafana as unread.
func (s *source) grafana(groups *yaml.Node) {
	for _, g := range list(groups) {
		for _, r := range list(child(g, "rules")) {
			r = deref(r)
			s.rules = append(s.rules, &rule{line: r.Line, unread: isGrafana})
		}
	}
}
