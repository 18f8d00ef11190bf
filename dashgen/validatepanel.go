package dashgen

import (
	"slices"

	"github.com/alertnative/preflight/metrics"
)

// maxTargets is the number of queries with a letter as name.
const maxTargets = 26

func (p Panel) validate(t metrics.Timing, v *validation) {
	where := p.where()
	if _, ok := p.Show.(raw); ok {
		v.unsupported(where, "Raw", true)
		return
	}
	v.need(where, "title", p.Title)
	v.unsupported(where, "Repeat", p.Repeat != "")
	if p.Width < 1 || p.Width > columns || p.Height < 1 {
		v.finding(layout, where, "is %d columns wide and %d lines high: a board has %d columns", p.Width, p.Height, columns)
	}
	if text, ok := p.Show.(Text); ok {
		v.need(where, "text", text.Markdown)
		if len(p.Targets) > 0 {
			v.bad(where, "is a text and has queries")
		}
		return
	}
	if p.Description == "" {
		v.finding(notExplained, where, "has no description: add its meaning, and what to do about a problem")
	}
	if p.Unit == "" {
		v.finding(notExplained, where, "has no unit")
	}
	if p.Decimals != nil && *p.Decimals < 0 {
		v.bad(where, "has %d decimals", *p.Decimals)
	}
	if p.Min != nil && p.Max != nil && *p.Min >= *p.Max {
		v.bad(where, "its axis ends (%v) before it starts (%v)", *p.Max, *p.Min)
	}
	p.validateThresholds(t, v)
	p.validateMappings(v)
	p.validateTargets(v)
	if table, ok := p.Show.(Table); ok {
		p.validateTable(table, v)
	}
	p.validateOverrides(v)
}

func (p Panel) validateTargets(v *validation) {
	where := p.where()
	if len(p.Targets) == 0 {
		v.bad(where, "has no query")
	}
	if len(p.Targets) > maxTargets {
		v.bad(where, "has %d queries, the most is %d", len(p.Targets), maxTargets)
	}
	_, isTable := p.Show.(Table)
	for i, target := range p.Targets {
		query := where + ", query " + refID(i)
		v.need(query, "expression", target.Expr)
		if !isTable {
			v.need(query, "legend: without one the series are named by all their labels", target.Legend)
		}
	}
}

func (p Panel) validateThresholds(t metrics.Timing, v *validation) {
	for i, th := range p.Thresholds {
		v.need(p.where(), "colour for one of its thresholds", string(th.Color))
		if th.At != 0 && th.Runs != 0 {
			v.bad(p.where(), "has a threshold with both At (%v) and Runs (%d): leave one out", th.At, th.Runs)
		}
		if i > 0 && th.Bound(t) <= p.Thresholds[i-1].Bound(t) {
			v.bad(p.where(), "its thresholds must rise: %v follows %v", th.Bound(t), p.Thresholds[i-1].Bound(t))
		}
	}
	if s, ok := p.Show.(TimeSeries); ok && s.Lines && len(p.Thresholds) == 0 {
		v.bad(p.where(), "draws lines for thresholds that it does not have")
	}
}

func (p Panel) validateMappings(v *validation) {
	check := func(ms []Mapping) {
		seen := map[float64]bool{}
		for _, m := range ms {
			v.need(p.where(), "text for one of its mappings", m.Text)
			v.need(p.where(), "colour for one of its mappings", string(m.Color))
			if seen[m.Value] {
				v.bad(p.where(), "maps the value %v twice", m.Value)
			}
			seen[m.Value] = true
		}
	}
	check(p.Mappings)
	for _, o := range p.Overrides {
		check(o.Mappings)
	}
}

func (p Panel) validateTable(table Table, v *validation) {
	if len(p.Targets) != 1 {
		v.bad(p.where(), "a table shows one query, it has %d", len(p.Targets))
	}
	if len(table.Columns) == 0 {
		v.bad(p.where(), "has no columns")
	}
	var fields, titles []string
	for _, c := range table.Columns {
		v.need(p.where(), "field for one of its columns", c.Field)
		v.need(p.where(), "title for one of its columns", c.Title)
		if slices.Contains(fields, c.Field) {
			v.bad(p.where(), "shows %q in two columns", c.Field)
		}
		if slices.Contains(titles, c.Title) {
			v.bad(p.where(), "has two columns titled %q", c.Title)
		}
		fields, titles = append(fields, c.Field), append(titles, c.Title)
	}
	if table.SortBy != "" && !slices.Contains(titles, table.SortBy) {
		v.bad(p.where(), "sorts by %q, which is the title of no column: %q", table.SortBy, titles)
	}
	for _, o := range p.Overrides {
		if !slices.Contains(titles, o.Name) {
			v.bad(p.where(), "changes %q, which is the title of no column: %q", o.Name, titles)
		}
	}
}

func (p Panel) validateOverrides(v *validation) {
	_, isTable := p.Show.(Table)
	for _, o := range p.Overrides {
		if len(o.override().Properties) == 0 {
			v.bad(p.where(), "overrides nothing in the series %q", o.Name+o.Query)
		}
		if (o.Name == "") == (o.Query == "") {
			v.bad(p.where(), "an override names either a series or a query")
		}
		if o.Query != "" && !slices.Contains(p.refIDs(), o.Query) {
			v.bad(p.where(), "changes query %s, which it does not have", o.Query)
		}
		if o.Fill && !isTable {
			v.bad(p.where(), "only a table has cells to fill")
		}
	}
}

func (p Panel) refIDs() []string {
	var ids []string
	for i := range p.Targets {
		ids = append(ids, refID(i))
	}
	return ids
}
