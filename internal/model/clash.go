package model

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
)

// origin is a metric with the pack that describes it.
type origin struct {
	name, pack string
	desc       metrics.Desc
}

// describe adds a metric of a pack's own programs. Equal descriptions in
// several packs become one; different ones are a finding. A description from an
// exposition is merged like those of other programs, because its author did not
// write it.
func (r *resolver) describe(pack string, d metrics.Desc) {
	if d.Recorded() {
		r.Exporters = append(r.Exporters, d)
		return
	}
	i := slices.IndexFunc(r.origins, func(o origin) bool { return o.name == d.Name })
	if i < 0 {
		r.origins = append(r.origins, origin{d.Name, pack, d})
		r.Metrics = append(r.Metrics, d)
		return
	}
	if o := r.origins[i]; !reflect.DeepEqual(o.desc, d) {
		r.clash(fmt.Sprintf("metric %q", d.Name), o.pack, pack)
	}
}

// explain adds a check for the runbooks. Equal checks of several packs become
// one.
func (r *resolver) explain(pack string, s spec.Spec) {
	if s.Name == "" {
		r.add(finding.Incomplete, fmt.Sprintf("pack %q", pack), "one of its Checks has no Name")
		return
	}
	i := slices.IndexFunc(r.Checks, func(x Check) bool { return x.Name == s.Name })
	if i < 0 {
		r.Checks = append(r.Checks, Check{s, []string{pack}})
		return
	}
	first := r.Checks[i].Packs[0]
	if first == pack && r.taken[pack] == 1 || !reflect.DeepEqual(r.Checks[i].Spec, s) {
		r.clash(fmt.Sprintf("check %q", s.Name), first, pack)
		return
	}
	r.Checks[i].Packs = append(r.Checks[i].Packs, pack)
}

func (r *resolver) clash(where, one, other string) {
	advice := "rename one"
	switch {
	case one == other && r.taken[one] > 1:
		r.add(finding.Clash, where, "the site takes the pack %q twice, with different contents: give each another name with preflight.As", one)
		return
	case one == other:
		r.add(finding.Clash, where, "the pack %q defines it twice: %s", one, advice)
		return
	}
	r.add(finding.Clash, where, "the packs %q and %q define it differently: %s, or take a pack under another name with preflight.As", one, other, advice)
}

// clashes reports groups, rules, dashboards and jobs with equal names. Equal
// groups of two packs become one.
func (r *resolver) clashes() {
	r.groupClashes()
	r.ruleClashes()
	boards := map[string]Dashboard{}
	r.Dashboards = slices.DeleteFunc(r.Dashboards, func(d Dashboard) bool {
		first, taken := boards[d.UID]
		if !taken {
			boards[d.UID] = d
			return false
		}
		if !reflect.DeepEqual(first.Dashboard, d.Dashboard) {
			r.clash(fmt.Sprintf("dashboard %q", d.UID), first.Pack, d.Pack)
		}
		return true
	})
	names := map[string]string{} // file names: some file systems ignore case
	for _, d := range r.Dashboards {
		if other, taken := names[strings.ToLower(d.UID)]; taken {
			r.add(finding.Clash, fmt.Sprintf("dashboard %q", d.UID), "differs from %q in case alone: rename one", other)
		}
		names[strings.ToLower(d.UID)] = d.UID
	}
	jobs := map[string]bool{}
	for _, j := range r.Jobs {
		if jobs[j.Name] {
			r.add(finding.Clash, fmt.Sprintf("job %q", j.Name), "the site has two jobs of the name: rename one")
		}
		jobs[j.Name] = true
	}
}

func (r *resolver) groupClashes() {
	first := map[string]Group{}
	r.Groups = slices.DeleteFunc(r.Groups, func(g Group) bool {
		where := fmt.Sprintf("group %q", g.Name)
		if g.Name == "" {
			r.add(finding.Unreadable, fmt.Sprintf("pack %q", g.Pack), "a group has no name")
		}
		other, taken := first[strings.ToLower(g.Name)]
		if !taken {
			first[strings.ToLower(g.Name)] = g
			return false
		}
		if reflect.DeepEqual(other.Group, g.Group) {
			return true
		}
		if g.FromFile != "" && other.FromFile != "" && other.Pack == g.Pack {
			r.add(finding.Clash, where, "the rule files %s and %s of the pack %q both have it, and a group makes one generated file: rename one", other.FromFile, g.FromFile, g.Pack)
			return false
		}
		r.clash(where, other.Pack, g.Pack)
		return false
	})
}

// ruleClashes reports equally named rules in several groups whose results have
// no distinguishing label.
func (r *resolver) ruleClashes() {
	r.joinRecords()
	seen := map[string][]rule{}
	check := func(kind, name string, mine rule) {
		where := fmt.Sprintf("%s %q", kind, name)
		for _, other := range seen[where] {
			if len(apart(other, mine)) == 0 {
				r.ruleClash(where, other.group.Pack, mine.group.Pack)
				break
			}
		}
		seen[where] = append(seen[where], mine)
	}
	for g, rec := range r.Records {
		check("record", rec.Name, rule{g, r.RecordLabels(g, rec), r.Timing.Expand(rec.Expr)})
	}
	for g, a := range r.Alerts {
		if g.FromFile != "" {
			continue // a name with several severities is common in rule files
		}
		check("alert", a.Name, r.ruleOf(g, a))
	}
}

// joinRecords removes recording rules that an earlier group has too, because
// two uses of a pack need one.
func (r *resolver) joinRecords() {
	type key struct{ name, expr, labels, interval string }
	first := map[key]string{} // the group
	emptied := map[string]bool{}
	for i := range r.Groups {
		g := &r.Groups[i]
		had := len(g.Records)
		g.Records = slices.DeleteFunc(g.Records, func(rec rules.Record) bool {
			k := key{rec.Name, strings.Join(strings.Fields(r.Timing.Expand(rec.Expr)), " "), fmt.Sprint(withLabels(g.Labels, rec.Labels)), r.Interval(*g).String()}
			other, taken := first[k]
			if !taken {
				first[k] = g.Name
			}
			return taken && other != g.Name
		})
		emptied[g.Name] = had > 0 && len(g.Records)+len(g.Alerts) == 0
	}
	r.Groups = slices.DeleteFunc(r.Groups, func(g Group) bool { return emptied[g.Name] })
}

func (r *resolver) ruleClash(where, one, other string) {
	if one == other {
		r.clash(where, one, other)
		return
	}
	advice := "rename one, or give each pack preflight.Labels with another value"
	if strings.HasPrefix(where, "record ") {
		advice = "rename one; in a pack that a site takes twice, name the metric that preflight.Rename renames in it, as level:metric:operation does"
	}
	r.add(finding.Clash, where, "the packs %q and %q have it, and no label distinguishes their results: %s", one, other, advice)
}

var jobMatcher = regexp.MustCompile(`\bjob\s*=\s*"([^"]*)"`)

func withLabels(group, own map[string]string) map[string]string {
	out := map[string]string{}
	maps.Copy(out, group)
	maps.Copy(out, own)
	return out
}

// JobNames returns the names of the site's jobs.
func (s *Site) JobNames() []string {
	var names []string
	for _, j := range s.Jobs {
		names = append(names, j.Name)
	}
	return names
}

// Job returns the job with that name.
func (s *Site) Job(name string) (preflight.Job, bool) {
	i := slices.IndexFunc(s.Jobs, func(j preflight.Job) bool { return j.Name == name })
	if i < 0 {
		return preflight.Job{}, false
	}
	return s.Jobs[i], true
}
