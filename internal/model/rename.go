package model

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/rules"
)

// rename changes the names of metrics in every pack that reads them. If a pack
// is used several times, each use has its own names; other packs read the names
// that all uses share.
func (r *resolver) rename(packs []pack) {
	own := make([]map[string]string, len(packs))
	for i, p := range packs {
		own[i] = r.renamed(p)
	}
	for i := range packs {
		names := map[string]string{}
		for j, p := range packs {
			if p.Name == packs[i].Name {
				continue // another use of the pack
			}
			for name, to := range own[j] {
				if everyUse(packs, own, p.Name, name, to) {
					names[name] = to
				}
			}
		}
		maps.Copy(names, own[i])
		packs[i].replace(names)
	}
}

// renamed returns the new names of a pack's metrics by their old names.
func (r *resolver) renamed(p pack) map[string]string {
	where := fmt.Sprintf("pack %q, Rename", p.Name)
	now := map[string]string{}
	for _, d := range p.Metrics {
		now[d.Name] = d.Name
	}
	for _, c := range p.Changes() {
		ren, ok := c.(preflight.Rename)
		if !ok {
			continue
		}
		switch {
		case ren.From == "":
			r.add(finding.NothingChanged, where, "From is empty: write the namespace that the metrics of the pack have")
			continue
		case ren.To == "":
			r.add(finding.NothingChanged, where, "To is empty: write the namespace that the metrics of %s get", strconv.Quote(ren.From+"_"))
			continue
		case !namespace.MatchString(ren.To):
			r.add(finding.NothingChanged, where, "To: %q is no beginning of a metric's name: write letters, digits and \"_\"", ren.To)
			continue
		}
		found := false
		for name, to := range now {
			if rest, ok := strings.CutPrefix(to, ren.From+"_"); ok {
				now[name], found = ren.To+"_"+rest, true
			}
		}
		if !found {
			r.add(finding.NothingChanged, where, "no metric of the pack starts with %s", strconv.Quote(ren.From+"_"))
		}
	}
	maps.DeleteFunc(now, func(name, to string) bool { return name == to })
	return now
}

var namespace = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)

// everyUse reports whether all uses of a pack give the metric that name.
func everyUse(packs []pack, own []map[string]string, of, name, to string) bool {
	for i, p := range packs {
		if p.Name == of && own[i][name] != to {
			return false
		}
	}
	return true
}

// replace replaces the names of metrics in all texts of the pack.
func (p *pack) replace(names map[string]string) {
	if len(names) == 0 {
		return
	}
	var list []string
	for name := range names {
		list = append(list, regexp.QuoteMeta(name))
	}
	slices.Sort(list)
	slices.Reverse(list) // a longer name before its prefix
	pattern := regexp.MustCompile(`\b(` + strings.Join(list, "|") + `)(_bucket|_sum|_count)?\b`)
	p.eachText(func(text *string) {
		*text = pattern.ReplaceAllStringFunc(*text, func(found string) string {
			m := pattern.FindStringSubmatch(found)
			return names[m[1]] + m[2]
		})
	})
}

// eachText calls f with every text of the pack that may contain a metric.
func (p pack) eachText(f texts) {
	for i := range p.Metrics {
		f(&p.Metrics[i].Name)
	}
	for i := range p.Runbooks {
		f(&p.Runbooks[i].Markdown)
	}
	for g := range p.groups {
		f.inMap(p.groups[g].Labels)
		for i := range p.groups[g].Records {
			f.inRecord(&p.groups[g].Records[i])
		}
	}
	for _, a := range p.alerts() {
		f.inAlert(a)
	}
	for d := range p.Dashboards {
		b := &p.Dashboards[d]
		for i := range b.Variables {
			f(&b.Variables[i].Series)
		}
		for i := range b.Annotations {
			f(&b.Annotations[i].Expr)
		}
		EachPanel(b, f.inPanel)
	}
}

// texts is a function that its methods call with the texts of a definition.
type texts func(*string)

func (f texts) in(list ...*string) {
	for _, text := range list {
		f(text)
	}
}

func (f texts) inList(list []string) {
	for i := range list {
		f(&list[i])
	}
}

func (f texts) inMap(byName map[string]string) {
	for name, text := range byName {
		f(&text)
		byName[name] = text
	}
}

func (f texts) inRecord(r *rules.Record) {
	f.in(&r.Name, &r.Expr)
	f.inMap(r.Labels)
	f.inProofs(r.Scenarios, r.Equivalents)
}

func (f texts) inAlert(a *rules.Alert) {
	f.in(&a.Expr, &a.Title, &a.Summary, &a.Reason, &a.Headline, &a.ListTitle, &a.About)
	for i := range a.Also {
		f(&a.Also[i].Expr)
	}
	f.inList(a.Actions)
	f.inMap(a.Annotations)
	f.inMap(a.Labels)
	for language, t := range a.Translations {
		f.in(&t.Title, &t.Summary, &t.Headline, &t.ListTitle, &t.About)
		f.inList(t.Actions)
		a.Translations[language] = t
	}
	f.inProofs(a.Scenarios, a.Equivalents)
	f.inPanel(&a.Panel)
}

func (f texts) inProofs(scenarios []rules.Scenario, equivalents []finding.Equivalent) {
	for i := range scenarios {
		f(&scenarios[i].Series)
		for _, e := range scenarios[i].Expect {
			for _, x := range e.Instances {
				f.inMap(x.Texts)
			}
		}
	}
	for i := range equivalents {
		f(&equivalents[i].Mutant)
	}
}

func (f texts) inPanel(p *dashgen.Panel) {
	for i := range p.Targets {
		f(&p.Targets[i].Expr)
	}
}
