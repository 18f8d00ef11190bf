// Package rulelint checks plain rule files and PrometheusRule manifests, with
// or without a catalogue of metrics.
package rulelint

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/promcheck"
)

// Issue is a finding with its place in a file; lines and columns start at 1.
type Issue struct {
	File         string
	Line, Column int
	Finding      finding.Finding

	rule *rule
}

// Report is the result of a run.
type Report struct {
	Issues    []Issue
	Files     int // number of files with rules
	Rules     int
	Skipped   map[string]string // skipped files with the reason: named files, and rules of another kind
	Templates int               // number of skipped YAML templates in folders
}

// Stdin is the path of standard input.
const Stdin = "-"

// Lint checks files and folders, and stdin for the path [Stdin]. In a folder it
// reads all .yml, .yaml and .rules files and skips those without rules. The
// error names a file that could not be read.
func Lint(c *promcheck.Checker, paths []string, stdin io.Reader) (Report, error) {
	report := Report{Skipped: map[string]string{}}
	names, err := find(paths)
	if err != nil {
		return report, err
	}
	sources := make([]*source, len(names))
	err = each(len(names), func(i int) error {
		name, data, err := read(names[i], stdin)
		if err != nil {
			return err
		}
		sources[i] = parse(name, data)
		return nil
	})
	if err != nil {
		return report, err
	}
	var all []*rule
	for _, s := range sources {
		all = append(all, s.rules...)
	}
	_ = each(len(all), func(i int) error { c.Parse(&all[i].Rule); return nil })
	for _, s := range sources {
		s.otherLanguage()
	}
	define(c, all)
	_ = each(len(all), func(i int) error { all[i].check(c); return nil })
	duplicates(c, sources)
	for i, s := range sources {
		if s.skipped != "" {
			switch {
			case slices.Contains(paths, names[i]) || s.skipped == isLogQL:
				report.Skipped[s.name] = s.skipped
			case s.skipped == isTemplated:
				report.Templates++
			}
			continue
		}
		report.Files++
		report.Rules += len(s.rules)
		report.Issues = append(report.Issues, s.issues()...)
	}
	return report, nil
}

// read returns the content of a path and its name in the output.
func read(path string, stdin io.Reader) (name string, data []byte, err error) {
	if path == Stdin {
		data, err = io.ReadAll(stdin)
		return "<stdin>", data, err
	}
	data, err = os.ReadFile(path)
	return path, data, err
}

// find returns the files in the paths.
func find(paths []string) ([]string, error) {
	var names []string
	for _, p := range paths {
		if p == Stdin {
			names = append(names, p)
			continue
		}
		err := filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
			switch ext := filepath.Ext(path); {
			case err != nil:
				return err
			case d.IsDir() && path != p && strings.HasPrefix(d.Name(), "."):
				return filepath.SkipDir
			case d.IsDir() || path != p && ext != ".yml" && ext != ".yaml" && ext != ".rules":
				return nil
			}
			names = append(names, path)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(names) == 0 {
		return nil, errors.New("no .yml, .yaml or .rules files")
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// each calls f for all indices, in parallel.
func each(n int, f func(i int) error) error {
	var g errgroup.Group
	workers := runtime.GOMAXPROCS(0)
	chunk := (n + workers*4 - 1) / max(workers*4, 1)
	g.SetLimit(workers)
	for from := 0; from < n; from += max(chunk, 1) {
		g.Go(func() error {
			for i := from; i < min(from+max(chunk, 1), n); i++ {
				if err := f(i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// Reasons for skipping a file that looks like rules.
const (
	isLogQL     = "LogQL, not PromQL"
	isTemplated = "a template, not YAML: lint the rendered file"
)

// logQL matches syntax that only Loki's language has.
var logQL = regexp.MustCompile("\\}\\s*(\\|=|\\|~|!=\\s*[\"`]|!~\\s*[\"`]|\\|\\s*[a-z_]+)")

// otherLanguage skips the rules of Loki, which have the same format.
func (s *source) otherLanguage() {
	for _, r := range s.rules {
		if r.Err() != nil && logQL.MatchString(r.Expr) {
			s.skipped, s.rules = isLogQL, nil
			return
		}
	}
}

// define adds the recording rules to the checker. A rule may use the result of
// a later one, so several rounds are needed.
func define(c *promcheck.Checker, all []*rule) {
	var records []*rule
	for _, r := range all {
		if r.Record != "" {
			records = append(records, r)
		}
	}
	for range 3 {
		before := c.Forget()
		types := make([]promcheck.Type, len(records))
		_ = each(len(records), func(i int) error { types[i] = before.Result(&records[i].Rule); return nil })
		for i, r := range records {
			c.Define(r.Record, types[i])
		}
	}
}

// check sets the rule's findings.
func (r *rule) check(c *promcheck.Checker) {
	_, findings := c.Rule(&r.Rule)
	for _, f := range findings {
		r.issues = append(r.issues, Issue{Finding: f, rule: r})
	}
}

// duplicates adds the findings about rules that are there twice.
func duplicates(c *promcheck.Checker, sources []*source) {
	var rules []*promcheck.Rule
	of := map[*promcheck.Rule]*rule{}
	for _, s := range sources {
		for _, r := range s.rules {
			r.File = s.name
			rules = append(rules, &r.Rule)
			of[&r.Rule] = r
		}
	}
	for _, d := range c.Duplicates(rules) {
		r := of[d.Rule]
		r.issues = append(r.issues, Issue{Finding: d.Finding, rule: r})
	}
}

// issues returns the issues of the file, ordered by line.
func (s *source) issues() []Issue {
	out := slices.Clone(s.broken)
	for _, r := range s.rules {
		out = append(out, r.issues...)
	}
	for i := range out {
		s.locate(&out[i])
	}
	out = s.suppress(out)
	slices.SortStableFunc(out, func(a, b Issue) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return out
}

// locate sets the file, line and column of a rule's issue.
func (s *source) locate(i *Issue) {
	i.File = s.name
	if i.rule == nil {
		return
	}
	i.Line, i.Column = i.rule.line, 1
	part, _, _ := strings.Cut(i.Finding.Part, ", ")
	n := i.rule.parts[part]
	if n == nil {
		return
	}
	if i.Finding.Text != n.Value { // a query in a template
		i.Line, i.Column = n.Line, n.Column
		return
	}
	i.Line, i.Column = s.place(n, n.Value, i.Finding.From, i.Finding.To)
}
