package codegen_test

import (
	"slices"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/site"
)

// reviewMistakes are mistakes that a reviewer overlooked.
var reviewMistakes = []mistake{
	{"AM010", "PreflightStale", in("PreflightStale", func(a *rules.Alert) { a.Severity = "P2" })},
	{"AM010", "RuleEvaluationFailing", in("RuleEvaluationFailing", func(a *rules.Alert) { a.Severity = "P3" })},
	{"AM010", `site, Levels "P1"`, func(s *preflight.Site) { s.Levels = map[string][]string{"P1": {"TargetDwn"}} }},
	{"AM010", `site, Levels "P11"`, func(s *preflight.Site) { s.Levels = map[string][]string{"P11": {"TargetDown"}} }},
	{"PQ061", "PreflightCheckFailed", limit("preflight")},
	{"AM007", "promise of", promise(p0System, func(x *routing.Promise) { x.Within = "2m" })},
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

// right are changes that look like those mistakes and are none.
var right = map[string]change{
	"a level lists an alert that the packs do not have": func(s *preflight.Site) { s.Levels["P2"] = append(s.Levels["P2"], "LedgerBehind") },
	"an alert waits two scrapes":                        in("ConfigReloadFailed", func(a *rules.Alert) { a.For = "1m" }),
	"Alertmanager is reached through a proxy":           func(s *preflight.Site) { s.Alertmanager.Addresses = []string{"proxy:8443"} },
	"a promise with some room":                          promise(p0System, func(x *routing.Promise) { x.Within, x.Again, x.NotAgain = "30s", "2h", "45m" }),
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

func TestNearMissesAreClean(t *testing.T) {
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
