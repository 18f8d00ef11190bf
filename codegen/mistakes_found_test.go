package codegen_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/site"
)

// reviewMistakes are mistakes that a review found.
var reviewMistakes = []mistake{
	{"AM010", "PreflightStale", in("PreflightStale", func(a *rules.Alert) { a.Severity = "P2" })},
	{"AM010", "RuleEvaluationFailing", in("RuleEvaluationFailing", func(a *rules.Alert) { a.Severity = "P3" })},
	{"AM010", `site, Levels "P1"`, func(s *preflight.Site) { s.Levels = map[string][]string{"P1": {"TargetDwn"}} }},
	{"AM010", `site, Levels "P11"`, func(s *preflight.Site) { s.Levels = map[string][]string{"P11": {"TargetDown"}} }},
	{"PQ061", "PreflightCheckFailed", limit("preflight")},
	{"AM007", "promise of", promise(p0System, func(x *routing.Promise) { x.Within = "2m" })},
	{"DF010", "PreflightFlapping", in("PreflightFlapping", func(a *rules.Alert) { a.About = replaced(a.About, "three times or more", "twice or more") })},
	{"DF010", "HistoryLagging", in("HistoryLagging", func(a *rules.Alert) { a.Summary = replaced(a.Summary, "over 15 minutes", "over half an hour") })},
	{"DF020", "PreflightSlow", in("PreflightSlow", func(a *rules.Alert) { a.Summary = replaced(a.Summary, "takes over", "takes under") })},
	{"DF021", "PreflightCheckFailed", in("PreflightCheckFailed", func(a *rules.Alert) { a.Summary = "{{ $labels.target }}: {{ $labels.check }} failed" })},
	{"DF021", "PreflightStale", inKorean("PreflightStale", "시작하지 말 것", "시작할 것")},
	{"DF021", "PreflightStale", inKorean("PreflightStale", "검사기", "수집기")},
	{"DF021", "HistoryLagging", inKorean("HistoryLagging", "이력", "메시지")},
	{"DF018", `job "prometheus"`, job("prometheus", func(j *preflight.Job) { j.Targets = []string{"prometheus:9091"} })},
	{"DF018", `job "alertmanager"`, job("alertmanager", func(j *preflight.Job) { j.YAML = "scrape_interval: 5m" })},
	{"AM009", "site, Webhook.Token", func(s *preflight.Site) { s.Webhook.Token = routing.Secret("telegram_bot_token") }},
	{"PQ060", "PreflightOutputFailing", in("PreflightOutputFailing", func(a *rules.Alert) {
		a.Labels = map[string]string{"seen": `{{ with . }}{{ printf "%.0f" .Value }}{{ end }}`}
	})},
	{"DF020", "panel 8", verdicts("FAIL", "PASS")},
	{"DF020", "PreflightSlow", inKorean("PreflightSlow", "를 초과", " 미만")},
	{"DF020", "PreflightFlapping", in("PreflightFlapping", func(a *rules.Alert) { a.About = replaced(a.About, "PreflightCheckFailed", "PreflightCheckWarned") })},
	{"DF020", `annotation "Preflight failed"`, board(func(d *dashgen.Dashboard) {
		d.Annotations[0].Expr = replaced(d.Annotations[0].Expr, "bool 0", "bool 1")
	})},
	{"DF017", "site", func(s *preflight.Site) { s.RunbookURL = "https://github.com/acme/ops/blob/main/runbooks" }},
	{"GR012", "UrgentUndelivered", in("UrgentUndelivered", func(a *rules.Alert) { a.Panel.Targets[0].Expr = "sum(up)" })},
	{"DF020", `metric "preflight_checker_config_last_reload_successful"`, help("preflight_checker_config_last_reload_successful",
		"1 when the last run went on with the configuration before, 0 when it could read its own.")},
	{"AM007", "promise of", promise(p0System, func(x *routing.Promise) { x.Again = "4h" })},
	{"AM007", "promise of", promise(p0System, func(x *routing.Promise) { x.NotAgain = "15m" })},
	{"PQ042", "TargetDown", in("TargetDown", func(a *rules.Alert) { a.For = "15s" })},
	{"PQ042", "TargetDown", job("webhook", func(j *preflight.Job) { j.Interval = "2m" })},
	{"PQ042", "PreflightMissing", in("PreflightMissing", func(a *rules.Alert) { a.For = "8m" })},
	{"GR005", "panel 12", query(12, "increase(", "rate(")},
	{"DF017", "site", func(s *preflight.Site) { s.Alertmanager.Addresses = []string{"alertmanager:9094"} }},
	{"DF017", "site", func(s *preflight.Site) { s.Alertmanager.Addresses = []string{"elsewhere:9090"} }},
	{"DF017", "site", func(s *preflight.Site) { s.Webhook.URL = "http://webhook:9916" }},
	{"DF017", "site", func(s *preflight.Site) { s.Webhook.URL = "http://preflight:9916" }},
	{"DF017", "site", func(s *preflight.Site) { s.RunbookURL = "https://github.com/acme/ops/blob/main/generated" }},
	{"DF017", "site", func(s *preflight.Site) { s.RunbookURL = "https://github.com/acme/ops/runbooks/README.md" }},
	{"DF017", "site", func(s *preflight.Site) { s.RunbookURL = "https://wiki.acme.example/runbooks?from=alert" }},
	{"DF014", "PreflightCheckFailed", in("PreflightCheckFailed", func(a *rules.Alert) { a.Reason = replaced(a.Reason, "[1d]", "[1m]") })},
	{"DF014", "PreflightCheckFailed", in("PreflightCheckFailed", func(a *rules.Alert) { a.Reason = replaced(a.Reason, "unless on ()", "and on ()") })},
	{"AM008", "PreflightCheckFailed", route(p0, func(r *routing.Route) { r.GroupBy = append(r.GroupBy, "target") })},
}

// inKorean changes a word in the Korean texts of an alert.
func inKorean(name, from, to string) change {
	return in(name, func(a *rules.Alert) {
		t := a.Translations["ko"]
		all := []*string{&t.Title, &t.Summary}
		for i := range t.Actions {
			all = append(all, &t.Actions[i])
		}
		for _, text := range all {
			*text = strings.ReplaceAll(*text, from, to)
		}
		a.Translations["ko"] = t
	})
}

// verdicts sets the texts of 1 and 0 on the panel of the last success.
func verdicts(one, zero string) change {
	return at(8, func(q *dashgen.Panel) {
		for i := range q.Mappings {
			q.Mappings[i].Text = map[float64]string{1: one, 0: zero}[q.Mappings[i].Value]
		}
	})
}

// right are correct changes similar to those mistakes.
var right = map[string]change{
	"a level lists an alert that the packs do not have": func(s *preflight.Site) { s.Levels["P2"] = append(s.Levels["P2"], "LedgerBehind") },
	"an alert waits two scrapes":                        in("ConfigReloadFailed", func(a *rules.Alert) { a.For = "1m" }),
	"Alertmanager is reached through a proxy":           func(s *preflight.Site) { s.Alertmanager.Addresses = []string{"proxy:8443"} },
	"a promise with some room":                          promise(p0System, func(x *routing.Promise) { x.Within, x.Again, x.NotAgain = "30s", "2h", "45m" }),
	"Prometheus on a port of its own":                   job("prometheus", func(j *preflight.Job) { j.Targets = []string{"prometheus:19090"} }),
	"a scrape interval in YAML":                         job("alertmanager", func(j *preflight.Job) { j.YAML = "scrape_interval: 30s" }),
	"other words of the verdict":                        verdicts("READY", "NOT READY"),
	"a prohibition in other words":                      inKorean("PreflightStale", "시작하지 말 것", "시작하면 안 됨"),
	"two Alertmanagers": func(s *preflight.Site) {
		job("alertmanager", func(j *preflight.Job) { j.Targets = []string{"am1:9093", "am1:9193"} })(s)
		s.Alertmanager.Addresses = []string{"am1:9093", "am1:9193"}
	},
	"the webhook behind a proxy": func(s *preflight.Site) { s.Webhook.URL = "https://hooks.acme.example" },
	"runbooks in a wiki":         func(s *preflight.Site) { s.RunbookURL = "https://wiki.acme.example/display/OPS/" },
	"runbooks in a generated subfolder": func(s *preflight.Site) {
		s.RunbookURL = "https://github.com/acme/ops/tree/main/generated/prod/runbooks"
	},
	"a group without an urgent alert has a limit": limit("performance"),
}

func TestSimilarCorrectChanges(t *testing.T) {
	t.Parallel()
	for name, plant := range right {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := clone(site.Site())
			plant(&s)
			if text := findings(t, s); text != "" {
				t.Error(text)
			}
		})
	}
}

func limit(group string) change {
	return func(s *preflight.Site) {
		groups := s.Packs[0].Groups
		groups[slices.IndexFunc(groups, func(g rules.Group) bool { return g.Name == group })].Limit = 5
	}
}
