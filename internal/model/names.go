package model

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// ruleName is a rule of a group.
type ruleName struct{ group, rule string }

// FileName returns the name of an alert or record in file names: the rule's
// name, with the group's if two groups have a rule with that name.
func (s *Site) FileName(g Group, name string) string {
	return s.rulePages[s.fullName(g.Name, name)]
}

// RuleFileName returns the name of the rule file of a group.
func (s *Site) RuleFileName(g Group) string { return s.groupFiles[g.Name] + ".yml" }

// fullName returns a name for a rule that is unique among groups.
func (s *Site) fullName(group, rule string) string {
	if s.groupsOf[rule] > 1 {
		return group + "-" + rule
	}
	return rule
}

// countNames counts the groups that have a rule with each name, and sets the
// file names of groups and rules.
func (s *Site) countNames() {
	all := map[ruleName]bool{}
	var groups []string
	for _, g := range s.Groups {
		groups = append(groups, g.Name)
		for i := range g.Alerts {
			all[ruleName{g.Name, g.Alerts[i].Name}] = true
		}
		for i := range g.Records {
			all[ruleName{g.Name, g.Records[i].Name}] = true
		}
	}
	s.groupsOf = map[string]int{}
	for r := range all {
		s.groupsOf[r.rule]++
	}
	var names []string
	for r := range all {
		names = append(names, s.fullName(r.group, r.rule))
	}
	s.groupFiles, s.rulePages = fileNames(groups), fileNames(names)
	for name, page := range s.rulePages {
		if strings.EqualFold(page, "README") { // the index of the runbooks
			s.rulePages[name] = page + "-" + digest(name)
		}
	}
}

// fileNames returns a valid file name for each name, without characters that
// have a meaning in folders, file patterns or links. If two file names differ
// only in case, changed ones get a digest of the name.
func fileNames(names []string) map[string]string {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	taken := map[string]int{}
	for _, name := range names {
		taken[strings.ToLower(plainName(name))]++
	}
	out := map[string]string{}
	for _, name := range names {
		plain := plainName(name)
		if plain != name && taken[strings.ToLower(plain)] > 1 {
			plain += "-" + digest(name)
		}
		out[name] = plain
	}
	return out
}

// plainName replaces characters that are not allowed in file names.
func plainName(name string) string {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-", r) {
			return r
		}
		return '-'
	}, name)
	const most = 200 // bytes: file systems allow 255, extension included
	if len(plain) > most {
		plain = strings.ToValidUTF8(plain[:most], "") + "-" + digest(name)
	}
	if strings.HasPrefix(plain, ".") {
		plain = "-" + plain
	}
	return plain
}

func digest(name string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(name)))[:8] }

// PlainUID returns a name in the form of a dashboard's UID.
// Names that lose characters get a digest, so that they stay apart.
func PlainUID(name string) string {
	lost := false
	plain := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		lost = true
		return '-'
	}, name)
	if lost {
		return strings.Trim(plain, "-") + "-" + digest(name)
	}
	return plain
}
