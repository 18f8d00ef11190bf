// Package pages writes the pages of a site for readers: lineage and runbooks.
package pages

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit/genfile"
	"github.com/alertnative/preflight/internal/lint/definitions"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/internal/proof/routes"
)

// Pages writes the pages of a site with proved routes.
type Pages struct {
	*definitions.Checked
	Routes routes.Proof
}

// Lineage returns a page of diagrams: which rules read a metric, which
// receivers get the rule's alerts, and which panels show the metric. The
// diagrams are in Mermaid, which Markdown viewers draw.
func (p Pages) Lineage() ([]byte, error) {
	readers := p.Readers()
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- %s -->\n# Lineage\n\nFrom each metric to the people who are notified, and to the panels that show it.\n",
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

// graph collects the lines of a diagram and declares each node once.
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

func (p Pages) alertGraph(group site.Group, readers map[string][]definitions.Reader) string {
	var g graph
	for i := range p.Alerts {
		a := &p.Alerts[i]
		if a.Group.Name != group.Name {
			continue
		}
		alert := g.node("a", a.Name, "[", "]")
		for _, name := range slices.Sorted(maps.Keys(readers)) {
			if slices.Contains(readers[name], definitions.Reader{Alert: a.Name}) {
				g.edge(g.node("m", name, "([", "])"), alert)
			}
		}
		for _, n := range p.Routes.Notified(a) {
			receiver := g.node("w", n.Receiver, "[/", "/]")
			if n.Labels == "" {
				g.edge(alert, receiver)
				continue
			}
			box := g.node("r", n.Labels, "{{", "}}")
			g.edge(alert, box)
			g.edge(box, receiver)
		}
	}
	return g.String()
}

// panels returns the panels of a dashboard by their ids.
func (p Pages) panels(uid string) map[int]string {
	out := map[int]string{}
	for _, d := range p.Dashboards {
		if d.UID != uid {
			continue
		}
		for _, q := range d.AllPanels() {
			out[q.ID] = q.Title
		}
	}
	return out
}

func (p Pages) panelGraph(uid string, readers map[string][]definitions.Reader) string {
	var g graph
	panels := p.panels(uid)
	for _, name := range slices.Sorted(maps.Keys(readers)) {
		for _, r := range readers[name] {
			if title, ok := panels[r.Panel]; ok && r.Dashboard == uid && r.Panel != 0 {
				g.edge(g.node("m", name, "([", "])"), g.node("p", fmt.Sprintf("%d %s", r.Panel, title), "[", "]"))
			}
		}
	}
	return g.String()
}

// lineageTable lists the packs' own metrics with their readers, or the reason
// for having none.
func (p Pages) lineageTable(b *strings.Builder, readers map[string][]definitions.Reader) {
	b.WriteString("\n## Metrics and their readers\n\n| metric | alerts | panels |\n|---|---|---|\n")
	for _, d := range p.Metrics {
		var alerts, panels []string
		for _, r := range readers[d.Name] {
			switch {
			case r.Alert != "" && !slices.Contains(alerts, r.Alert):
				alerts = append(alerts, r.Alert)
			case r.Record != "":
				alerts = append(alerts, r.Record)
			case r.Panel != 0:
				if title, ok := p.panels(r.Dashboard)[r.Panel]; ok {
					panels = append(panels, title)
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
