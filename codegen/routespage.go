package codegen

import (
	"cmp"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/emit/genfile"
	"github.com/alertnative/preflight/internal/proof/routetree"
	"github.com/alertnative/preflight/rules"
)

//go:embed routes.md.tmpl
var routesText string

// tests returns a line for each alert that amtool should ask about: the receivers
// promised in the order of their names, then the labels, as
// `amtool config routes test` takes them. Those are the instances of scenarios,
// one more for each way that labels can lead, namesakes, and alerts with just
// the labels of a promise.
func (r *routeProof) tests() []byte {
	var lines []string
	told := map[string]bool{}
	for i, s := range r.sent {
		promises := r.promises[i]
		if len(promises) == 0 || s.labels[model.AlertNameLabel] == othersName && len(promises[0].Of) != len(s.labels)-1 {
			continue
		}
		key := r.deciding(s)
		if s.made && told[key] {
			continue
		}
		told[key] = true
		var receivers []string
		for _, x := range promises {
			receivers = append(receivers, x.Receiver)
		}
		slices.Sort(receivers)
		line := []string{strings.Join(receivers, ",")}
		for _, name := range slices.Sorted(maps.Keys(s.labels)) {
			line = append(line, fmt.Sprintf("%s=%q", name, s.labels[name]))
		}
		lines = append(lines, strings.Join(line, " "))
	}
	slices.Sort(lines)
	return []byte(genfile.Header + "# receivers, then the labels of an alert that must reach them\n" + strings.Join(lines, "\n") + "\n")
}

// deciding are the values of the labels of an alert that routes ask for.
func (r *routeProof) deciding(s sent) string {
	var out []string
	for _, name := range r.deciders {
		out = append(out, strconv.Quote(s.labels[name]))
	}
	return strings.Join(out, ",")
}

// routeRow is a line of the page: one thing that becomes of an alert.
type routeRow struct {
	Alert, Labels string
	Priority      rules.Priority
	routetree.Delivery
	Silent string // when it is not told
}

// routesPage is what becomes of the alerts of the pack, and of others.
type routesPage struct {
	Rows, Others []routeRow
	Receivers    []rules.Receiver
	Intervals    []rules.Interval
}

// page returns the page that says what becomes of each alert, as Alertmanager
// reads the generated file.
func (r *routeProof) page() ([]byte, error) {
	page := routesPage{Receivers: r.routing.Receivers, Intervals: r.routing.Intervals}
	byAlert := map[*typedAlert][]sent{}
	var alerts []*typedAlert
	for _, s := range r.sent {
		if s.typedAlert == nil {
			continue
		}
		if byAlert[s.typedAlert] == nil {
			alerts = append(alerts, s.typedAlert)
		}
		byAlert[s.typedAlert] = append(byAlert[s.typedAlert], s)
	}
	slices.SortStableFunc(alerts, func(a, b *typedAlert) int {
		return cmp.Or(cmp.Compare(urgency(a), urgency(b)), cmp.Compare(a.Name, b.Name))
	})
	for _, a := range alerts {
		page.Rows = append(page.Rows, r.rows(a, byAlert[a])...)
	}
	for _, x := range r.routing.Promises {
		if x.Also || slices.ContainsFunc(x.Of, func(m rules.Matcher) bool { return m.Label == model.AlertNameLabel }) {
			continue
		}
		alert := model.LabelSet{model.AlertNameLabel: othersName}
		for _, m := range x.Of {
			alert[model.LabelName(m.Label)] = model.LabelValue(m.Value)
		}
		of := "none of these"
		if len(x.Of) > 0 {
			of = "`" + strings.Trim(routeName(x.Of), "{}") + "`"
		}
		for _, d := range r.tree.Deliveries(alert) {
			page.Others = append(page.Others, routeRow{Labels: of, Delivery: d})
		}
	}
	return render("routes", routesText, page)
}

// rows are what becomes of an alert: of most of its instances first, then of
// those that go elsewhere, with the labels that make the difference.
func (r *routeProof) rows(a *typedAlert, all []sent) []routeRow {
	outcomes := map[string][]sent{}
	var order []string
	for _, s := range all {
		o := r.tree.Outcome(s.set())
		if outcomes[o] == nil {
			order = append(order, o)
		}
		outcomes[o] = append(outcomes[o], s)
	}
	slices.SortStableFunc(order, func(x, y string) int {
		return cmp.Or(len(outcomes[y])-len(outcomes[x]), cmp.Compare(x, y))
	})
	var out []routeRow
	for i, o := range order {
		labels := ""
		if i > 0 {
			labels = r.special(outcomes[o], all)
		}
		for _, d := range r.tree.Deliveries(outcomes[o][0].set()) {
			out = append(out, routeRow{Alert: a.Name, Labels: labels, Priority: a.Priority, Delivery: d, Silent: r.silent(a, d)})
		}
	}
	return out
}

// special names the labels whose values tell some instances of an alert from
// all of them.
func (r *routeProof) special(some, all []sent) string {
	var out []string
	for _, name := range r.deciders {
		if mine := values(some, name); len(mine) < len(values(all, name)) {
			out = append(out, fmt.Sprintf("%s=%q", name, strings.Join(mine, "|")))
		}
	}
	return strings.Join(out, ", ")
}

func values(list []sent, label string) []string {
	set := map[string]bool{}
	for _, s := range list {
		set[s.labels[label]] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// silent says when an alert is not told: times, and alerts that inhibit it.
func (r *routeProof) silent(a *typedAlert, d routetree.Delivery) string {
	var out []string
	if len(d.Mute) > 0 {
		out = append(out, "in "+strings.Join(d.Mute, ", "))
	}
	if len(d.Active) > 0 {
		out = append(out, "but in "+strings.Join(d.Active, ", "))
	}
	for _, rule := range r.tree.Inhibits {
		if len(r.matching(labels.Matchers(rule.TargetMatchers), a)) == 0 {
			continue
		}
		sources := r.matching(labels.Matchers(rule.SourceMatchers), nil)
		if len(sources) == 0 {
			continue
		}
		text := fmt.Sprintf("while %s fires", strings.Join(sources, " or "))
		if len(rule.Equal) > 0 {
			text += " with the same " + strings.Join(rule.Equal, ", ")
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

// matching names the alerts of the pack, or the one, of which an instance
// matches.
func (r *routeProof) matching(ms labels.Matchers, only *typedAlert) []string {
	set := map[string]bool{}
	for i, s := range r.sent {
		if s.typedAlert != nil && (only == nil || s.typedAlert == only) && ms.Matches(r.proof.Cases[i].Labels) {
			set[s.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// urgency orders alerts, those without a priority last.
func urgency(a *typedAlert) int {
	if at := slices.Index(rules.Priorities(), a.Priority); at >= 0 {
		return at
	}
	return len(rules.Priorities())
}
