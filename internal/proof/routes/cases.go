package routes

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/emit/genfile"
	"github.com/alertnative/preflight/internal/proof/routetree"
)

// Case is an alert and its receivers, ordered by name.
type Case struct {
	Labels    map[string]string
	Receivers []string
}

// Cases implements [Proof]. The cases are the instances of scenarios; one
// instance more for each other way through the routes; alerts of the same names;
// and alerts of other sites with exactly the labels of a promise.
func (p *proof) Cases() []Case {
	var out, made []Case
	seen := map[string]bool{} // ways through the routes
	way := map[string]string{}
	for _, c := range p.cells {
		for _, piece := range c.pieces {
			one := Case{Labels: c.instance}
			for _, r := range piece.Routes {
				one.Receivers = append(one.Receivers, r.Receiver)
			}
			slices.Sort(one.Receivers)
			key := fmt.Sprint(c.name, c.Alert == nil, paths(piece.Routes))
			if c.instance != nil {
				seen[key] = true
				out = append(out, one)
				continue
			}
			one.Labels = map[string]string{}
			for name, value := range p.space.Witness(piece.Box, c.Alert != nil) {
				one.Labels[string(name)] = string(value)
			}
			way[one.String()] = key
			made = append(made, one)
		}
	}
	// The order of promises is irrelevant: the shortest alert stands for its way.
	slices.SortFunc(made, func(a, b Case) int {
		return cmp.Or(len(a.Labels)-len(b.Labels), cmp.Compare(a.String(), b.String()))
	})
	for _, one := range made {
		if key := way[one.String()]; !seen[key] {
			seen[key] = true
			out = append(out, one)
		}
	}
	return slices.CompactFunc(out, func(a, b Case) bool { return a.String() == b.String() })
}

// String returns the receivers and the labels as arguments of `amtool config
// routes test`.
func (c Case) String() string {
	line := []string{strings.Join(c.Receivers, ",")}
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		line = append(line, fmt.Sprintf("%s=%q", name, c.Labels[name]))
	}
	return strings.Join(line, " ")
}

// paths returns the numbers of routes.
func paths(routes []*routetree.Route) []int {
	var out []int
	for _, r := range routes {
		out = append(out, r.Index)
	}
	return out
}

// CasesFile returns the cases as a file. Each line has the receivers, then the
// labels as arguments of `amtool config routes test`.
func CasesFile(cases []Case) []byte {
	var lines []string
	for _, c := range cases {
		lines = append(lines, c.String())
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	return []byte(genfile.Header + "# receivers, then the labels of an alert that must reach them\n" + strings.Join(lines, "\n") + "\n")
}

// required returns an alert of another site with the labels that matchers
// require.
func required(ms labels.Matchers) map[string]string {
	out := map[string]string{model.AlertNameLabel: othersName}
	for _, m := range ms {
		if m.Type == labels.MatchEqual && m.Value != "" {
			out[m.Name] = m.Value
		}
	}
	return out
}
