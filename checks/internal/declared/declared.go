// Package declared describes the checks in the section "checks" of
// preflight.yml: keys, validation and specs. It links no client of a server.
package declared

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/checks/internal/reasons"
)

// Section is the key of the declared checks in preflight.yml.
const Section = "checks"

// Check declares a check without Go. One of the kinds http, tcp, command and
// sql measures a number, and limits make it warn and fail.
type Check struct {
	Name    string        `yaml:"name"`   // value of the label "check"
	Looks   string        `yaml:"looks"`  // description in one line
	Target  string        `yaml:"target"` // value of the label "target"; by default the kind
	Timeout time.Duration `yaml:"timeout"`

	HTTP    *HTTP    `yaml:"http"`
	TCP     *TCP     `yaml:"tcp"`
	Command []string `yaml:"command"` // program and arguments, run in the folder of preflight.yml
	SQL     *SQL     `yaml:"sql"`

	Warn Limit `yaml:"warn"`
	Fail Limit `yaml:"fail"`
}

// Limit limits a number. The number is the duration in seconds for http and
// tcp, the first value of the result for sql, and the output for command.
type Limit struct {
	Above *float64 `yaml:"above"`
	Below *float64 `yaml:"below"`
}

// Given reports whether the limit is set.
func (l Limit) Given() bool { return l.Above != nil || l.Below != nil }

// Limited reports whether a limit is set.
func (c Check) Limited() bool { return c.Warn.Given() || c.Fail.Given() }

// kind is a kind of measurement.
type kind struct {
	name    string
	looks   string // default for Looks
	reasons func() reasons.List
}

// kinds returns the kinds of the check. A valid check has one.
func (c Check) kinds() (kinds []kind) {
	if c.HTTP != nil {
		kinds = append(kinds, kind{"http", c.HTTP.looks(), httpReasons})
	}
	if c.TCP != nil {
		kinds = append(kinds, kind{"tcp", c.TCP.looks(), tcpReasons})
	}
	if c.Command != nil {
		name := ""
		if len(c.Command) > 0 {
			name = filepath.Base(c.Command[0])
		}
		kinds = append(kinds, kind{"command", "the program " + name + " succeeds", commandReasons})
	}
	if c.SQL != nil {
		kinds = append(kinds, kind{"sql", "a query on the database in " + c.SQL.URLFrom, sqlReasons})
	}
	return kinds
}

// Spec returns the spec of a valid check.
func (c Check) Spec() spec.Spec {
	k := c.kinds()[0]
	all := k.reasons()
	// A command may use the network: its program is unknown.
	return spec.Spec{
		Name: c.Name, Looks: cmp.Or(c.Looks, k.looks), Network: true,
		Reasons: all.English(), Translations: all.Korean("", ""),
	}
}

// TargetName returns the only target of a valid check.
func (c Check) TargetName() string { return cmp.Or(c.Target, c.kinds()[0].name) }

// Problems returns the mistakes in a list of declared checks. Their names must
// be unique and differ from the taken ones.
func Problems(list []Check, taken ...string) (problems []Problem) {
	seen := map[string]bool{}
	for _, name := range taken {
		seen[strings.ToLower(name)] = true
	}
	for i, c := range list {
		switch {
		case strings.TrimSpace(c.Name) == "":
			problems = append(problems, Wrong("give the check a name, such as Order Router", i, "name"))
		case c.Name != strings.TrimSpace(c.Name) || strings.ContainsFunc(c.Name, func(r rune) bool { return !unicode.IsPrint(r) }):
			problems = append(problems, Wrong("must be one line, without spaces around it", i, "name"))
		case seen[strings.ToLower(c.Name)]:
			problems = append(problems, Wrong(fmt.Sprintf("there is a check %q already", c.Name), i, "name"))
		}
		seen[strings.ToLower(c.Name)] = true
		problems = append(problems, c.problems(i)...)
	}
	return problems
}

func (c Check) problems(i int) (problems []Problem) {
	if len(c.kinds()) != 1 {
		problems = append(problems, Wrong("must be of one kind: http, tcp, command or sql", i))
	}
	switch {
	case c.HTTP != nil:
		problems = append(problems, c.HTTP.problems(i, "http")...)
	case c.TCP != nil:
		problems = append(problems, c.TCP.problems(i, "tcp")...)
	case c.Command != nil && (len(c.Command) == 0 || c.Command[0] == ""):
		problems = append(problems, Wrong("name the program, such as [sh, -c, …]", i, "command"))
	case c.SQL != nil:
		problems = append(problems, c.SQL.problems(i, "sql")...)
		if !c.Limited() {
			problems = append(problems, Wrong("a sql check needs a limit, such as fail: {above: 10}", i))
		}
	}
	return append(problems, TimeoutProblem(c.Timeout, i, "timeout")...)
}
