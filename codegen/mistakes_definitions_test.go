package codegen_test

import (
	"slices"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// definitionMistakes are mistakes in alerts, packs and the site.
var definitionMistakes = []mistake{
	{"DF001", "TargetDown", expr("TargetDown", "")},
	{"DF001", "targetDown", in("TargetDown", func(a *rules.Alert) { a.Name = "targetDown" })},
	{"DF001", "TextfileScrapeError", in("TextfileScrapeError", func(a *rules.Alert) { a.Also = []rules.Condition{{Expr: "up == 1"}} })},
	{"DF002", "arbitrage_preflight_idle_seconds", addIdle},
	{"DF003", "TextfileScrapeError", scenario("TextfileScrapeError", rules.Quiet("0m"), rules.Quiet("1m"))},
	{"DF003", "TextfileScrapeError", scenario("TextfileScrapeError", rules.Fires("6m", textfileLabels))},
	{"DF003", "PreflightFlapping", in("PreflightFlapping", func(a *rules.Alert) { a.Untested = "not possible" })},
	{"DF004", "RedisLatencyHigh", edit("RedisLatencyHigh", "> 0.5", "> 0.25")},
	{"DF004", "PreflightSlow", at(9, func(q *dashgen.Panel) { q.Thresholds = []dashgen.Threshold{{At: 0.3, Color: dashgen.Red}} })},
	{"DF005", "TargetDown", in("TargetDown", waiveAlways)},
	{"DF005", "arbitrage_preflight_build_info", func(s *preflight.Site) {
		i := slices.IndexFunc(s.Packs[0].Metrics, func(d metrics.Desc) bool { return d.Name == "arbitrage_preflight_build_info" })
		s.Packs[0].Metrics[i].Waivers = []finding.Waiver{{Code: finding.UnusedMetric}}
	}},
	{"DF006", "TargetDown", in("TargetDown", func(a *rules.Alert) { a.Severity = "P11" })},
	{"DF006", "TargetDown", in("TargetDown", func(a *rules.Alert) { a.Severity = "" })},
	{"DF007", `alert "TargetDown"`, clashing(`up{job="webhook"} == 1`, nil)},
	{"DF007", `metric "up"`, addMetric(metrics.Desc{Name: "up", Type: metrics.Gauge, Help: "One."}, metrics.Desc{Name: "up", Type: metrics.Gauge, Help: "Two."})},
	{"DF007", `job "webhook"`, job("preflight", func(j *preflight.Job) { j.Name = "webhook" })},
	{"DF008", `pack "pipeline", Without`, with(preflight.Without{Alert: "TargetDwn", Why: "a slip"})},
	{"DF009", "site", func(s *preflight.Site) { s.Outputs = []preflight.Output{preflight.VMAlert{}} }},
	{"DF010", "RedisLatencyHigh", in("RedisLatencyHigh", func(a *rules.Alert) { a.Summary = replaced(a.Summary, "{{ $threshold }}", "250 ms") })},
	{"DF010", "HistoryLagging", korean("HistoryLagging", func(t *rules.Translation) { t.Summary = replaced(t.Summary, "15분", "5시간") })},
	{"DF010", "PreflightSlow", in("PreflightSlow", func(a *rules.Alert) { a.About = replaced(a.About, "95th", "99th") })},
	{"DF010", "PreflightStale", in("PreflightStale", func(a *rules.Alert) { a.Summary = replaced(a.Summary, "three", "two") })},
	{"DF010", "PreflightStale", korean("PreflightStale", func(t *rules.Translation) { t.Summary = replaced(t.Summary, "세", "두") })},
	{"DF010", "PreflightFlapping", in("PreflightFlapping", func(a *rules.Alert) { a.About = replaced(a.About, "three times", "two times") })},
	{"DF010", "PreflightFlapping", in("PreflightFlapping", func(a *rules.Alert) { a.About = replaced(a.About, "within six", "within three") })},
	{"DF010", "PreflightFlapping", in("PreflightFlapping", func(a *rules.Alert) { a.Actions[1] = replaced(a.Actions[1], "six runs", "seven runs") })},
	{"DF010", "WebhookBacklog", in("WebhookBacklog", func(a *rules.Alert) { a.Summary = replaced(a.Summary, "five minutes", "ten minutes") })},
	{"DF010", "HistoryLagging", in("HistoryLagging", func(a *rules.Alert) { a.Summary = replaced(a.Summary, "15", "5") })}, // 5 minutes is its For
	{"DF010", "HistoryLagging", in("HistoryLagging", func(a *rules.Alert) { a.Summary = replaced(a.Summary, "over 15", "more than 5") })},
	{"DF010", "panel 9", at(9, func(q *dashgen.Panel) { q.Description = replaced(q.Description, "500 ms", "5 s") })},
	{"DF010", "panel 9", at(9, func(q *dashgen.Panel) { q.Description = replaced(q.Description, "95", "99") })},
	{"DF010", "panel 9", at(9, func(q *dashgen.Panel) { q.Description = replaced(q.Description, "last six", "last three") })},
	{"DF010", "panel 9", at(9, func(q *dashgen.Panel) { q.Description = replaced(q.Description, "fewer than two", "fewer than four") })},
	{"DF010", "panel 3", at(3, func(q *dashgen.Panel) { q.Description = replaced(q.Description, "10 s", "30 s") })},
	{"DF010", "panel 12", at(12, func(q *dashgen.Panel) { q.Description = replaced(q.Description, "24 hours", "12 hours") })},
	{"DF010", "panel 12", at(12, func(q *dashgen.Panel) { q.Title = replaced(q.Title, "24 h", "7 d") })},
	{"DF010", "panel 16", at(16, func(q *dashgen.Panel) { q.Description = replaced(q.Description, "two run", "four run") })},
	{"DF021", "HistoryLagging", in("HistoryLagging", func(a *rules.Alert) { a.Summary = replaced(a.Summary, "15", "5") })},
	{"DF021", "WebhookBacklog", korean("WebhookBacklog", func(t *rules.Translation) { t.Summary = replaced(t.Summary, "5분", "5초") })},
	{"DF021", "PreflightStale", korean("PreflightStale", func(t *rules.Translation) { t.Summary = replaced(t.Summary, "세 주기", "두 주기") })},
	{"DF021", "PreflightFlapping", korean("PreflightFlapping", func(t *rules.Translation) { t.Actions[1] = replaced(t.Actions[1], "여섯", "두") })},
	{"DF021", "PreflightFlapping", in("PreflightFlapping", func(a *rules.Alert) { a.Actions[1] = replaced(a.Actions[1], "six", "two") })},
	{"DF021", "PreflightCheckWarned", korean("PreflightCheckWarned", func(t *rules.Translation) { t.Summary = replaced(t.Summary, "경고", "실패") })},
	{"DF021", "PreflightCheckWarned", korean("PreflightCheckWarned", func(t *rules.Translation) { t.Title = "프리플라이트 실패" })},
	{"DF021", "PreflightCheckWarned", korean("PreflightCheckWarned", func(t *rules.Translation) { t.ListTitle = "실패한 점검" })},
	{"DF021", "PreflightCheckFailed", korean("PreflightCheckFailed", func(t *rules.Translation) { t.Headline = replaced(t.Headline, "실패", "경고") })},
	{"DF021", "SpoolNotWritable", korean("SpoolNotWritable", func(t *rules.Translation) { t.Actions[1] = replaced(t.Actions[1], "불필요", "필요") })},
	{"DF021", "MessagesAmbiguous", korean("MessagesAmbiguous", func(t *rules.Translation) { t.Actions[0] = replaced(t.Actions[0], "불필요", "필요") })},
	{"DF021", "PreflightCheckWarned", korean("PreflightCheckWarned", func(t *rules.Translation) {
		t.Actions[0] = replaced(t.Actions[0], "필요합니다", "필요하지 않습니다")
	})},
	{"DF022", "PreflightStale", korean("PreflightMissing", func(t *rules.Translation) { t.Title = "프리플라이트 중단" })},
	{"DF022", "PreflightCheckWarned", korean("PreflightCheckWarned", func(t *rules.Translation) { t.Title = "프리플라이트 실패" })},
	{"DF022", redisLatency, help(postgresLatency, "How long Redis took to answer PING, connecting included.")},
	{"DF020", postgresLatency, help(postgresLatency, "How long Redis took to answer PING, connecting included.")},
	{"DF020", "preflight_webhook_spool_writable", help("preflight_webhook_spool_writable", "1 when the last write to the spool failed, else 0.")},
	{"DF020", "preflight_checker_config_last_reload_successful", help("preflight_checker_config_last_reload_successful", "1 when the last run could not read its configuration, 0 when it could.")},
	{"DF020", "arbitrage_preflight_ready_for_live", help("arbitrage_preflight_ready_for_live", "1 when the last run executed every check for real and some failed, else 0.")},
	{"DF013", "TargetDown", korean("TargetDown", func(t *rules.Translation) { t.Summary = replaced(t.Summary, "$labels.job", "$labels.instance") })},
	{"DF013", "RedisLatencyHigh", korean("RedisLatencyHigh", func(t *rules.Translation) { t.Title = "PostgreSQL 지연 시간 높음" })},
	{"DF020", "TelegramFailing", in("TelegramFailing", func(a *rules.Alert) { a.Summary = replaced(a.Summary, "$labels.chat", "$labels.state") })},
	{"DF020", "arbitrage_preflight_last_success", func(s *preflight.Site) {
		i := slices.IndexFunc(s.Packs[0].Metrics, func(d metrics.Desc) bool { return d.Name == "arbitrage_preflight_last_success" })
		s.Packs[0].Metrics[i].Help = "0 when the last run passed."
	}},
	{"DF011", "exporter", func(s *preflight.Site) {
		s.Packs[0].Exporters = append(s.Packs[0].Exporters, metrics.Exporters("node_exportr")...)
	}},
	{"DF012", "exposition", func(s *preflight.Site) {
		s.Packs[0].Exporters = append(s.Packs[0].Exporters, metrics.Exposition("# TYPE a gauge\na{\n")...)
	}},
	{"DF013", "TargetDown", in("TargetDown", func(a *rules.Alert) { a.Actions = nil })},
	{"DF013", "TargetDown", in("TargetDown", func(a *rules.Alert) { a.Summary = "" })},
	{"DF013", "TargetDown", korean("TargetDown", func(t *rules.Translation) { t.Title = "" })},
	{"DF014", "TextfileScrapeError", scenario("TextfileScrapeError", rules.Quiet("0m"), rules.Fires("5m", textfileLabels))},
	{"DF014", "PreflightFlapping", edit("PreflightFlapping", "> 2", "> 1")},
	{"DF014", "PreflightFlapping", edit("PreflightFlapping", "6runs", "7runs")},
	{"DF014", "TextfileScrapeError", in("TextfileScrapeError", func(a *rules.Alert) { a.For = "2m" })},
	{"DF015", "TextfileScrapeError", all(
		series("TextfileScrapeError", "0x4 1x5 0x5", "0x4 1x5"), scenario("TextfileScrapeError", rules.Quiet("5m"), rules.Fires("14m", textfileLabels)))},
	{"DF016", "PreflightFlapping", board(func(d *dashgen.Dashboard) {
		row := &d.Rows[0]
		row.Panels = slices.DeleteFunc(row.Panels, func(q dashgen.Panel) bool { return q.Alert == "PreflightFlapping" })
	})},
	{"DF017", "site", func(s *preflight.Site) { s.RunbookURL = "generated/runbooks" }},
	{"DF017", "site", func(s *preflight.Site) { s.Webhook.URL = "webhook:9917" }},
	{"DF017", "site", func(s *preflight.Site) { s.Webhook.URL = "http://webhook:9917/api" }},
	{"DF017", "site", func(s *preflight.Site) { s.Grafana.URL = "localhost" }},
	{"DF017", "site", func(s *preflight.Site) { s.Alertmanager.Addresses = nil }},
	{"DF017", "site", func(s *preflight.Site) { s.Alertmanager.Addresses = []string{"alertmanager"} }},
	{"DF017", "site", func(s *preflight.Site) { s.Name = "" }},
	{"DF017", "site", func(s *preflight.Site) { s.Envs = []string{"Paper"} }},
	{"DF017", "PreflightMissing", func(s *preflight.Site) { s.Envs = nil }},
	{"DF018", `job "webhook"`, job("webhook", func(j *preflight.Job) { j.Targets = []string{"webhook:9093"} })},
	{"DF018", `job "node_exporter"`, job("node_exporter", func(j *preflight.Job) { j.Interval = "5m" })},
	{"DF018", "PreflightStale", in("PreflightStale", func(a *rules.Alert) { a.HoldWhileDown = "node" })},
	{"DF019", "TargetDown", in("TargetDown", func(a *rules.Alert) { a.For = "a minute" })},
	{"DF019", "P2", route(p2, func(r *routing.Route) { r.Match = `priority=P2"` })},
	{"DF019", "promise of", promise(p0System, func(x *routing.Promise) { x.Within = "soon" })},
	{"DF019", "job", job("webhook", func(j *preflight.Job) { j.YAML = "scheme: [" })},
	{"DF019", "scenario", scenario("TextfileScrapeError", rules.Quiet("0m"), rules.Quiet("later"))},
	{"DF023", `alert "PreflightMissing", expr`, edit("PreflightMissing", `env="ENV"`, `env="paper"`)},
	{"DF023", `alert "PreflightMissing", expr`, in("PreflightMissing", func(a *rules.Alert) { a.PerEnv = false })},
	{"DF023", `alert "TextfileScrapeError", expr`, in("TextfileScrapeError", func(a *rules.Alert) {
		a.Also = []rules.Condition{{Severity: "P1", Expr: `label_replace(node_textfile_scrape_error, "env", "ENV", "", "") > 2`}}
	})},
	{"DF023", `record "env:fails:max"`, record(rules.Record{Name: "env:fails:max", Expr: `max(arbitrage_preflight_last_success{env=~"ENV|x"})`})},
	{"DF023", `alert "Drill", panel`, func(s *preflight.Site) { // on a generated board
		a := rules.Alert{Name: "Drill", Severity: "P2", Expr: `up{job="webhook"} == 0`, Untested: "an example"}
		a.Panel.Targets = []dashgen.Target{{Expr: `arbitrage_preflight_last_success{env="ENV"}`}}
		s.Packs = append(s.Packs, preflight.Pack{Name: "mine", Groups: []rules.Group{{Name: "mine", Alerts: []rules.Alert{a}}}})
	}},
	{"DF023", "panel 16", query(16, `env=~"$env"`, `env="ENV"`)},
	{"DF007", `alert "PreflightMissing"`, in("PreflightMissing", func(a *rules.Alert) { a.Labels = map[string]string{"env": "x"} })},
	{"DF019", "Config", func(s *preflight.Site) { s.Packs[0] = tradingWith("/nosuch/preflight.yml") }},
}

func waiveAlways(a *rules.Alert) {
	a.Waivers = []finding.Waiver{{Code: finding.AlwaysFires, Why: "a drill"}}
}

const textfileLabels = `job="node_exporter", instance="node-exporter:9100"`

// scenario replaces the expectations of an alert's first scenario.
func scenario(name string, expect ...rules.Expect) change {
	return in(name, func(a *rules.Alert) { a.Scenarios = a.Scenarios[:1]; a.Scenarios[0].Expect = expect })
}

func addMetric(list ...metrics.Desc) change {
	return func(s *preflight.Site) { s.Packs[0].Metrics = append(s.Packs[0].Metrics, list...) }
}

// with changes the pipeline pack.
func with(changes ...preflight.Change) change {
	return func(s *preflight.Site) { s.Packs[1] = s.Packs[1].With(changes...) }
}
