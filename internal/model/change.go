package model

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/alertnative/preflight/rules"
)

// change applies the changes of a pack except Rename, which affects other
// packs.
func (r *resolver) change(p *pack) {
	for _, c := range p.Changes() {
		switch c := c.(type) {
		case preflight.Override:
			r.override(*p, c)
		case preflight.Without:
			r.without(p, c)
		case preflight.Labels:
			for _, a := range p.alerts() {
				addLabels(a, c)
			}
		case preflight.As:
			r.as(p, string(c))
		}
	}
}

// alerts returns pointers to the alerts of the pack.
func (p pack) alerts() []*rules.Alert {
	var out []*rules.Alert
	for g := range p.groups {
		for a := range p.groups[g].Alerts {
			out = append(out, &p.groups[g].Alerts[a])
		}
	}
	return out
}

func addLabels(a *rules.Alert, labels map[string]string) {
	writable(&a.Labels)
	maps.Copy(a.Labels, labels)
}

// named returns the alerts with the name. If there are none, it adds a finding.
func (r *resolver) named(p pack, change, name string) []*rules.Alert {
	var out []*rules.Alert
	var names []string
	for _, a := range p.alerts() {
		names = append(names, a.Name)
		if a.Name == name {
			out = append(out, a)
		}
	}
	if len(out) == 0 && !p.unread {
		r.findings = append(r.findings, finding.Finding{
			Code: finding.NothingChanged, Where: fmt.Sprintf("pack %q, %s", p.name, change),
			Reason: fmt.Sprintf("the pack has no alert %q", name), Suggestion: suggest.Nearest(name, names),
		})
	}
	return out
}

func (r *resolver) override(p pack, c preflight.Override) {
	for _, a := range r.named(p, "Override", c.Alert) {
		condition := fmt.Sprint(a.Expr, a.For, a.KeepFiringFor, a.Also)
		where := fmt.Sprintf("pack %q, Override of alert %q", p.name, c.Alert)
		if c.Threshold != "" {
			expr, err := withThreshold(a.Expr, c.Threshold)
			if err != nil {
				r.add(finding.NothingChanged, where, "Threshold: %v", err)
			} else {
				a.Expr = expr
			}
		}
		set := func(field *string, value string) {
			if value != "" {
				*field = value
			}
		}
		set(&a.Severity, c.Severity)
		set(&a.For, c.For)
		set(&a.KeepFiringFor, c.KeepFiringFor)
		if len(c.Labels) > 0 {
			addLabels(a, c.Labels)
		}
		translate(a, c.Translations)
		if c.Edit != nil {
			writable(&a.Labels)
			writable(&a.Annotations)
			writable(&a.Translations)
			c.Edit(a)
		}
		if a.Name != c.Alert {
			r.add(finding.NothingChanged, where, "Edit changes the name of the alert to %q: write an alert of that name instead", a.Name)
			a.Name = c.Alert
		}
		if fmt.Sprint(a.Expr, a.For, a.KeepFiringFor, a.Also) != condition {
			a.Scenarios = nil
		}
		a.Scenarios = append(a.Scenarios, copyScenarios(c.Scenarios)...)
		for d := range p.Dashboards {
			EachPanel(&p.Dashboards[d], func(q *dashgen.Panel) {
				if q.Alert == a.Name {
					*q = copyPanel(a.Panel)
					q.Alert = a.Name
				}
			})
		}
	}
}

// writable makes a map if it is nil.
func writable[V any](m *map[string]V) {
	if *m == nil {
		*m = map[string]V{}
	}
}

// translate replaces the texts of an alert by those of the translations.
func translate(a *rules.Alert, translations map[string]rules.Translation) {
	for language, t := range translations {
		writable(&a.Translations)
		own := a.Translations[language]
		for _, text := range []struct {
			to   *string
			from string
		}{
			{&own.Title, t.Title}, {&own.Summary, t.Summary}, {&own.Headline, t.Headline}, {&own.ListTitle, t.ListTitle}, {&own.About, t.About},
		} {
			if text.from != "" {
				*text.to = text.from
			}
		}
		if t.Actions != nil {
			own.Actions = slices.Clone(t.Actions)
		}
		a.Translations[language] = own
	}
}

// as renames the pack, its groups and dashboards. The last of several names
// applies.
func (r *resolver) as(p *pack, name string) {
	if name == "" {
		r.add(finding.NothingChanged, fmt.Sprintf("pack %q, As", p.name), "the name is empty: write the name of this use of the pack")
		return
	}
	before, again := p.name, p.name != p.Name
	named := func(old string) string {
		switch rest, own := strings.CutPrefix(old, before+"-"); {
		case old == before:
			return name
		case own && again:
			return name + "-" + rest
		}
		return name + "-" + old
	}
	p.name = name
	for g := range p.groups {
		p.groups[g].Name, p.groups[g].Pack = named(p.groups[g].Name), name
	}
	for d := range p.Dashboards {
		b := &p.Dashboards[d]
		b.UID = PlainUID(named(b.UID))
		if again {
			b.Title = strings.TrimSuffix(b.Title, " "+before)
		}
		b.Title += " " + name
	}
}

// number matches a threshold in PromQL: "0.25", "1e6", "5m", "2runs".
var number = regexp.MustCompile(`^-?([0-9]*\.)?[0-9]+(e[+-]?[0-9]+|[a-z]+)?$`)

// withThreshold replaces the number in the only comparison of the expression.
// "3runs" counts as a number.
func withThreshold(expr, threshold string) (string, error) {
	place, err := thresholdPlace(expr)
	if err != nil {
		return "", err
	}
	if !number.MatchString(threshold) {
		return "", fmt.Errorf("%q is not a number: write \"0.25\" or \"2runs\"", threshold)
	}
	return expr[:place.start] + threshold + expr[place.end:], nil
}

type place struct{ start, end int }

// thresholdPlace returns the position of the compared number in an expression.
func thresholdPlace(expr string) (place, error) {
	units := unitsOut(expr)
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(units)
	if err != nil {
		return place{}, fmt.Errorf("the condition does not parse: %w", err)
	}
	var found []place
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		b, ok := n.(*parser.BinaryExpr)
		if !ok || !b.Op.IsComparisonOperator() {
			return nil
		}
		side := b.RHS
		if u, ok := side.(*parser.UnaryExpr); ok {
			side = u.Expr
		}
		if lit, ok := side.(*parser.NumberLiteral); ok {
			at := place{int(lit.PositionRange().Start), int(lit.PositionRange().End)}
			if word := unit.FindStringIndex(expr[at.start:]); word != nil && word[0] == 0 {
				at.end = at.start + word[1] // "3runs" is longer than the duration that replaces it
			}
			found = append(found, at)
		}
		return nil
	})
	if len(found) != 1 {
		return place{}, fmt.Errorf("the condition compares with %d constants, not with exactly one: use Edit", len(found))
	}
	return found[0], nil
}

var unit = regexp.MustCompile(`\b([1-9][0-9]*)(runs?|scrapes?)\b`)

// unitsOut replaces "3runs" by a duration of the same length, so that positions
// do not change.
func unitsOut(expr string) string {
	return unit.ReplaceAllStringFunc(expr, func(m string) string {
		digits := strings.TrimRight(m, "runscape")
		out := digits + "s"
		return out + strings.Repeat(" ", len(m)-len(out))
	})
}
