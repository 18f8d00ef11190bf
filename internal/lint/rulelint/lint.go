// Package rulelint checks the rules in files, with or without a catalogue of
// metrics.
//
// A file becomes text (decode, render), its text documents (yaml), a document
// rule groups (document, search), and a group rules with their places. What is
// not PromQL is not read, and is reported with the reason.
package rulelint

import (
	"cmp"
	"fmt"
	"io"
	"maps"
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
	Issues []Issue
	Files  int // number of files with rules
	Rules  int // number of rules that were checked
	// Unread lists what was not read.
	Unread      []Unread
	UnreadRules int
	UnreadFiles int // number of files of which nothing was read, without Others
	Partly      int // number of files of which a part was not read
	Others      int // number of files in folders without rules
	// Within lists the places of groups inside other documents, by file.
	Within map[string][]string
}

// Unread is a rule or file that was not read.
type Unread struct {
	File   string
	Line   int // from 1; 0 for the whole file
	Reason string
	Failed bool // the file should have been read
	Part   bool // the rest of the file was read
}

// Failed reports whether something could not be read that was asked for.
func (r Report) Failed() bool {
	return slices.ContainsFunc(r.Unread, func(u Unread) bool { return u.Failed })
}

// Lint checks files and folders, and stdin for the path [Stdin]. In folders it
// reads the files whose names end like those of rule files. Files that cannot be
// read do not end the run.
func Lint(c *promcheck.Checker, paths []string, stdin io.Reader) Report {
	files, problems := find(paths)
	sources := make([]*source, len(files))
	each(len(files), func(i int) {
		name, data, err := files[i].read(stdin)
		if err != nil {
			sources[i] = &source{file: files[i], name: name, failed: reasonOf(err)}
			return
		}
		sources[i] = parse(files[i], name, data)
	})
	var all []*rule
	for _, s := range sources {
		all = append(all, s.rules...)
	}
	each(len(all), func(i int) { c.Parse(&all[i].Rule) })
	each(len(sources), func(i int) { sources[i].languages() })
	define(c, all)
	each(len(all), func(i int) { all[i].check(c) })
	duplicates(c, sources)
	report := Report{Unread: problems, UnreadFiles: len(problems), Within: map[string][]string{}}
	roots := map[string]bool{} // named folders with rules
	for _, s := range sources {
		report.add(s)
		roots[s.root] = roots[s.root] || len(s.rules)+len(s.broken) > 0
	}
	report.empty(files, roots)
	return report
}

// add adds the result of a file.
func (r *Report) add(s *source) {
	r.Unread = append(r.Unread, s.unread...)
	read := s.read()
	r.Rules += read
	r.UnreadRules += len(s.rules) - read
	switch {
	case s.failed != "":
		r.UnreadFiles++
		r.Unread = append(r.Unread, Unread{File: s.name, Reason: s.failed, Failed: true})
	case read > 0 || len(s.broken) > 0:
		r.Files++
		r.Issues = append(r.Issues, s.issues()...)
		r.part(s, read)
	case len(s.rules) > 0:
		r.UnreadFiles++
	case s.named:
		r.UnreadFiles++
		r.Unread = append(r.Unread, Unread{File: s.name, Reason: cmp.Or(s.other, "no rules in it"), Failed: true})
	case s.other == isTemplated && len(s.unread) == 0:
		r.UnreadFiles++
		r.Unread = append(r.Unread, Unread{File: s.name, Reason: s.other})
	default:
		r.Others++
	}
	for _, rule := range s.rules {
		if rule.unread != "" {
			r.Unread = append(r.Unread, Unread{File: s.name, Line: rule.line, Reason: rule.unread, Failed: s.named && read == 0})
		}
	}
	if len(s.within) > 0 {
		r.Within[s.name] = s.within
	}
}

// part counts a file of which a part was not read.
func (r *Report) part(s *source, read int) {
	if read < len(s.rules) || len(s.unread) > 0 || s.template {
		r.Partly++
	}
	if s.template && s.named {
		r.Unread = append(r.Unread, Unread{File: s.name, Reason: "a template: the text that its actions make is not known", Part: true})
	}
}

// empty adds the named folders without rules.
func (r *Report) empty(files []file, roots map[string]bool) {
	count := map[string]int{}
	for _, f := range files {
		count[f.root]++
	}
	for _, root := range slices.Sorted(maps.Keys(roots)) {
		if f := (file{root, true, root}); !roots[root] && !slices.Contains(files, f) {
			r.Unread = append(r.Unread, Unread{File: root, Reason: fmt.Sprintf("no rules in its %s", counted(count[root], "file")), Failed: true})
		}
	}
}

// each calls f for all indices, in parallel.
func each(n int, f func(i int)) {
	var g errgroup.Group
	workers := runtime.GOMAXPROCS(0)
	chunk := max((n+workers*4-1)/(workers*4), 1)
	g.SetLimit(workers)
	for from := 0; from < n; from += chunk {
		g.Go(func() error {
			for i := from; i < min(from+chunk, n); i++ {
				f(i)
			}
			return nil
		})
	}
	_ = g.Wait()
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
		each(len(records), func(i int) { types[i] = before.Result(&records[i].Rule) })
		for i, r := range records {
			c.Define(r.Record, types[i])
		}
	}
}

// duplicates adds the findings about rules that are there twice, in one file or in
// two.
func duplicates(c *promcheck.Checker, sources []*source) {
	var rules []*promcheck.Rule
	of := map[*promcheck.Rule]*rule{}
	for _, s := range sources {
		for _, r := range s.rules {
			if r.unread != "" || s.branches { // rules of two branches can be equal
				continue
			}
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
		if r.unread == "" {
			out = append(out, r.issues...)
		}
	}
	for i := range out {
		s.locate(&out[i])
	}
	out = once(out)
	out = s.suppress(out)
	slices.SortStableFunc(out, func(a, b Issue) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return out
}

// once removes issues that repeat another at the same place: those of a text
// that rules share by an anchor or as a label of their group.
func once(issues []Issue) []Issue {
	seen := map[string]bool{}
	return slices.DeleteFunc(issues, func(i Issue) bool {
		key := fmt.Sprint(i.Line, " ", i.Column, " ", i.Finding.Code, " ", i.Finding.Reason)
		twice := seen[key]
		seen[key] = true
		return twice
	})
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
