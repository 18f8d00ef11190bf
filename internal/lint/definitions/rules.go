package definitions

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/emit/texts"
	"github.com/alertnative/preflight/internal/lint/suggest"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/promcheck"
	"github.com/alertnative/preflight/rules"
)

// records checks the recording rules and defines their results in the checker.
func (c *Checked) records() []finding.Finding {
	var out []finding.Finding
	for g, r := range c.Records {
		t, found := c.Checker.Rule(&promcheck.Rule{
			Where: fmt.Sprintf("record %q", r.Name), Record: r.Name, Expr: c.Timing.Expand(r.Expr), Labels: c.RecordLabels(g, r), Interval: c.Interval(g),
		})
		out = append(out, found...)
		out = append(out, c.scenarios(fmt.Sprintf("record %q", r.Name), r.Scenarios, rules.Expect.MisuseInRecord)...)
		c.Checker.Define(r.Name, t)
	}
	return out
}

// alerts checks the rules of all alerts, their texts and scenarios. It omits
// the clause of HoldWhileDown, which has the labels of all alerts.
func (c *Checked) alerts() []finding.Finding {
	var out []finding.Finding
	var all []*promcheck.Rule
	ofAlerts := map[string]bool{} // rules that read ALERTS
	for g, a := range c.Context.Alerts {
		if a.Expr == "" {
			continue // its type is unknown
		}
		typed := Alert{Alert: a, Group: g, Where: fmt.Sprintf("alert %q", a.Name)}
		conditions := c.Conditions(g, a, false)
		if len(conditions) == 0 {
			out = append(out, finding.Finding{
				Code: finding.BadSite, Where: typed.Where,
				Reason: "it is PerEnv, and the site has no Envs: no rule would be written; name the environments in the site",
			})
			continue
		}
		for i, cond := range conditions {
			if a.PerEnv && cond.Env != c.Envs[0] {
				continue // it differs only in the environment
			}
			wait, _ := c.Duration(cond.For) // emission reports a bad duration
			r := &promcheck.Rule{
				Where: typed.Where, Alert: a.Name, Expr: cond.Expr, Labels: cond.Labels, Annotations: c.Annotations(g, a, cond),
				For: wait, Interval: c.Interval(g),
			}
			t, found := c.Checker.Rule(r)
			ofAlerts[typed.Where] = ofAlerts[typed.Where] || c.Checker.Metrics(cond.Expr)["ALERTS"]
			out, all = append(out, withoutValue(found)...), append(all, r)
			if i == 0 {
				out = append(out, c.about(typed, t)...)
			}
			if i > 0 {
				t.Labels = typed.Labels.Union(t.Labels)
			}
			typed.Labels = t.Labels
		}
		if a.PerEnv && len(c.Envs) > 1 {
			typed.Labels = typed.Labels.Set("env", "")
			for name, value := range c.AlertLabels(g, a) {
				if namesEnv(value) {
					typed.Labels = typed.Labels.Set(name, "")
				}
			}
		}
		typed.Labels = typed.Labels.Set(model.AlertNameLabel, a.Name)
		for name, value := range c.External() {
			if !typed.Labels.Can(name) {
				typed.Labels = typed.Labels.Set(name, value)
			}
		}
		c.Alerts = append(c.Alerts, typed)
		out = append(out, c.scenarios(typed.Where, a.Scenarios, rules.Expect.MisuseInAlert)...)
	}
	out = slices.DeleteFunc(out, func(f finding.Finding) bool { return ofAlerts[f.Where] && c.followsFromName(f) })
	for _, d := range c.Checker.Duplicates(all) {
		out = append(out, d.Finding)
	}
	return append(out, c.limits()...)
}

// withoutValue explains variables for numbers that the alert does not have.
func withoutValue(found []finding.Finding) []finding.Finding {
	for i, f := range found {
		name, unknown := strings.CutPrefix(f.Reason, "there is no variable ")
		if f.Code != finding.BadTemplate || !unknown {
			continue
		}
		if reason, ours := texts.Missing()[name]; ours {
			found[i].Reason = reason
		} else if f.Suggestion == "" {
			found[i].Suggestion = suggest.Nearest(name, slices.Sorted(maps.Keys(texts.Missing())))
		}
	}
	return found
}

// about checks the text About like a template of a message. Runbook and
// dashboard show it.
func (c *Checked) about(a Alert, t promcheck.Type) []finding.Finding {
	found := withoutValue(c.Checker.Template(a.Where, c.AboutTemplate(a.Group, a.Alert), t))
	for i := range found {
		found[i].Part = "About"
	}
	return found
}

// limits reports groups whose limit may remove an urgent alert: a rule with
// more instances fails and has none.
func (c *Checked) limits() []finding.Finding {
	var out []finding.Finding
	for _, a := range c.Alerts {
		if a.Group.Limit > 0 && c.IsUrgent(a.Severity) {
			out = append(out, finding.Finding{
				Code: finding.UrgentLimit, Where: a.Where,
				Reason: fmt.Sprintf("its group has a limit of %d: with more instances Prometheus drops all of them; move the alert to a group without a limit", a.Group.Limit),
			})
		}
	}
	return out
}

// scenarios checks the series of scenarios and their expectations. misuse
// explains why the rule cannot have an expectation. A series of ALERTS may be
// of any alert, including those of packs that the site does not use.
func (c *Checked) scenarios(where string, list []rules.Scenario, misuse func(rules.Expect) string) []finding.Finding {
	var out []finding.Finding
	for _, s := range list {
		place := fmt.Sprintf("%s, scenario %q", where, s.Name)
		for _, e := range s.Expect {
			if _, err := c.Duration(e.At); err != nil || e.At == "" {
				out = append(out, finding.Finding{Code: finding.Unreadable, Where: place, Text: e.At, To: len(e.At),
					Reason: "a moment is missing or cannot be read: write \"10m\" or \"3runs+1m\""})
			}
			if reason := misuse(e); reason != "" {
				out = append(out, finding.Finding{Code: finding.Unreadable, Where: place, Reason: fmt.Sprintf("at %s: %s", e.At, reason)})
			}
		}
		for _, in := range c.SeriesOf(s) {
			found := c.Checker.Series(place, in.Series, in.Values)
			if strings.HasPrefix(in.Series, "ALERTS{") {
				found = slices.DeleteFunc(found, func(f finding.Finding) bool {
					return (f.Code == finding.UnknownLabel || f.Code == finding.UnknownValue) && f.Suggestion == ""
				})
			}
			out = append(out, found...)
		}
	}
	return out
}

// alertsType returns the type of ALERTS with the labels of all alerts.
func (c *Checked) alertsType() promcheck.Type {
	var labels promcheck.Labels
	for i, a := range c.Alerts {
		l := a.Labels.Set("alertstate", "")
		if i > 0 {
			l = labels.Union(l)
		}
		labels = l
	}
	for _, level := range c.LevelNames() { // URGENT has levels without an alert too
		if labels.Can(c.Scale.Label) {
			labels = labels.Union(labels.Set(c.Scale.Label, level))
		}
	}
	return promcheck.AlertsType(labels)
}

// held checks the clauses of HoldWhileDown.
func (c *Checked) held() []finding.Finding {
	var out []finding.Finding
	for g, a := range c.Context.Alerts {
		if a.HoldWhileDown == "" {
			continue
		}
		where := fmt.Sprintf("alert %q", a.Name)
		if len(c.JobNames()) > 0 && !slices.Contains(c.JobNames(), a.HoldWhileDown) {
			out = append(out, finding.Finding{Code: finding.BadJob, Where: where,
				Reason: fmt.Sprintf("HoldWhileDown: the site has no job %q (the jobs are %s)", a.HoldWhileDown, strings.Join(c.JobNames(), ", "))})
			continue
		}
		before := map[string]bool{}
		for _, cond := range first(c.Conditions(g, a, false)) {
			_, found := c.Checker.Expr(where, cond.Expr)
			for _, f := range found {
				before[f.Reason] = true
			}
		}
		for _, cond := range first(c.Conditions(g, a, true)) {
			_, found := c.Checker.Expr(where+", HoldWhileDown", cond.Expr)
			for _, f := range found {
				if !before[f.Reason] {
					out = append(out, f)
				}
			}
		}
	}
	return out
}

// first returns the conditions of the first environment. Those of the others
// differ only in its name.
func first(list []emit.Condition) []emit.Condition {
	return slices.DeleteFunc(list, func(c emit.Condition) bool { return c.Env != list[0].Env })
}

// metrics reports the packs' metrics that break naming rules, and those that
// could not be read.
func (c *Checked) metrics() []finding.Finding {
	var out []finding.Finding
	for _, d := range c.Metrics {
		problems, _ := d.Validate().(interface{ Unwrap() []error })
		if problems == nil {
			continue
		}
		where := fmt.Sprintf("metric %q", d.Name)
		for _, err := range problems.Unwrap() {
			out = append(out, finding.Finding{Code: finding.Unreadable, Where: where, Reason: strings.TrimPrefix(err.Error(), where+": ")})
		}
	}
	return out
}

// expressions returns the distinct conditions of an alert, for one environment.
func (c *Checked) expressions(g site.Group, a rules.Alert, held bool) []string {
	var out []string
	for _, cond := range c.Conditions(g, a, held) {
		if a.PerEnv && cond.Env != c.Envs[0] {
			continue
		}
		out = append(out, cond.Expr)
	}
	return out
}
