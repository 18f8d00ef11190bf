package model

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/rules"
)

// The shape of a Prometheus rule file. It is decoded strictly.
type ruleFile struct {
	Groups []ruleGroup `yaml:"groups"`
}

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

// ruleFiles reads the rule files of a pack, at any depth. A group is named as in
// its file.
func (r *resolver) ruleFiles(pack string, files fs.FS) []Group {
	var out []Group
	where := fmt.Sprintf("pack %q, RuleFiles", pack)
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !slices.Contains([]string{".yml", ".yaml"}, path.Ext(name)) {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		groups, err := readRuleFile(data)
		if err != nil {
			r.add(finding.Unreadable, where, "%s: %v", name, err)
			return nil
		}
		for _, g := range groups {
			out = append(out, Group{Group: g, Pack: pack, FromFile: name})
		}
		return nil
	})
	if err != nil {
		r.add(finding.Unreadable, where, "%v", err)
	}
	if err == nil && len(out) == 0 {
		r.add(finding.Unreadable, where, "no rule in it: embed .yml or .yaml files of Prometheus rules")
	}
	return out
}

func readRuleFile(data []byte) ([]rules.Group, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	var out []rules.Group
	for {
		var f ruleFile
		if err := dec.Decode(&f); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, err
		}
		for _, g := range f.Groups {
			group := rules.Group{Name: g.Name, Interval: g.Interval, QueryOffset: g.QueryOffset, Limit: g.Limit, Labels: g.Labels}
			for _, x := range g.Rules {
				switch {
				case x.Record != "" && x.Alert == "":
					group.Records = append(group.Records, rules.Record{Name: x.Record, Expr: x.Expr, Labels: x.Labels})
				case x.Alert != "" && x.Record == "":
					group.Alerts = append(group.Alerts, rules.Alert{
						Name: x.Alert, Expr: x.Expr, For: x.For, KeepFiringFor: x.KeepFiringFor, Labels: x.Labels, Annotations: x.Annotations,
					})
				default:
					return nil, fmt.Errorf("group %q: a rule needs one of alert and record", g.Name)
				}
			}
			out = append(out, group)
		}
	}
}
