package codegen

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit/texts"
	"github.com/alertnative/preflight/internal/lint/definitions"
	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/alertnative/preflight/internal/proof/routes"
	"github.com/alertnative/preflight/internal/proof/verdict"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/message"
)

// explain is the command that shows everything about one alert.
type explain struct {
	name     string
	alert    *string
	language *string
	format   *string
}

func newExplain(app *kingpin.Application) explain {
	cmd := app.Command("explain", "Show everything about one alert: its condition, receivers and delays, message, panel and runbook.")
	return explain{
		name:     cmd.FullCommand(),
		alert:    cmd.Arg("ALERT", "Its name.").Required().String(),
		language: cmd.Flag("language", "Language of the message.").Default("en").Enum(message.Languages()...),
		format:   cmd.Flag("format", "text, or json for programs.").Default("text").Enum("text", "json"),
	}
}

// explanation is the output of explain with --format=json.
type explanation struct {
	Site       string               `json:"site"`
	Alert      string               `json:"alert"`
	About      string               `json:"about,omitempty"`
	Severity   string               `json:"severity,omitempty"`
	Urgent     bool                 `json:"urgent"`
	Envs       []string             `json:"envs,omitempty"` // each has a condition; the output has the first
	Conditions []explainedCondition `json:"conditions"`
	Interval   string               `json:"interval"`
	Keep       string               `json:"keep_firing_for,omitempty"`
	Labels     map[string]string    `json:"labels"` // a value that differs between instances is ""
	Sent       []explainedRoute     `json:"sent"`
	Dashboard  string               `json:"dashboard_url,omitempty"`
	Runbook    string               `json:"runbook_url,omitempty"`
	Waived     map[string]string    `json:"waived,omitempty"`
	Scenario   string               `json:"scenario,omitempty"`
	Messages   []string             `json:"messages,omitempty"`
}

type explainedCondition struct {
	Severity string `json:"severity,omitempty"`
	Env      string `json:"env,omitempty"`
	Expr     string `json:"expr"`
	For      string `json:"for,omitempty"`
}

type explainedRoute struct {
	Receiver       string   `json:"receiver"`
	Means          string   `json:"means,omitempty"`
	Labels         string   `json:"labels,omitempty"` // labels of the instances, "" for most instances
	GroupBy        []string `json:"group_by"`
	GroupWait      string   `json:"group_wait"`
	GroupInterval  string   `json:"group_interval"`
	RepeatInterval string   `json:"repeat_interval"`
	Mute           []string `json:"mute,omitempty"`
	Active         []string `json:"active,omitempty"`
	Suppressed     string   `json:"suppressed,omitempty"`
	Promises       []string `json:"promises,omitempty"` // that bind this notification; all of them hold
}

func (e explain) run(ctx context.Context, sites []preflight.Site, stdout, stderr io.Writer) (int, error) {
	var names []string
	var found []explanation
	for _, s := range sites {
		p, err := prove(ctx, s, verdict.Options{})
		if ctx.Err() != nil {
			return exitBroken, errors.New("interrupted")
		}
		if err != nil {
			fmt.Fprintln(stderr, located(err))
			return exitFindings, nil
		}
		for i := range p.Alerts {
			a := &p.Alerts[i]
			names = append(names, a.Name)
			if a.Name != *e.alert {
				continue
			}
			x, err := e.explain(p, a)
			if err != nil {
				return exitBroken, err
			}
			found = append(found, x)
		}
	}
	if len(found) == 0 {
		hint := "the alerts are " + strings.Join(slices.Compact(slices.Sorted(slices.Values(names))), ", ")
		if near := suggest.Nearest(*e.alert, names); near != "" {
			hint = "did you mean " + near + "?"
		}
		return exitBroken, fmt.Errorf("there is no alert %q: %s", *e.alert, hint)
	}
	if *e.format == "json" {
		enc := json.NewEncoder(stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return exitClean, enc.Encode(found)
	}
	for i, x := range found {
		if i > 0 {
			fmt.Fprintln(stdout)
		}
		x.write(stdout, len(sites) > 1)
	}
	return exitClean, nil
}

func (e explain) explain(p *proved, a *definitions.Alert) (explanation, error) {
	emitted, err := p.AlertRules(a.Group, a.Alert)
	if err != nil {
		return explanation{}, err
	}
	x := explanation{
		Site: p.Name, Alert: a.Name, About: p.About(a.Group, a.Alert), Severity: a.Severity, Urgent: p.IsUrgent(a.Severity),
		Interval: model.Duration(p.Interval(a.Group)).String(), Labels: map[string]string{}, Waived: map[string]string{},
		Dashboard: emitted[0].Annotations[api.Dashboard], Runbook: emitted[0].Annotations[api.RunbookURL],
	}
	if emitted[0].KeepFiringFor > 0 {
		x.Keep = emitted[0].KeepFiringFor.String()
	}
	if a.PerEnv {
		x.Envs = p.Envs
	}
	for i, cond := range p.Conditions(a.Group, a.Alert, true) {
		if cond.Env != "" && cond.Env != p.Envs[0] {
			continue
		}
		shown := explainedCondition{Severity: cond.Labels[p.Scale.Label], Env: cond.Env, Expr: emitted[i].Expr}
		if emitted[i].For > 0 {
			shown.For = emitted[i].For.String()
		}
		x.Conditions = append(x.Conditions, shown)
	}
	for _, name := range a.Labels.Names() {
		x.Labels[name] = a.Labels.Pinned(name)
	}
	for _, n := range p.Routes.Notified(a) {
		x.Sent = append(x.Sent, explainedRouteOf(n))
	}
	for _, w := range a.Waivers {
		x.Waived[string(w.Code)] = w.Why
	}
	if a.Severity != "" {
		x.Scenario, x.Messages, err = e.preview(p, a, emitted[0].Annotations)
	}
	return x, err
}

func explainedRouteOf(n routes.Notification) explainedRoute {
	wait := func(d time.Duration) string { return model.Duration(d).String() }
	return explainedRoute{
		Receiver: n.Receiver, Means: n.Means, Labels: n.Labels, GroupBy: n.GroupBy, GroupWait: wait(n.GroupWait),
		GroupInterval: wait(n.GroupInterval), RepeatInterval: wait(n.Repeat), Mute: n.Mute, Active: n.Active, Suppressed: n.Suppressed, Promises: n.Promises,
	}
}

// preview returns the message about the first instance that fires in a
// scenario.
func (e explain) preview(p *proved, a *definitions.Alert, annotations map[string]string) (string, []string, error) {
	file := p.WebhookConfig(false)
	formatter, err := message.New(message.Options{Language: *e.language, Severities: file.Severities, Remedies: file.Remedies})
	if err != nil {
		return "", nil, err
	}
	firing := p.Firing(a.Group, a.Alert)
	if len(firing) == 0 {
		return "", nil, nil
	}
	scenario, said := p.firstSaid(a.Scenarios)
	labels := firing[0]
	for name, value := range p.External() {
		if _, ok := labels[name]; !ok {
			labels[name] = value
		}
	}
	kv := template.KV{}
	for _, name := range slices.Sorted(maps.Keys(annotations)) {
		text, given := said[name]
		if !given {
			text, _, _ = texts.Fill(annotations[name], labels) // a text that cannot be expanded is shown unchanged
		}
		kv[name] = text
	}
	at := time.Date(2026, 1, 2, 10, 0, 0, 0, time.UTC)
	messages, err := formatter.Format(message.Notice{
		Kind: message.Alert, Now: at,
		Items: []message.Item{{Alert: template.Alert{Status: "firing", Labels: template.KV(labels), Annotations: kv, StartsAt: at}}},
	})
	var out []string
	for _, m := range messages {
		out = append(out, m.Document.Plain())
	}
	return scenario, out, err
}

// firstSaid returns the first scenario with a firing instance, and its texts
// for that instance.
func (p *proved) firstSaid(list []rules.Scenario) (string, map[string]string) {
	for _, s := range list {
		for _, e := range s.Expect {
			if e = p.InEnv(e); len(e.Instances) > 0 {
				return s.Name, e.Instances[0].Texts
			}
		}
	}
	return "", nil
}

// write writes an explanation as text.
func (x explanation) write(w io.Writer, named bool) {
	fmt.Fprint(w, x.Alert)
	if named {
		fmt.Fprintf(w, " of the site %s", x.Site)
	}
	fmt.Fprintln(w)
	if x.About != "" {
		fmt.Fprintf(w, "  %s\n", finding.Text(x.About))
	}
	for _, c := range x.Conditions {
		fmt.Fprint(w, "\nfires when")
		if len(x.Conditions) > 1 {
			fmt.Fprintf(w, ", with the severity %s", c.Severity)
		}
		if c.Env != "" {
			fmt.Fprintf(w, ", in each environment (%s), here in %s", strings.Join(x.Envs, ", "), c.Env)
		}
		fmt.Fprintf(w, "\n%s\n", indent(finding.Text(c.Expr)))
		if c.For != "" {
			fmt.Fprintf(w, "    for %s\n", c.For)
		}
	}
	fmt.Fprintf(w, "\nevaluated every %s", x.Interval)
	if x.Keep != "" {
		fmt.Fprintf(w, ", keeps firing for %s", x.Keep)
	}
	var labels []string
	for _, name := range slices.Sorted(maps.Keys(x.Labels)) {
		if v := x.Labels[name]; v != "" {
			name += "=" + finding.Value(v)
		}
		labels = append(labels, name)
	}
	fmt.Fprintf(w, "\nlabels    %s\n", strings.Join(labels, ", "))
	for _, r := range x.Sent {
		fmt.Fprintf(w, "sent to   %s", finding.Value(r.Receiver))
		if r.Labels != "" {
			fmt.Fprintf(w, " with %s", finding.Line(r.Labels))
		}
		if r.Means != "" {
			fmt.Fprintf(w, ": %s", finding.Line(r.Means))
		}
		fmt.Fprintf(w, "\n          grouped by %s; first after %s, changes every %s, repeated every %s\n",
			finding.Line(strings.Join(r.GroupBy, ", ")), r.GroupWait, r.GroupInterval, r.RepeatInterval)
		if r.Suppressed != "" {
			fmt.Fprintf(w, "          not sent %s\n", finding.Line(r.Suppressed))
		}
		for _, promise := range r.Promises {
			fmt.Fprintf(w, "          promised: %s\n", finding.Line(promise))
		}
	}
	for _, link := range []struct{ word, url string }{{"panel", x.Dashboard}, {"runbook", x.Runbook}} {
		if link.url != "" {
			fmt.Fprintf(w, "%-9s %s\n", link.word, link.url)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(x.Waived)) {
		fmt.Fprintf(w, "waived    %s: %s\n", code, x.Waived[code])
	}
	for _, m := range x.Messages {
		fmt.Fprintf(w, "\nmessage, in the scenario %q\n%s\n", x.Scenario, indent(m))
	}
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ")
}
