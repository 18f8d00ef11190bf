package routes

import (
	"fmt"
	"strings"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/proof/routetree"
)

// maxPictured is the largest number of routes that a picture shows readably.
const maxPictured = 60

// Picture implements [Proof]. Routes are tried from top to bottom; the arrow of
// a route that continues is dashed.
func (p *proof) Picture() string {
	routes := p.tree.Routes()
	if len(routes) > maxPictured {
		return ""
	}
	var b strings.Builder
	b.WriteString("```mermaid\nflowchart LR\n")
	for _, r := range routes {
		fmt.Fprintf(&b, "  r%d[%s]\n", r.Index, quoted(p.label(r)))
		if r.Parent == nil {
			continue
		}
		arrow := "-->"
		if r.Continue {
			arrow = "-.->"
		}
		fmt.Fprintf(&b, "  r%d %s r%d\n", r.Parent.Index, arrow, r.Index)
	}
	receivers := map[string]int{}
	for _, r := range routes {
		if !p.delivers(r) {
			continue
		}
		at, seen := receivers[r.Receiver]
		if !seen {
			at = len(receivers)
			receivers[r.Receiver] = at
			fmt.Fprintf(&b, "  to%d[/%s/]\n", at, quoted(r.Receiver))
		}
		fmt.Fprintf(&b, "  r%d ==> to%d\n", r.Index, at)
	}
	b.WriteString("```\n")
	return b.String()
}

// label describes a route in the picture.
func (p *proof) label(r *routetree.Route) string {
	var lines []string
	for _, m := range r.Matchers {
		lines = append(lines, m.String())
	}
	switch {
	case r.Parent == nil:
		lines = []string{"every alert"}
	case len(lines) == 0:
		lines = []string{"the rest"}
	}
	for _, name := range r.Mute {
		lines = append(lines, "not in "+name)
	}
	if len(r.Active) > 0 {
		lines = append(lines, "only in "+strings.Join(r.Active, ", "))
	}
	return strings.Join(lines, "\n")
}

// quoted returns a text for Mermaid.
func quoted(text string) string {
	text = strings.NewReplacer(`"`, "#quot;", "<", "#lt;", ">", "#gt;", "\n", "<br>").Replace(finding.Text(text))
	return `"` + text + `"`
}
