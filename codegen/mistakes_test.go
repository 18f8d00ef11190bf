package codegen_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/alertmanager/config"

	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
)

// mistake is a slip that somebody could make in the shipped definitions, and
// the code that it must be found with, at the definition named.
type mistake struct {
	code, where string
	plant       func(p *codegen.Pack)
}

// in plants a mistake into an alert.
func in(alert string, change func(a *rules.Alert)) func(*codegen.Pack) {
	return func(p *codegen.Pack) {
		for g := range p.Groups {
			for a := range p.Groups[g].Alerts {
				if p.Groups[g].Alerts[a].Name == alert {
					change(&p.Groups[g].Alerts[a])
					return
				}
			}
		}
		panic("no alert " + alert)
	}
}

// expr gives an alert another expression.
func expr(alert, text string) func(*codegen.Pack) {
	return in(alert, func(a *rules.Alert) { a.Expr = text })
}

// edit changes a word of an alert's expression.
func edit(alert, from, to string) func(*codegen.Pack) {
	return in(alert, func(a *rules.Alert) { a.Expr = replaced(a.Expr, from, to) })
}

func replaced(text, from, to string) string {
	if !strings.Contains(text, from) {
		panic("no " + from + " in " + text)
	}
	return strings.ReplaceAll(text, from, to)
}

// at plants a mistake into a panel of the shipped dashboard.
func at(panel int, change func(q *dashgen.Panel)) func(*codegen.Pack) {
	return func(p *codegen.Pack) {
		d := &p.Dashboards[0]
		for _, list := range [][]dashgen.Panel{d.Panels, d.Rows[0].Panels} {
			for i := range list {
				if list[i].ID == panel {
					change(&list[i])
					return
				}
			}
		}
		panic(fmt.Sprint("no panel ", panel))
	}
}

// query changes a word of a panel's first expression.
func query(panel int, from, to string) func(*codegen.Pack) {
	return at(panel, func(q *dashgen.Panel) { q.Targets[0].Expr = replaced(q.Targets[0].Expr, from, to) })
}

// route plants a mistake into the routing.
func route(change func(r *rules.Routing)) func(*codegen.Pack) {
	return func(p *codegen.Pack) { change(&p.Routing) }
}

// record adds a recording rule.
func record(r rules.Record, more ...func(*codegen.Pack)) func(*codegen.Pack) {
	return func(p *codegen.Pack) {
		p.Groups[0].Records = append(p.Groups[0].Records, r)
		for _, m := range more {
			m(p)
		}
	}
}

var bySlow = rules.Record{Name: "env:slow:rate1h", Expr: `sum by (env) (rate(arbitrage_preflight_duration_seconds_sum[6runs]))`}

var mistakes = []mistake{
	{"PQ001", "PreflightStale", edit("PreflightStale", "> 3runs", ">")},
	{"PQ001", "PreflightSlow", edit("PreflightSlow", "0.95,", "0.95")},
	{"PQ001", "panel 16", query(16, "by (env) (", "by (env) ((")},
	{"PQ001", "TargetDown", in("TargetDown", func(a *rules.Alert) { a.Scenarios[0].Series[0].Values = "1y4" })},
	{"PQ002", "PreflightStale", edit("PreflightStale", "last_run", "latest_run")},
	{"PQ002", "RedisLatencyHigh", edit("RedisLatencyHigh", "_bucket", "_buckets")},
	{"PQ002", "panel 12", query(12, "checks_total", "check_total")},
	{"PQ002", "PreflightCheckFailed", in("PreflightCheckFailed", func(a *rules.Alert) { a.Counts = replaced(a.Counts, "check_status", "checks_status") })},
	{"PQ002", "TextfileScrapeError", edit("TextfileScrapeError", "node_textfile", "node_text")},
	{"PQ002", "TargetDown", in("TargetDown", func(a *rules.Alert) { a.Scenarios[0].Series[0].Name = `upp{job="prometheus"}` })},
	{"PQ003", "PreflightCheckFailed", edit("PreflightCheckFailed", "{status=", "{state=")},
	{"PQ003", "PreflightFlapping", edit("PreflightFlapping", "by (env)", "by (environment)")},
	{"PQ003", "NotificationsFailing", edit("NotificationsFailing", "(job, instance)", "(jobb, instance)")},
	{"PQ003", "PreflightMissing", edit("PreflightMissing", "{job=", "{jobs=")},
	{"PQ003", "PreflightFlapping", in("PreflightFlapping", func(a *rules.Alert) { a.Summary.EN = "{{ $externalLabels.clustr }}" })},
	{"PQ004", "PreflightCheckWarned", edit("PreflightCheckWarned", `"warn"`, `"warning"`)},
	{"PQ004", "PreflightMissing", edit("PreflightMissing", `job="node_exporter"`, `job="node-exporter"`)},
	{"PQ004", "TelegramFailing", edit("TelegramFailing", `"unreachable|dead"`, `"unreachable|gone"`)},
	{"PQ004", "panel 12", query(12, `status="fail"`, `status="skip"`)},
	{"PQ004", "PreflightCheckWarned", in("PreflightCheckWarned", func(a *rules.Alert) { a.Reason = replaced(a.Reason, "'warn'", "'wran'") })},
	{"PQ010", "WebhookBacklog", expr("WebhookBacklog", `max by (job, chat) (rate(preflight_webhook_backlog_age_seconds[5m])) > 300`)},
	{"PQ010", "RuleEvaluationFailing", edit("RuleEvaluationFailing", "increase(", "delta(")},
	{"PQ010", "NotificationsFailing", edit("NotificationsFailing", "increase(alert", "idelta(alert")},
	{"PQ011", "RuleEvaluationFailing", expr("RuleEvaluationFailing", `sum by (job, rule_group) (prometheus_rule_evaluation_failures_total) > 0`)},
	{"PQ011", "NotificationsFailing", expr("NotificationsFailing", `alertmanager_notifications_failed_total > 5`)},
	{"PQ012", "PreflightSlow", edit("PreflightSlow", "by (env, le)", "by (env)")},
	{"PQ012", "panel 11", query(11, "_bucket", "_count")},
	{"PQ012", "PostgresLatencyHigh", expr("PostgresLatencyHigh", `histogram_quantile(0.95, node_load1) > 0.5`)},
	{"PQ013", "WebhookBacklog", edit("WebhookBacklog", "age_seconds", "age_seconds_sum")},
	{"PQ013", "PreflightFlapping", edit("PreflightFlapping", "last_success", "last_success_count")},
	{"PQ020", "PreflightSlow", edit("PreflightSlow", "[6runs]", "[1run]")},
	{"PQ020", "PreflightFlapping", edit("PreflightFlapping", "[6runs]", "[5m]")},
	{"PQ021", "RuleEvaluationFailing", edit("RuleEvaluationFailing", "_total[5m]", `_total{job="prometheus"}[30s]`)},
	{"PQ021", "panel 5", query(5, "$__rate_interval", "15s")},
	{"PQ022", "PreflightFlapping", edit("PreflightFlapping", "[6runs]", "[6runs:2h]")},
	{"PQ030", "PreflightStale", in("PreflightStale", func(a *rules.Alert) { a.Summary.EN = "{{ $labels.check }} is stale" })},
	{"PQ030", "RuleEvaluationFailing", edit("RuleEvaluationFailing", "(job, rule_group)", "(job)")},
	{"PQ030", "PreflightFlapping", in("PreflightFlapping", func(a *rules.Alert) { a.Summary.KO = `{{ index $labels "instance" }}` })},
	{"PQ030", "Watchdog", in("Watchdog", func(a *rules.Alert) { a.Summary.EN = "{{ .Labels.job }}" })},
	{"PQ031", "RuleEvaluationFailing", expr("RuleEvaluationFailing", `sum by (job, rule_group) (sum by (job) (increase(prometheus_rule_evaluation_failures_total[5m]))) > 0`)},
	{"PQ031", "PreflightCheckWarned", edit("PreflightCheckWarned", "unless on (env, check)\n\t\t\t\t\tmax by (env, check)", "unless on (env, instance)\n\t\t\t\t\tmax by (env, check)")},
	{"PQ032", "PreflightCheckWarned", edit("PreflightCheckWarned", "unless on (env, check)", "unless")},
	{"PQ032", "panel 6", query(6, "/ max by (instance)", "/ max by (job)")},
	{"PQ032", "PreflightMissing", edit("PreflightMissing", "and on ()", "and")},
	{"PQ033", "TargetDown", in("TargetDown", func(a *rules.Alert) { a.Labels = map[string]string{"instance": "all"} })},
	{"PQ033", "PreflightStale", in("PreflightStale", func(a *rules.Alert) { a.Labels = map[string]string{"env": "paper"} })},
	{"PQ034", "PreflightSlow", record(bySlow, expr("PreflightSlow", `env:slow:rate1h{check="Database"} > 0.5`))},
	{"PQ040", "TargetDown", expr("TargetDown", "up < 0")},
	{"PQ040", "TextfileScrapeError", edit("TextfileScrapeError", "== 1", `{job="node_exporter",job="prometheus"} == 1`)},
	{"PQ040", "PreflightSlow", edit("PreflightSlow", "> 0.5", "> 10")},
	{"PQ040", "PreflightFlapping", expr("PreflightFlapping", `max by (env) (arbitrage_preflight_last_success) > 1`)},
	{"PQ040", "WebhookBacklog", expr("WebhookBacklog", `max by (job, chat) (preflight_webhook_backlog_age_seconds) > 300 < 60`)},
	{"PQ040", "WebhookBacklog", expr("WebhookBacklog", `preflight_webhook_backlog > 10 and preflight_webhook_backlog < 5`)},
	{"PQ040", "PreflightMissing", expr("PreflightMissing", `count by (env) (arbitrage_preflight_last_run_timestamp_seconds{env="ENV"}) == 0`)},
	{"PQ041", "PreflightFlapping", edit("PreflightFlapping", "> 2", "")},
	{"PQ041", "TargetDown", expr("TargetDown", "up >= 0")},
	{"PQ041", "RuleEvaluationFailing", edit("RuleEvaluationFailing", "> 0", ">= 0")},
	{"PQ041", "PreflightFlapping", edit("PreflightFlapping", "> 2", "> bool 2")},
	{"PQ042", "TargetDown", in("TargetDown", func(a *rules.Alert) { a.For = "5s" })},
	{"PQ043", "PreflightStale", expr("PreflightStale", `max by (env) (arbitrage_preflight_last_run_timestamp_seconds) > 3runs`)},
	{"PQ043", "WebhookBacklog", expr("WebhookBacklog", `max by (job, instance) (preflight_webhook_backlog_age_seconds) > max by (job, instance) (process_resident_memory_bytes)`)},
	{"PQ050", "PreflightMissing", edit("PreflightMissing", `{env="ENV"}`, "")},
	{"PQ050", "PreflightMissing", expr("PreflightMissing", `absent(max by (env) (arbitrage_preflight_last_run_timestamp_seconds{env="ENV"}))`)},
	{"PQ051", "NotificationsFailing", expr("NotificationsFailing", `avg by (job) (rate(alertmanager_notifications_failed_total[5m]) / ignoring (reason) group_left () rate(alertmanager_notifications_total[5m])) > 0.1`)},
	{"PQ051", "RuleEvaluationFailing", expr("RuleEvaluationFailing", `sum by (job, rule_group) (rate(prometheus_rule_evaluation_failures_total[5m])) / sum by (job, rule_group) (rate(prometheus_rule_evaluations_total[5m])) != 0`)},
	{"PQ052", "PreflightCheckFailed", edit("PreflightCheckFailed", `="fail"`, `=~"fail"`)},
	{"PQ052", "TargetDown", expr("TargetDown", `up{job=~".*"} == 0`)},
	{"PQ052", "TelegramFailing", edit("TelegramFailing", `"unreachable|dead"`, `"^(unreachable|dead)$"`)},
	{"PQ053", "TargetDown", func(p *codegen.Pack) {
		g := &p.Groups[slices.IndexFunc(p.Groups, func(g rules.Group) bool { return g.Name == "pipeline" })]
		g.Alerts = append(g.Alerts, g.Alerts[0])
	}},

	{"AM001", "PreflightFlapping", route(func(r *rules.Routing) { dropRoute(r, rules.Matcher{Label: "priority", Value: "P2"}) })},
	{"AM002", "P1", route(func(r *rules.Routing) {
		r.Routes = append([]rules.Route{{Match: []rules.Matcher{{Label: "priority", Value: "P1"}}, Receiver: rules.ReceiverHistory, GroupBy: []string{"env"}}}, r.Routes...)
	})},
	{"AM002", "Watchdgo", route(func(r *rules.Routing) { routeOf(r, "alertname", "Watchdog").Match[0].Value = "Watchdgo" })},
	{"AM002", "P9", route(func(r *rules.Routing) { routeOf(r, "priority", "P0").Match[0].Value = "P9" })},
	{"AM002", "pipelines", route(func(r *rules.Routing) { routeOf(r, "source", "pipeline").Match[0].Value = "pipelines" })},
	{"AM001", "the default route", route(func(r *rules.Routing) {
		r.Receivers = append(r.Receivers, rules.Receiver{Name: "nowhere"})
		r.Default.Receiver = "nowhere"
	})},
	{"AM001", "TargetDown", route(func(r *rules.Routing) { // a route for some of its jobs does not take the others
		routeOf(r, "source", "pipeline").Continue = false
		r.Routes = slices.DeleteFunc(r.Routes, func(x rules.Route) bool {
			return slices.Contains(x.Match, rules.Matcher{Label: "priority", Value: "P1"})
		})
	})},
	{"AM002", `{source="pipeline",priority="P0"}`, route(func(r *rules.Routing) { // nothing of the pipeline is a P0
		x := *routeOf(r, "priority", "P0")
		x.Match = append([]rules.Matcher{{Label: "source", Value: "pipeline"}}, x.Match...)
		r.Routes = slices.Insert(r.Routes, 0, x)
	})},
	{"AM002", `{alertname="TargetDown"}`, route(func(r *rules.Routing) { // two routes before take it, this one by job
		r.Routes = append(r.Routes, rules.Route{Match: []rules.Matcher{{Label: "alertname", Value: "TargetDown"}}, Receiver: rules.ReceiverHistory, GroupBy: r.Default.GroupBy, Timing: r.Default.Timing})
	})},
	{"AM002", "P3", route(func(r *rules.Routing) { // nobody promised anything of it, and nothing has it but what the pipeline's takes
		r.Promises = slices.DeleteFunc(r.Promises, func(x rules.Promise) bool {
			return slices.Equal(x.Of, []rules.Matcher{{Label: "priority", Value: "P3"}})
		})
	})},
	{"AM003", "the default route", route(func(r *rules.Routing) { r.Default.Receiver = "nobody" })},
	{"AM003", "P2", route(func(r *rules.Routing) { routeOf(r, "priority", "P2").MuteDuring = []string{"nights"} })},
	{"AM004", "P1", route(func(r *rules.Routing) { routeOf(r, "priority", "P1").GroupBy = []string{"envs"} })},
	{"AM005", "inhibition", route(func(r *rules.Routing) { r.Inhibit[0].Equal = []string{"check"} })},
	{"AM005", "inhibition", route(func(r *rules.Routing) { r.Inhibit[0].Source[0].Value = "PreflightFailed" })},
	{"AM006", "PreflightStale", in("PreflightStale", func(a *rules.Alert) { a.Summary.EN = "{{ $labels.env" })},
	{"AM006", "TargetDown", in("TargetDown", func(a *rules.Alert) { a.Summary.EN = "{{ $labels.job | upper }}" })},

	{"AM007", "PreflightCheckFailed", route(func(r *rules.Routing) { r.Promises = r.Promises[1 : len(r.Promises)-1] })},
	{"AM007", "TargetDown", route(func(r *rules.Routing) { // neither of two promises says more
		r.Promises = append(r.Promises, rules.Promise{Of: []rules.Matcher{{Label: "alertname", Value: "TargetDown"}}, Receiver: rules.ReceiverLoud})
	})},
	{"AM008", "PreflightCheckFailed", route(func(r *rules.Routing) { routeOf(r, "priority", "P0").Receiver = rules.ReceiverSilent })},
	{"AM008", "PreflightCheckFailed", route(func(r *rules.Routing) { routeOf(r, "priority", "P0").Timing.Repeat = 2 * time.Hour })},
	{"AM008", "PreflightCheckWarned", route(func(r *rules.Routing) { routeOf(r, "priority", "P1").GroupBy = []string{"env"} })},
	{"AM008", "TargetDown", route(func(r *rules.Routing) { r.Routes[0].Continue = false })},
	{"AM008", "WebhookBacklog", route(func(r *rules.Routing) { slices.Reverse(r.Routes) })},
	{"AM008", "PreflightSlow", route(func(r *rules.Routing) { muteP2(r) })},
	{"AM008", "PreflightFlapping", route(func(r *rules.Routing) { r.Inhibit = nil })},
	{"AM008", "PreflightFlapping", route(func(r *rules.Routing) { r.Inhibit[0].Equal = nil })},
	{"AM008", "PreflightSlow", route(func(r *rules.Routing) { r.Inhibit[0].Target[0].Value = "PreflightSlow" })},
	{"AM008", "alerts of others", route(func(r *rules.Routing) { r.Default.Receiver = rules.ReceiverHistory })},
	{"AM008", `promise of {alertname="Watchdgo"}`, route(func(r *rules.Routing) {
		promiseOf(r, rules.Matcher{Label: "alertname", Value: "Watchdog"}).Of[0].Value = "Watchdgo"
	})},
	{"AM008", "promise of quiet for PreflightFlaping", route(func(r *rules.Routing) { r.Quiet[0].Alert = "PreflightFlaping" })},

	{"GR001", "panel 1", at(2, func(q *dashgen.Panel) { q.ID = 1 })},
	{"GR002", "panel 2", at(2, func(q *dashgen.Panel) { q.Grid.X = 7 })},
	{"GR003", "panel 16", query(16, "$env", "$environment")},
	{"GR004", `variable "host"`, func(p *codegen.Pack) {
		d := &p.Dashboards[0]
		d.Variables = append(d.Variables, dashgen.Variable{Name: "host", Title: "Host", Description: "Where.", Series: "up", Label: "instance"})
	}},
	{"GR005", "panel 16", at(16, func(q *dashgen.Panel) { q.Unit = dashgen.Percent })},
	{"GR005", "panel 2", at(2, func(q *dashgen.Panel) { q.Unit = dashgen.Seconds })},
	{"GR006", "panel 16", at(16, func(q *dashgen.Panel) { q.Targets[0].Legend = "{{check}}" })},
	{"GR006", "panel 14", query(14, "max by (env, check, target, reason)", "max by (env, check, target)")},
	{"GR007", "panel 16", at(16, func(q *dashgen.Panel) { q.Show = nil })},
	{"GR008", "panel 16", at(16, func(q *dashgen.Panel) { q.Description = "" })},
	{"GR008", "panel 16", at(16, func(q *dashgen.Panel) { q.Unit = "" })},

	{"DF001", "TargetDown", in("TargetDown", func(a *rules.Alert) { a.Actions = nil })},
	{"DF001", "TargetDown", in("TargetDown", func(a *rules.Alert) { a.Summary = rules.Text{} })},
	{"DF001", "TargetDown", in("TargetDown", func(a *rules.Alert) { a.About = "" })},
	{"DF002", "arbitrage_preflight_idle_seconds", func(p *codegen.Pack) {
		p.Metrics = append(p.Metrics, metrics.Desc{Name: "arbitrage_preflight_idle_seconds", Type: metrics.Gauge, Unit: metrics.Seconds, Help: "Time."})
	}},
	{"DF003", "TargetDown", in("TargetDown", func(a *rules.Alert) { a.Scenarios = nil })},
	{"DF004", "RedisLatencyHigh", edit("RedisLatencyHigh", "> 0.5", "> 0.25")},
	{"DF004", "PreflightSlow", at(9, func(q *dashgen.Panel) { q.Thresholds = []dashgen.Threshold{{At: 0.3, Color: dashgen.Red}} })},
	{"DF005", "TargetDown", in("TargetDown", func(a *rules.Alert) { a.Waivers = []finding.Waiver{{Code: "PQ041", Why: "it must"}} })},
	{"DF005", "arbitrage_preflight_build_info", func(p *codegen.Pack) {
		i := slices.IndexFunc(p.Metrics, func(d metrics.Desc) bool { return d.Name == "arbitrage_preflight_build_info" })
		p.Metrics[i].Waivers = []finding.Waiver{{Code: "DF002"}}
	}},
}

// routeOf finds the first route that starts with that matcher.
func routeOf(r *rules.Routing, label, value string) *rules.Route {
	i := slices.IndexFunc(r.Routes, func(x rules.Route) bool { return x.Match[0] == rules.Matcher{Label: label, Value: value} })
	return &r.Routes[i]
}

func dropRoute(r *rules.Routing, m rules.Matcher) {
	r.Routes = slices.DeleteFunc(r.Routes, func(x rules.Route) bool { return len(x.Match) == 1 && x.Match[0] == m })
}

// Every mistake is found where it was planted, and with its code.
func TestPlantedMistakesAreFound(t *testing.T) {
	t.Parallel()
	if len(mistakes) < 60 {
		t.Fatalf("only %d mistakes", len(mistakes))
	}
	for i, m := range mistakes {
		t.Run(fmt.Sprintf("%s/%d", m.code, i), func(t *testing.T) {
			t.Parallel()
			pack := codegen.Preflight()
			m.plant(&pack)
			err := pack.Check(pack.Endpoints)
			if err == nil {
				t.Fatalf("no finding, want %s at %s", m.code, m.where)
			}
			for line := range strings.Lines(err.Error()) {
				if place, _, ok := strings.Cut(line, ": "+m.code+": "); ok && strings.Contains(place, m.where) {
					return
				}
			}
			t.Errorf("want %s at %s, got:\n%v", m.code, m.where, err)
		})
	}
}

// The definitions as they are shipped give no finding.
func TestShippedDefinitionsAreClean(t *testing.T) {
	t.Parallel()
	pack := codegen.Preflight()
	if err := pack.Check(pack.Endpoints); err != nil {
		t.Error(err)
	}
}

// A waived finding does not count.
func TestWaivedFindings(t *testing.T) {
	t.Parallel()
	pack := codegen.Preflight()
	in("TargetDown", func(a *rules.Alert) {
		a.Expr = "up >= 0"
		a.Waivers = []finding.Waiver{{Code: "PQ041", Why: "a drill"}}
	})(&pack)
	if err := pack.Check(pack.Endpoints); err != nil {
		t.Error(err)
	}
}

// Muted routes are in the file that Alertmanager loads.
func TestRoutesCanBeMuted(t *testing.T) {
	t.Parallel()
	pack := codegen.Preflight()
	pack.Routing.Intervals = []rules.Interval{{
		Name: "nights", Times: []rules.TimeRange{{From: "22:00", To: "24:00"}}, Weekdays: []string{"monday:friday"}, Location: "Asia/Seoul",
	}}
	routeOf(&pack.Routing, "priority", "P2").MuteDuring = []string{"nights"}
	promiseOf(&pack.Routing, p2).MuteDuring = []string{"nights"}
	files, err := pack.Generate(pack.Endpoints)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(files, func(f codegen.File) bool { return f.Path == "alertmanager/alertmanager.yml" })
	loaded, err := config.Load(string(files[i].Data))
	if err != nil {
		t.Fatal(err)
	}
	var mute []string
	for _, r := range loaded.Route.Routes {
		mute = append(mute, r.MuteTimeIntervals...)
	}
	if !slices.Equal(mute, []string{"nights"}) {
		t.Errorf("routes are mute in %v", mute)
	}
	monday := time.Date(2026, 1, 5, 13, 30, 0, 0, time.UTC) // 22:30 in Seoul
	if night := loaded.TimeIntervals[0].TimeIntervals[0]; !night.ContainsTime(monday) || night.ContainsTime(monday.Add(-time.Hour)) {
		t.Errorf("the interval is %+v", night)
	}
}

// The order in which things are defined means nothing: a hundred packs whose
// definitions were shuffled make the same bytes.
func TestShuffledDefinitionsMakeTheSameFiles(t *testing.T) {
	t.Parallel()
	want, err := codegen.Preflight().Generate(codegen.Preflight().Endpoints)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(100) {
		pack := codegen.Preflight()
		shuffle(&pack, rand.New(rand.NewPCG(seed, 0)))
		got, err := pack.Generate(pack.Endpoints)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(want, got) {
			t.Fatalf("seed %d: (-want +got):\n%s", seed, cmp.Diff(want, got))
		}
	}
}

// shuffle moves everything whose order means nothing.
func shuffle(p *codegen.Pack, r *rand.Rand) {
	mix(r, p.Metrics)
	mix(r, p.Exporters)
	mix(r, p.Jobs)
	mix(r, p.Envs)
	mix(r, p.Groups)
	for _, g := range p.Groups {
		mix(r, g.Alerts)
	}
	mix(r, p.Routing.Receivers)
	mix(r, p.Routing.Inhibit)
	mix(r, p.Dashboards)
}

func mix[T any](r *rand.Rand, list []T) {
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}
