package codegen

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit/genfile"
	"github.com/alertnative/preflight/rules"
)

// lineage returns the page that shows, as pictures, which metric feeds which
// rule, whom the rule's alerts reach, and which panels show the metric. The
// pictures are Mermaid, which is drawn where Markdown is read.
func (p Pack) lineage(ctx rules.Context) ([]byte, error) {
	checker, err := p.checker()
	if err != nil {
		return nil, err
	}
	readers := p.readers(checker, ctx)
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- %s -->\n# Lineage\n\nFrom each metric to the people who are told, and to the panels that show it.\n",
		strings.TrimSpace(strings.TrimPrefix(genfile.Header, "#")))
	for _, g := range p.Groups {
		fmt.Fprintf(&b, "\n## Alerts of the group %s\n\n%s", g.Name, p.alertGraph(g, readers))
	}
	for _, d := range p.Dashboards {
		fmt.Fprintf(&b, "\n## Dashboard %s\n\n%s", d.Title, p.panelGraph(d.UID, readers))
	}
	p.lineageTable(&b, readers)
	return []byte(b.String()), nil
}

// graph collects the lines of a picture; each node is declared once.
type graph struct {
	ids   map[string]string
	lines []string
}

func (g *graph) node(kind, name, left, right string) string {
	key := kind + name
	if id, ok := g.ids[key]; ok {
		return id
	}
	if g.ids == nil {
		g.ids = map[string]string{}
	}
	id := fmt.Sprintf("%s%d", kind, len(g.ids)+1)
	g.ids[key] = id
	g.lines = append(g.lines, fmt.Sprintf("  %s%s\"%s\"%s", id, left, strings.ReplaceAll(name, `"`, "#quot;"), right))
	return id
}

func (g *graph) edge(from, to string) {
	if line := fmt.Sprintf("  %s --> %s", from, to); !slices.Contains(g.lines, line) {
		g.lines = append(g.lines, line)
	}
}

func (g *graph) String() string {
	return "```mermaid\nflowchart LR\n" + strings.Join(g.lines, "\n") + "\n```\n"
}

func (p Pack) alertGraph(group rules.Group, readers map[string][]reader) string {
	var g graph
	for _, a := range group.Alerts {
		alert := g.node("a", a.Name, "[", "]")
		for _, name := range slices.Sorted(maps.Keys(readers)) {
			if slices.Contains(readers[name], reader{alert: a.Name}) {
				g.edge(g.node("m", name, "([", "])"), alert)
			}
		}
		labels := group.AlertLabels(a)
		labels["alertname"] = a.Name
		for _, route := range p.Routing.Find(labels) {
			box := g.node("r", "route "+routeName(route.Match), "{{", "}}")
			g.edge(alert, box)
			g.edge(box, g.node("w", route.Receiver, "[/", "/]"))
		}
	}
	return g.String()
}

func (p Pack) panelGraph(uid string, readers map[string][]reader) string {
	var g graph
	for _, name := range slices.Sorted(maps.Keys(readers)) {
		for _, r := range readers[name] {
			if panel, ok := p.panel(uid, r.panel); ok && r.dashboard == uid && r.panel != 0 {
				g.edge(g.node("m", name, "([", "])"), g.node("p", fmt.Sprintf("%d %s", panel.ID, panel.Title), "[", "]"))
			}
		}
	}
	return g.String()
}

// lineageTable lists the pack's own metrics with what reads them, and why
// nothing reads some.
func (p Pack) lineageTable(b *strings.Builder, readers map[string][]reader) {
	b.WriteString("\n## Metrics and their readers\n\n| metric | alerts | panels |\n|---|---|---|\n")
	for _, d := range p.Metrics {
		var alerts, panels []string
		for _, r := range readers[d.Name] {
			switch {
			case r.alert != "" && !slices.Contains(alerts, r.alert):
				alerts = append(alerts, r.alert)
			case r.record != "":
				alerts = append(alerts, r.record)
			case r.panel != 0:
				if panel, ok := p.panel(r.dashboard, r.panel); ok {
					panels = append(panels, panel.Title)
				}
			}
		}
		if len(readers[d.Name]) == 0 {
			for _, w := range d.Waivers {
				if w.Code == finding.UnusedMetric {
					alerts = append(alerts, "none: "+w.Why)
				}
			}
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", d.Name, strings.Join(alerts, ", "), strings.Join(panels, ", "))
	}
}
