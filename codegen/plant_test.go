package codegen_test

import (
	"slices"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// change is a planted mistake in the shipped definitions.
type change func(s *preflight.Site)

// in changes an alert.
func in(name string, edit func(a *rules.Alert)) change {
	return func(s *preflight.Site) { edit(alert(s, name)) }
}

// expr replaces an alert's expression.
func expr(name, text string) change {
	return in(name, func(a *rules.Alert) { a.Expr = text })
}

// edit changes a word in an alert's expression.
func edit(name, from, to string) change {
	return in(name, func(a *rules.Alert) { a.Expr = replaced(a.Expr, from, to) })
}

// series changes a word in the series of an alert's first scenario.
func series(name, from, to string) change {
	return in(name, func(a *rules.Alert) { a.Scenarios[0].Series = replaced(a.Scenarios[0].Series, from, to) })
}

// korean changes the Korean texts of an alert.
func korean(name string, edit func(t *rules.Translation)) change {
	return in(name, func(a *rules.Alert) {
		ko := a.Translations["ko"]
		edit(&ko)
		a.Translations["ko"] = ko
	})
}

// help changes the help of a metric that a pack describes.
func help(name, text string) change {
	return func(s *preflight.Site) {
		for p := range s.Packs {
			for _, list := range [][]metrics.Desc{s.Packs[p].Metrics, s.Packs[p].Exporters} {
				if i := slices.IndexFunc(list, func(d metrics.Desc) bool { return d.Name == name }); i >= 0 {
					list[i].Help = text
					return
				}
			}
		}
		panic("no metric " + name)
	}
}

// at changes a panel of the shipped dashboards.
func at(id int, edit func(q *dashgen.Panel)) change {
	return func(s *preflight.Site) { edit(panel(s, id)) }
}

// query changes a word in a panel's first expression.
func query(id int, from, to string) change {
	return at(id, func(q *dashgen.Panel) { q.Targets[0].Expr = replaced(q.Targets[0].Expr, from, to) })
}

// alertPanel changes the query in the panel of an alert, and in its copy on the
// dashboard.
func alertPanel(name, from, to string) change {
	return func(s *preflight.Site) {
		q := &alert(s, name).Panel
		q.Targets[0].Expr = replaced(q.Targets[0].Expr, from, to)
		on := panel(s, q.ID)
		on.Targets[0].Expr = q.Targets[0].Expr
	}
}

// board changes the dashboard System Health.
func board(edit func(d *dashgen.Dashboard)) change {
	return func(s *preflight.Site) { edit(&s.Packs[0].Dashboards[0]) }
}

// route changes a route of the site, or of a pack.
func route(match string, edit func(r *routing.Route)) change {
	return func(s *preflight.Site) { edit(routeTo(s, match)) }
}

// promise changes a promise.
func promise(match string, edit func(x *routing.Promise)) change {
	return func(s *preflight.Site) { edit(promiseOf(s, match)) }
}

// inhibit changes the inhibition of the shipped site.
func inhibit(edit func(i *routing.Inhibit)) change {
	return func(s *preflight.Site) { edit(&s.Packs[0].Routing.Inhibit[0]) }
}

// job changes a scrape job.
func job(name string, edit func(j *preflight.Job)) change {
	return func(s *preflight.Site) {
		for i := range s.Jobs {
			if s.Jobs[i].Name == name {
				edit(&s.Jobs[i])
				return
			}
		}
		panic("no job " + name)
	}
}

// record adds a recording rule.
func record(r rules.Record, more ...change) change {
	return func(s *preflight.Site) {
		group := &s.Packs[0].Groups[0]
		group.Records = append(group.Records, r)
		all(more...)(s)
	}
}

// all makes several changes.
func all(changes ...change) change {
	return func(s *preflight.Site) {
		for _, c := range changes {
			c(s)
		}
	}
}
