package routes

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit/genfile"
	"github.com/alertnative/preflight/internal/lint/definitions"
	"github.com/alertnative/preflight/internal/proof/routetree"
)

//go:embed routes.md.tmpl
var pageText string

// page holds the routes of the site's alerts and of others.
type page struct {
	Sections  []section
	Teams     bool
	Others    []Notification
	Promises  []string
	Picture   string
	Receivers []Receiver
	Intervals []Hours
}

// section holds the alerts of one severity, by team.
type section struct {
	Title string
	Rows  []Notification
}

// Page returns the page that shows the route of each alert.
func Page(p Proof, c *definitions.Checked) ([]byte, error) {
	out := page{Others: p.Others(), Promises: p.Promises(), Picture: p.Picture(), Receivers: p.Receivers(), Intervals: p.Hours()}
	var rows []Notification
	for i := range c.Alerts {
		rows = append(rows, p.Notified(&c.Alerts[i])...)
	}
	slices.SortStableFunc(rows, func(a, b Notification) int { return cmp.Or(cmp.Compare(a.Team, b.Team), cmp.Compare(a.Alert, b.Alert)) })
	for _, level := range append(c.LevelNames(), "") {
		s := section{Title: level}
		if level == "" {
			s.Title = "Without severity"
		}
		for _, r := range rows {
			if _, _, known := c.Level(r.Severity); r.Severity == level || level == "" && !known {
				s.Rows = append(s.Rows, r)
			}
			out.Teams = out.Teams || r.Team != ""
		}
		if len(s.Rows) > 0 {
			out.Sections = append(out.Sections, s)
		}
	}
	number := map[string]int{}
	for i, text := range out.Promises {
		number[text] = i + 1
	}
	return genfile.Render("routes", pageText, map[string]any{
		"version": routetree.Version, "file": func(n Notification) string { return runbookOf(c, n.Alert) },
		"cell": func(text string) string { return strings.ReplaceAll(finding.Line(text), "|", `\|`) },
		"numbers": func(n Notification) string {
			var list []string
			for _, text := range n.Promises {
				list = append(list, fmt.Sprint(number[text]))
			}
			return strings.Join(list, ", ")
		},
	}, out)
}

// runbookOf returns the name of an alert's runbook.
func runbookOf(c *definitions.Checked, alert string) string {
	for g, a := range c.Context.Alerts {
		if a.Name == alert {
			return c.FileName(g, alert)
		}
	}
	return alert
}
