package model

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/yamlfile"
	"github.com/alertnative/preflight/rules"
)

// ruleGroup is a group of a Prometheus rule file, which is decoded strictly.
type ruleGroup struct {
	Name        string            `yaml:"name"`
	Interval    string            `yaml:"interval"`
	QueryOffset string            `yaml:"query_offset"`
	Limit       int               `yaml:"limit"`
	Labels      map[string]string `yaml:"labels"`
	Rules       []fileRule        `yaml:"rules"`
}

type fileRule struct {
	Record        string            `yaml:"record"`
	Alert         string            `yaml:"alert"`
	Expr          string            `yaml:"expr"`
	For           string            `yaml:"for"`
	KeepFiringFor string            `yaml:"keep_firing_for"`
	Labels        map[string]string `yaml:"labels"`
	Annotations   map[string]string `yaml:"annotations"`
}

// fileLines are the lines of a group and of its rules, by name, in a rule file.
type fileLines struct {
	group  int
	alert  map[string]int
	record map[string]int
}

// InFiles adds the file and line to the findings about definitions of rule
// files. A name that another definition has too is ambiguous.
func (s *Site) InFiles(findings []finding.Finding) {
	type place struct {
		file string
		line int
	}
	places := map[string][]place{}
	add := func(kind, name, file string, line int) {
		where := fmt.Sprintf("%s %q", kind, name)
		places[where] = append(places[where], place{file, line})
	}
	for _, g := range s.Groups {
		add("group", g.Name, g.FromFile, g.lines.group)
		for _, a := range g.Alerts {
			add("alert", a.Name, g.FromFile, g.lines.alert[a.Name])
		}
		for _, rec := range g.Records {
			add("record", rec.Name, g.FromFile, g.lines.record[rec.Name])
		}
	}
	for i, f := range findings {
		if at := places[f.Where]; f.File == "" && len(at) == 1 && at[0].file != "" {
			findings[i].File, findings[i].Line = at[0].file, at[0].line
		}
	}
}

// ruleFiles adds the rule files of a pack, at any depth. Groups keep their
// names.
func (r *resolver) ruleFiles(p *pack, files fs.FS) {
	found := 0
	bad := func(format string, args ...any) {
		p.unread = true
		r.add(finding.Unreadable, fmt.Sprintf("pack %q, RuleFiles", p.name), format, args...)
	}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if !slices.Contains([]string{".yml", ".yaml"}, path.Ext(name)) {
			if namedAsRules(name) || holdsRules(data) {
				bad("%s is not read: give it a name that ends in .yml", name)
			}
			return nil
		}
		groups, errs := readRuleFile(name, data)
		for _, err := range errs {
			bad("%v", err)
		}
		for _, g := range groups {
			found += len(g.Alerts) + len(g.Records)
			g.Pack, g.FromFile = p.name, name
			p.groups = append(p.groups, g)
		}
		return nil
	})
	if err != nil {
		bad("%v", err)
	}
	if found == 0 && !p.unread {
		bad("no rule in it: embed .yml or .yaml files of Prometheus rules")
	}
}

// namedAsRules reports whether a file's name is that of a rule file.
func namedAsRules(name string) bool {
	return slices.Contains([]string{".yml", ".yaml", ".rules", ".rule"}, strings.ToLower(path.Ext(name)))
}

// holdsRules reports whether a text is a rule file.
func holdsRules(data []byte) bool {
	var f struct {
		Groups []struct {
			Rules []any `yaml:"rules"`
		} `yaml:"groups"`
	}
	err := yaml.Unmarshal(data, &f)
	return err == nil && len(f.Groups) > 0 && len(f.Groups[0].Rules) > 0
}

// readRuleFile returns the groups of a rule file and its mistakes.
func readRuleFile(name string, data []byte) ([]Group, []error) {
	if yamlfile.Empty(data) {
		return nil, nil
	}
	f, err := yamlfile.Parse(name, data)
	if err != nil {
		return nil, []error{err}
	}
	if err := f.Single(); err != nil {
		return nil, []error{err}
	}
	var kind string
	if errs := f.Decode("kind", &kind); len(errs) == 0 && kind != "" {
		return nil, []error{fmt.Errorf("%s: it is a manifest of the kind %s: embed a rule file, which begins with groups", name, kind)}
	}
	var list []ruleGroup
	var errs []error
	for _, err := range append(f.Unknown([]string{"groups"}), f.Decode("groups", &list)...) {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		return nil, errs
	}
	var out []Group
	for i, g := range list {
		group := Group{
			Group: rules.Group{Name: g.Name, Interval: g.Interval, QueryOffset: g.QueryOffset, Limit: g.Limit, Labels: g.Labels},
			lines: fileLines{f.At([]any{"groups", i}, "").Line, map[string]int{}, map[string]int{}},
		}
		for j, x := range g.Rules {
			line := f.At([]any{"groups", i, "rules", j}, "").Line
			switch {
			case x.Record != "" && x.Alert == "":
				group.lines.record[x.Record] = line
				group.Records = append(group.Records, rules.Record{Name: x.Record, Expr: x.Expr, Labels: x.Labels})
			case x.Alert != "" && x.Record == "":
				group.lines.alert[x.Alert] = line
				group.Alerts = append(group.Alerts, rules.Alert{
					Name: x.Alert, Expr: x.Expr, For: x.For, KeepFiringFor: x.KeepFiringFor, Labels: x.Labels, Annotations: x.Annotations,
				})
			default:
				errs = append(errs, f.At([]any{"groups", i, "rules", j}, "a rule needs one of alert and record"))
			}
		}
		out = append(out, group)
	}
	return out, errs
}
