package checks

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/checks/internal/declared"
	shipped "github.com/alertnative/preflight/checks/spec"
)

// declaredChecks represents the checks that preflight.yml declares.
type declaredChecks struct{}

func (declaredChecks) Spec() spec.Spec                                        { return spec.Spec{Name: declared.Section} }
func (declaredChecks) Targets(checker.Env) []string                           { return nil }
func (declaredChecks) Run(context.Context, checker.Env) []checker.Observation { return nil }

// Expand returns the declared checks.
func (declaredChecks) Expand(env checker.Env) (all []checker.Check) {
	var list declaredList
	if env.Config(&list) != nil {
		return nil // the command reports the error
	}
	for _, c := range list {
		all = append(all, declaredCheck{c})
	}
	return all
}

// declaredList is the section of the declared checks.
type declaredList []declared.Check

// Problems returns the mistakes in the section.
func (l declaredList) Problems(checker.Env) []checker.Problem {
	var names []string
	for _, s := range shipped.Shipped() {
		names = append(names, s.Name)
	}
	return problems(declared.Problems(l, names...))
}

// declaredCheck is one declared check.
type declaredCheck struct{ declared.Check }

// Targets returns the only target.
func (d declaredCheck) Targets(checker.Env) []string { return []string{d.TargetName()} }

// MaxDuration returns the time that the declaration allows the check.
func (d declaredCheck) MaxDuration(checker.Env) time.Duration {
	return cmp.Or(d.Timeout, defaultTimeout)
}

// Run measures once.
func (d declaredCheck) Run(ctx context.Context, env checker.Env) []checker.Observation {
	timeout := d.MaxDuration(env)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	m, err := d.probe(env).measure(ctx)
	if err != nil {
		reason, detail := explainExchange(err, timeout)
		return []checker.Observation{checker.Failed(d.TargetName(), reason, detail)}
	}
	observation := d.judge(m)
	observation.Latency = m.latency
	return []checker.Observation{observation}
}

// probe is one of the declarable measurements.
type probe interface {
	// measure returns a number. Its error is a rejection or a connection error.
	measure(context.Context) (measurement, error)
}

// measurement is a number with its kind.
type measurement struct {
	value   float64
	isValue bool // false: no number to compare with the limits
	unit    string
	latency time.Duration
}

// probe returns the probe for the check's kind.
func (d declaredCheck) probe(env checker.Env) probe {
	switch {
	case d.HTTP != nil:
		return newHTTPProbe(d.HTTP, env)
	case d.TCP != nil:
		return newTCPProbe(d.TCP, env)
	case d.SQL != nil:
		return newSQLProbe(d.SQL, env)
	}
	return commandProbe{argv: d.Command, dir: env.Path("."), limited: d.Limited()}
}

func (d declaredCheck) judge(m measurement) checker.Observation {
	if !m.isValue {
		return checker.Passed(d.TargetName(), "succeeded")
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) + m.unit }
	for _, l := range []struct {
		declared.Limit
		observe func(target, reason, detail string) checker.Observation
	}{{d.Fail, checker.Failed}, {d.Warn, checker.Warned}} {
		if l.Above != nil && m.value > *l.Above {
			return l.observe(d.TargetName(), "above_limit", fmt.Sprintf("%s, the limit is %s", number(m.value), number(*l.Above)))
		}
		if l.Below != nil && m.value < *l.Below {
			return l.observe(d.TargetName(), "below_limit", fmt.Sprintf("%s, the limit is %s", number(m.value), number(*l.Below)))
		}
	}
	return checker.Passed(d.TargetName(), number(m.value))
}

// number parses the output of a program. Its error does not show the text,
// which may hold a secret.
func number(text string) (float64, error) {
	text = strings.TrimSuffix(strings.TrimSpace(text), "%")
	if i := slices.Index([]string{"f", "t", "false", "true"}, text); i >= 0 {
		return float64(i % 2), nil
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) { // ParseFloat accepts such text
		return 0, rejection{"not_a_number", "the result is not a number"}
	}
	return v, nil
}
