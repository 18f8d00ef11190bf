package checks

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// OwnConfig declares a check that needs no Go: one of the kinds http, tcp,
// command and sql measures a number, and limits say when it warns and fails.
type OwnConfig struct {
	Name    string        `yaml:"name"`   // the value of the label "check"
	Looks   string        `yaml:"looks"`  // one line: what it looks at
	Target  string        `yaml:"target"` // the value of the label "target"; the kind when not given
	Timeout time.Duration `yaml:"timeout"`

	HTTP    *HTTPConfig `yaml:"http"`
	TCP     *TCPConfig  `yaml:"tcp"`
	Command []string    `yaml:"command"` // a program and its arguments, run in the folder of preflight.yml
	SQL     *SQLConfig  `yaml:"sql"`

	Warn LimitConfig `yaml:"warn"`
	Fail LimitConfig `yaml:"fail"`
}

// LimitConfig says which numbers are not good. Of http and tcp the number is
// how long the answer took, in seconds; of sql it is the first value of the
// result, of a command what it prints.
type LimitConfig struct {
	Above *float64 `yaml:"above"`
	Below *float64 `yaml:"below"`
}

func (l LimitConfig) given() bool { return l.Above != nil || l.Below != nil }

// own is a check of the configuration.
type own struct {
	name, looks, target string
	timeout             time.Duration
	warn, fail          LimitConfig
	probe               probe
}

// probe is what one kind of own check does.
type probe interface {
	// looks says in a line what it looks at.
	looks() string
	network() bool
	reasons() []Reason
	// measure returns a number, or a rejection or an error of the connection.
	measure(context.Context) (measurement, error)
}

// measurement is a number and what it is of.
type measurement struct {
	value   float64
	isValue bool // false: there is nothing to compare with the limits
	unit    string
	latency time.Duration
}

// kinds returns the names of the kinds that are declared, and the probe of the
// last one.
func (c OwnConfig) kinds(s Setting) (names []string, p probe) {
	if c.HTTP != nil {
		names, p = append(names, "http"), c.HTTP.probe(s)
	}
	if c.TCP != nil {
		names, p = append(names, "tcp"), c.TCP.probe(s)
	}
	if c.Command != nil {
		names, p = append(names, "command"), commandProbe{argv: c.Command, dir: s.path("."), limited: c.Warn.given() || c.Fail.given()}
	}
	if c.SQL != nil {
		names, p = append(names, "sql"), c.SQL.probe(s)
	}
	return names, p
}

func (c OwnConfig) check(s Setting) Check {
	kinds, probe := c.kinds(s)
	if len(kinds) == 0 { // not a configuration that was read
		return own{name: c.Name}
	}
	return own{
		name: c.Name, looks: cmp.Or(c.Looks, probe.looks()), target: cmp.Or(c.Target, kinds[0]),
		timeout: or(c.Timeout, defaultTimeout), warn: c.Warn, fail: c.Fail, probe: probe,
	}
}

// ownProblems is about the configuration's own checks: their names must differ
// from each other's and from the shipped ones.
func (c Config) ownProblems() (problems []problem) {
	taken := map[string]bool{}
	for _, s := range Shipped() {
		taken[strings.ToLower(s.Name)] = true
	}
	for i, o := range c.Own {
		switch {
		case strings.TrimSpace(o.Name) == "":
			problems = append(problems, wrong("give the check a name, as Order Router", i, "name"))
		case o.Name != printable(strings.TrimSpace(o.Name)):
			problems = append(problems, wrong("must be one line, without spaces around it", i, "name"))
		case taken[strings.ToLower(o.Name)]:
			problems = append(problems, wrong(fmt.Sprintf("there is a check %q already", o.Name), i, "name"))
		}
		taken[strings.ToLower(o.Name)] = true
		problems = append(problems, o.problems(i)...)
	}
	return problems
}

func (c OwnConfig) problems(i int) (problems []problem) {
	kinds, _ := c.kinds(Setting{Lookup: func(string) (string, bool) { return "", false }})
	if len(kinds) != 1 {
		problems = append(problems, wrong("must be of one kind: http, tcp, command or sql", i))
	}
	switch {
	case c.HTTP != nil:
		problems = append(problems, c.HTTP.problems(i, "http")...)
	case c.TCP != nil:
		problems = append(problems, c.TCP.problems(i, "tcp")...)
	case c.Command != nil && (len(c.Command) == 0 || c.Command[0] == ""):
		problems = append(problems, wrong("name the program, as [sh, -c, …]", i, "command"))
	case c.SQL != nil:
		problems = append(problems, c.SQL.problems(i, "sql")...)
		if !c.Warn.given() && !c.Fail.given() {
			problems = append(problems, wrong("a sql check needs a limit, as fail: {above: 10}", i))
		}
	}
	return append(problems, timeoutProblem(c.Timeout, i, "timeout")...)
}

// Spec describes the check.
func (o own) Spec() Spec {
	if o.probe == nil {
		return Spec{Name: o.name}
	}
	return Spec{Name: o.name, Looks: o.looks, Network: o.probe.network(), Reasons: append([]Reason{
		{"above_limit", "the number is above the limit", "look at what the check measures; the limit is in preflight.yml"},
		{"below_limit", "the number is below the limit", "look at what the check measures; the limit is in preflight.yml"},
	}, o.probe.reasons()...), Korean: Twin{Reasons: ownKorean(o.probe)}}
}

// Targets is the one thing it looks at.
func (o own) Targets() []string {
	if o.probe == nil {
		return nil
	}
	return []string{o.target}
}

// MaxDuration is the time that the configuration gives it.
func (o own) MaxDuration() time.Duration { return o.timeout }

// Run measures once.
func (o own) Run(ctx context.Context) []Observation {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	m, err := o.probe.measure(ctx)
	if err != nil {
		reason, detail := explainExchange(err, o.timeout)
		return []Observation{Failed(o.target, reason, detail)}
	}
	observation := o.judge(m)
	observation.Latency = m.latency
	return []Observation{observation}
}

func (o own) judge(m measurement) Observation {
	if !m.isValue {
		return Passed(o.target, "succeeded")
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) + m.unit }
	for _, l := range []struct {
		LimitConfig
		observe func(target, reason, detail string) Observation
	}{{o.fail, Failed}, {o.warn, Warned}} {
		if l.Above != nil && m.value > *l.Above {
			return l.observe(o.target, "above_limit", fmt.Sprintf("%s, the limit is %s", number(m.value), number(*l.Above)))
		}
		if l.Below != nil && m.value < *l.Below {
			return l.observe(o.target, "below_limit", fmt.Sprintf("%s, the limit is %s", number(m.value), number(*l.Below)))
		}
	}
	return Passed(o.target, number(m.value))
}

// number reads a number as programs print it. Text that is none is not shown:
// it may be anything.
func number(text string) (float64, error) {
	text = strings.TrimSuffix(strings.TrimSpace(text), "%")
	if i := slices.Index([]string{"f", "t", "false", "true"}, text); i >= 0 {
		return float64(i % 2), nil
	}
	v, err := sum(strings.TrimSpace(text))
	if err != nil {
		return 0, rejection{"not_a_number", "what came back is no number"}
	}
	return v, nil
}
