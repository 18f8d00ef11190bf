package rules

import (
	"fmt"
	"slices"
)

// Promise is what a person expects to become of the alerts that have all the
// labels of Of; without any, of all alerts. Promises are written apart from the
// routes and know no order: of those that fit an alert the one that names most
// of its labels counts. What Alertmanager makes of the generated file must be
// the same.
type Promise struct {
	Of       []Matcher
	Receiver string
	GroupBy  []string
	Timing   Timing
	// MuteDuring and ActiveDuring name intervals, as those of [Route].
	MuteDuring, ActiveDuring []string
	// Also makes it a message beside what else is promised, not in its place.
	Also bool
}

// Quiet promises that the alert is not told while another fires with the same
// values of these labels, and that nothing else is kept back.
type Quiet struct {
	Alert, While string
	Same         []string
}

// Promised returns what is promised to an alert with these labels, what comes
// beside last. The error says that it is nothing, or that two promises fit of
// which neither says more.
func (r Routing) Promised(labels map[string]string) ([]Promise, error) {
	var fit, also []Promise
	for _, p := range r.Promises {
		switch {
		case slices.ContainsFunc(p.Of, func(m Matcher) bool { return labels[m.Label] != m.Value }):
		case p.Also:
			also = append(also, p)
		default:
			fit = append(fit, p)
		}
	}
	if len(fit) == 0 {
		return nil, fmt.Errorf("nothing is promised of it")
	}
	slices.SortStableFunc(fit, func(a, b Promise) int { return len(b.Of) - len(a.Of) })
	for _, other := range fit[1:] {
		if len(other.Of) == len(fit[0].Of) || slices.ContainsFunc(other.Of, func(m Matcher) bool { return !slices.Contains(fit[0].Of, m) }) {
			return nil, fmt.Errorf("the promises of %v and of %v both fit it, and neither says more than the other", matchers(fit[0].Of), matchers(other.Of))
		}
	}
	return append(fit[:1:1], also...), nil
}
