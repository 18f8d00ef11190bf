package rulelint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/alertnative/preflight/finding"
)

// suppression is a comment that waives findings:
//
//	# preflight-lint: ignore PQ041: the series exists only in case of a failure
//
// Above a rule or inside it, the comment applies to that rule; ignore-file
// applies to the whole file. It needs a reason, and a finding to waive.
type suppression struct {
	line   int
	codes  []string
	reason string
	file   bool
	rule   *rule
	used   map[string]bool
}

var (
	suppressing = regexp.MustCompile(`#\s*preflight-lint:\s*(.*)$`)
	suppressed  = regexp.MustCompile(`^(ignore|ignore-file)\s+([A-Z]{2}\d{3}(?:\s*,\s*[A-Z]{2}\d{3})*)\s*(?::\s*(.*))?$`)
)

// suppressions parses the comments of a file.
func (s *source) suppressions() (list []*suppression, wrong []Issue) {
	for i, line := range s.lines {
		m := suppressing.FindStringSubmatchIndex(line)
		if m == nil {
			continue
		}
		parts := suppressed.FindStringSubmatch(strings.TrimSpace(line[m[2]:m[3]]))
		switch {
		case parts == nil:
			wrong = append(wrong, s.waiver(i+1, m[0]+1, "write it as: # preflight-lint: ignore PQ041: the reason"))
			continue
		case parts[3] == "":
			wrong = append(wrong, s.waiver(i+1, m[0]+1, "a finding is waived for a reason: add it after a colon"))
		}
		sup := &suppression{line: i + 1, reason: parts[3], file: parts[1] == "ignore-file", used: map[string]bool{}}
		for code := range strings.SplitSeq(parts[2], ",") {
			sup.codes = append(sup.codes, strings.TrimSpace(code))
		}
		sup.rule = s.ruleAt(i)
		list = append(list, sup)
	}
	return list, wrong
}

func (s *source) waiver(line, column int, reason string) Issue {
	return Issue{File: s.name, Line: line, Column: column, Finding: finding.Finding{Code: finding.IdleWaiver, Reason: reason}}
}

// ruleAt returns the rule of a comment in the i-th line: the next rule if only
// comments are between, else the rule around the comment.
func (s *source) ruleAt(i int) *rule {
	next := i
	for next < len(s.lines) {
		text := strings.TrimSpace(s.lines[next])
		if text != "" && !strings.HasPrefix(text, "#") {
			break
		}
		next++
	}
	var around *rule
	for _, r := range s.rules {
		if r.line == next+1 {
			return r
		}
		if r.line <= i+1 {
			around = r
		}
	}
	return around
}

// suppress removes waived issues. It adds one for each code of a comment that
// waives nothing.
func (s *source) suppress(issues []Issue) []Issue {
	list, wrong := s.suppressions()
	if len(list) == 0 {
		return append(issues, wrong...)
	}
	kept := slices.DeleteFunc(issues, func(i Issue) bool {
		for _, sup := range list {
			if slices.Contains(sup.codes, string(i.Finding.Code)) && (sup.file || i.rule != nil && sup.rule != nil && sup.rule.line == i.rule.line) {
				sup.used[string(i.Finding.Code)] = true
				return true
			}
		}
		return false
	})
	for _, sup := range list {
		for _, code := range sup.codes {
			if !sup.used[code] && !s.mayHave(sup) {
				kept = append(kept, s.waiver(sup.line, 1, fmt.Sprintf("there is no finding %s here any more: take the comment out", code)))
			}
		}
	}
	return append(kept, wrong...)
}

// mayHave reports whether a comment applies to a rule that is not read.
func (s *source) mayHave(sup *suppression) bool {
	if !sup.file {
		return sup.rule != nil && sup.rule.unread != ""
	}
	return s.read() < len(s.rules) || len(s.unread) > 0
}
