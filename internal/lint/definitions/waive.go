package definitions

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alertnative/preflight/finding"
)

// owner is a definition that can waive findings about itself.
type owner struct {
	where   string
	waivers []finding.Waiver
}

// owners returns the definitions with waivers.
func (c *Checked) owners() []owner {
	var out []owner
	add := func(waivers []finding.Waiver, format string, args ...any) {
		if len(waivers) > 0 {
			out = append(out, owner{fmt.Sprintf(format, args...), waivers})
		}
	}
	for _, d := range c.Metrics {
		add(d.Waivers, "metric %q", d.Name)
	}
	for _, d := range c.Exporters {
		if !d.Recorded() {
			add(slices.DeleteFunc(slices.Clone(d.Waivers), func(w finding.Waiver) bool { return w.Code == finding.UnusedMetric }), "metric %q", d.Name)
		}
	}
	for _, r := range c.Records {
		add(r.Waivers, "record %q", r.Name)
	}
	for _, a := range c.Context.Alerts {
		add(a.Waivers, "alert %q", a.Name)
	}
	for _, d := range c.Dashboards {
		for _, q := range d.AllPanels() {
			add(q.Waivers, "%s", d.Where(q))
		}
	}
	add(c.Routing.Waivers, "routing")
	return out
}

// waives reports whether a waiver of the definition is for a finding. Receivers
// are parts of the routing.
func (o owner) waives(w finding.Waiver, f finding.Finding) bool {
	place := f.Place()
	if part, in := strings.CutPrefix(place, o.where+", "); in {
		place = part
	} else if place == o.where {
		place = ""
	} else if o.where != "routing" || !strings.HasPrefix(place, "receiver ") {
		return false
	}
	return f.Code == w.Code && (w.Part == "" || w.Part == place || strings.HasPrefix(place, w.Part+", "))
}

// of names the part that a waiver is for.
func of(w finding.Waiver) string {
	if w.Part == "" {
		return ""
	}
	return " of " + w.Part
}

// Waive removes waived findings. It adds a finding for each waiver without
// effect or reason.
func (c *Checked) Waive(findings []finding.Finding) []finding.Finding {
	for _, o := range c.owners() {
		for _, w := range o.waivers {
			if !w.Code.Waivable() {
				findings = append(findings, finding.Finding{
					Code: finding.IdleWaiver, Where: o.where, Reason: fmt.Sprintf("%s cannot be waived: correct the definition, and delete the waiver", w.Code),
				})
				continue
			}
			before := len(findings)
			findings = slices.DeleteFunc(findings, func(f finding.Finding) bool { return o.waives(w, f) })
			idle := finding.Finding{Code: finding.IdleWaiver, Where: o.where}
			switch {
			case w.Why == "":
				idle.Reason = fmt.Sprintf("waives %s without a reason", w.Code)
			case len(findings) == before:
				idle.Reason = fmt.Sprintf("waives %s%s (%s), and there is no such finding: delete the waiver", w.Code, of(w), w.Why)
			default:
				continue
			}
			findings = append(findings, idle)
		}
	}
	return findings
}
