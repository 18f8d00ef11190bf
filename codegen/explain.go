package codegen

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/webhook/message"
)

// explain is the command that says all about one alert.
type explain struct {
	name     string
	alert    *string
	language *string
}

func newExplain(app *kingpin.Application) explain {
	cmd := app.Command("explain", "Say all about one alert: its condition, who is told and when, the message, the panel, the runbook.")
	return explain{
		name:     cmd.FullCommand(),
		alert:    cmd.Arg("ALERT", "Its name.").Required().String(),
		language: cmd.Flag("language", "Of the message shown.").Default("en").Enum(message.Languages()...),
	}
}

func (e explain) run(pack Pack, addresses Endpoints, stdout io.Writer) (int, error) {
	pack = pack.sorted()
	var names []string
	for _, g := range pack.Groups {
		for _, a := range g.Alerts {
			if a.Name == *e.alert {
				return exitClean, e.explain(pack, addresses, g, a, stdout)
			}
			names = append(names, a.Name)
		}
	}
	hint := "the alerts are " + strings.Join(names, ", ")
	if near := suggest.Nearest(*e.alert, names); near != "" {
		hint = "did you mean " + near + "?"
	}
	return exitBroken, fmt.Errorf("there is no alert %q: %s", *e.alert, hint)
}

func (e explain) explain(p Pack, addresses Endpoints, g rules.Group, a rules.Alert, w io.Writer) error {
	ctx := p.context(addresses)
	labels := g.AlertLabels(a)
	labels[model.AlertNameLabel] = a.Name
	emitted, err := ctx.Rules(rules.Group{Name: g.Name, Labels: g.Labels, Alerts: []rules.Alert{a}})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s\n  %s\n", a.Name, a.About)
	for _, r := range emitted {
		fmt.Fprintf(w, "\nfires when\n%s\n", indent(r.Expr))
	}
	fmt.Fprintf(w, "\nevaluated every %s", model.Duration(p.interval(g)))
	if emitted[0].For > 0 {
		fmt.Fprintf(w, ", must hold for %s", emitted[0].For)
	}
	if emitted[0].KeepFiringFor > 0 {
		fmt.Fprintf(w, ", keeps firing for %s", emitted[0].KeepFiringFor)
	}
	fmt.Fprintf(w, "\nlabels    %s\n", e.labels(p, ctx, g, a))
	for _, route := range p.Routing.SetUp(addresses.integrations()).Find(labels) {
		receiver, _ := p.Routing.Receiver(route.Receiver)
		fmt.Fprintf(w, "route     %s, to %s: %s\n", routeName(route.Match), route.Receiver, told(receiver))
		fmt.Fprintf(w, "timing    grouped by %s; first after %s, changes every %s, repeated every %s\n", strings.Join(route.GroupBy, ", "),
			model.Duration(route.Timing.GroupWait), model.Duration(route.Timing.GroupInterval), model.Duration(route.Timing.Repeat))
	}
	for _, i := range p.Routing.Inhibit {
		if matches(i.Target, labels) {
			fmt.Fprintf(w, "silent    while %s fires with the same %s\n", routeName(i.Source), strings.Join(i.Equal, ", "))
		}
	}
	annotations := emitted[0].Annotations
	for _, link := range []struct{ word, name string }{{"panel", "dashboard_url"}, {"runbook", "runbook_url"}} {
		if url := annotations[link.name]; url != "" {
			fmt.Fprintf(w, "%-9s %s\n", link.word, url)
		}
	}
	for _, waiver := range a.Waivers {
		fmt.Fprintf(w, "waived    %s: %s\n", waiver.Code, waiver.Why)
	}
	if a.Priority == "" {
		return nil
	}
	return e.preview(p, g, a, annotations, w)
}

// labels lists the labels of the alert, with the values that are known.
func (e explain) labels(p Pack, ctx rules.Context, g rules.Group, a rules.Alert) string {
	checker, err := p.checker()
	if err != nil {
		return err.Error()
	}
	alerts, _ := p.alertFindings(checker, ctx)
	i := slices.IndexFunc(alerts, func(t typedAlert) bool { return t.Name == a.Name })
	var out []string
	for _, name := range alerts[i].labels.Names() {
		if v := alerts[i].labels.Pinned(name); v != "" {
			name += "=" + v
		}
		out = append(out, name)
	}
	return strings.Join(out, ", ")
}

// preview shows the message about the first instance that a scenario makes
// fire.
func (e explain) preview(p Pack, g rules.Group, a rules.Alert, annotations map[string]string, w io.Writer) error {
	formatter, err := message.New(message.Options{Language: *e.language})
	if err != nil {
		return err
	}
	for _, s := range a.Scenarios {
		for _, x := range s.Expect {
			if len(x.Firing) == 0 {
				continue
			}
			labels := g.AlertLabels(a)
			labels[model.AlertNameLabel] = a.Name
			maps.Copy(labels, p.ExternalLabels)
			maps.Copy(labels, x.Firing[0].Labels)
			kv := template.KV{}
			for name, text := range annotations {
				if given, ok := x.Firing[0].Texts[name]; ok {
					text = given
				}
				kv[name] = fill(text, labels)
			}
			at := time.Date(2026, 1, 2, 10, 0, 0, 0, time.UTC)
			messages, err := formatter.Format(message.Notice{
				Kind: message.Alert, Now: at,
				Items: []message.Item{{Alert: template.Alert{Status: "firing", Labels: template.KV(labels), Annotations: kv, StartsAt: at}}},
			})
			if err != nil {
				return err
			}
			for _, m := range messages {
				fmt.Fprintf(w, "\nmessage, in the scenario %q\n%s\n", s.Name, indent(m.Text()))
			}
			return nil
		}
	}
	return nil
}

var labelAction = regexp.MustCompile(`\{\{-?\s*\$labels\.(\w+)\s*-?\}\}`)

// fill replaces the actions of a template that name a label.
func fill(text string, labels map[string]string) string {
	return labelAction.ReplaceAllStringFunc(text, func(action string) string {
		return labels[labelAction.FindStringSubmatch(action)[1]]
	})
}

func matches(match []rules.Matcher, labels map[string]string) bool {
	return !slices.ContainsFunc(match, func(m rules.Matcher) bool { return labels[m.Label] != m.Value })
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ")
}
