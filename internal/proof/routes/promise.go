package routes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/alertnative/preflight/internal/model/matchers"
	"github.com/alertnative/preflight/internal/proof/routetree"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/webhook/api"
)

const (
	directLabel = api.Delivery
	directValue = api.Direct
)

// promise is a parsed promise.
type promise struct {
	routing.Promise
	match                           labels.Matchers
	gather, within, again, notAgain time.Duration
	groupBy                         []string
	partial                         bool // another check reports one of its fields
}

// readPromises parses the promises and reports those that do not parse.
func (p *proof) readPromises() {
	for _, x := range p.Routing.Promises {
		where := promiseName(x)
		match, err := matchers.Parse(x.Match)
		if err != nil {
			p.add(finding.Unreadable, where, "Match: %v", err)
			continue
		}
		read := promise{Promise: x, match: match, groupBy: slices.Sorted(slices.Values(x.GroupBy))}
		for _, d := range []struct {
			field string
			text  *string
			to    *time.Duration
		}{
			{"Gather", &read.Gather, &read.gather}, {"Within", &read.Within, &read.within}, {"Again", &read.Again, &read.again}, {"NotAgain", &read.NotAgain, &read.notAgain},
		} {
			if *d.text == "" {
				continue
			}
			parsed, err := model.ParseDuration(*d.text)
			if err != nil {
				p.add(finding.Unreadable, where, "%s: %v: write it as \"30s\" or \"4h\"", d.field, err)
				*d.text, read.partial = "", true
			}
			*d.to = time.Duration(parsed)
		}
		p.undefined(where, x, &read)
		p.promises = append(p.promises, read)
	}
}

// undefined reports undefined names in a promise. A promise to an undefined
// receiver is not checked further.
func (p *proof) undefined(where string, x routing.Promise, read *promise) {
	add := func(kind, name string, defined []string) {
		read.partial = true
		p.findings = append(p.findings, finding.Finding{
			Code: finding.Undefined, Where: where, Reason: fmt.Sprintf("the %s %q is not defined", kind, name), Suggestion: suggest.Nearest(name, defined),
		})
	}
	var receivers, times []string
	for _, r := range p.Routing.Receivers {
		receivers = append(receivers, r.Name)
	}
	for _, i := range p.Routing.TimeIntervals {
		times = append(times, i.Name)
	}
	read.NotIn = nil
	for _, name := range x.NotIn {
		if !slices.Contains(times, name) {
			add("time interval", name, times)
			continue
		}
		read.NotIn = append(read.NotIn, name)
	}
	if x.Never != "" && !slices.Contains(receivers, x.Never) {
		add("receiver", x.Never, receivers)
	}
	if x.Receiver != "" && !slices.Contains(receivers, x.Receiver) {
		add("receiver", x.Receiver, receivers)
		read.Promise = routing.Promise{Match: x.Match}
	}
}

func promiseName(x routing.Promise) string {
	if x.Match == "" {
		return "routing, promise of every alert"
	}
	return "routing, promise of " + emit.RouteName(x.Match)
}

// matching returns the promises that match an alert.
func (p *proof) matching(s sent) []promise {
	var out []promise
	for _, x := range p.promises {
		if x.match.Matches(s.set()) {
			out = append(out, x)
		}
	}
	return out
}

// emptyPromises reports promises and quiets that match no alert, or that name
// unknown receivers or time intervals.
func (p *proof) emptyPromises() {
	for _, x := range p.promises {
		where := promiseName(x.Promise)
		if reason := p.Impossible(x.match); reason != "" {
			p.add(finding.BrokenPromise, where, "the promise matches no alert: %s", reason)
		}
		if !x.partial && x.Promise.Receiver == "" && x.Never == "" && x.GroupBy == nil && x.Gather+x.Within+x.Again+x.NotAgain == "" && x.Sound == "" && len(x.NotIn) == 0 && !x.Resolved {
			p.add(finding.NoPromise, where, "it promises nothing: give it a Receiver, Never, Within or another field")
		}
	}
	for _, q := range p.Routing.Quiet {
		for _, text := range []string{q.Match, q.While} {
			ms, err := matchers.Parse(text)
			if err != nil {
				p.add(finding.Unreadable, "routing, quiet of "+q.Match, "%v", err)
				continue
			}
			if reason := p.Impossible(ms); reason != "" {
				p.add(finding.BrokenPromise, "routing, quiet of "+emit.RouteName(q.Match), "the quiet matches no alert: %s", reason)
			}
		}
	}
}

// judge returns a function that describes the promise that an alert's
// deliveries break. It returns nil if no promise matches.
func (p *proof) judge(s sent) func(routetree.Deliveries) string {
	promises := p.matching(s)
	if len(promises) == 0 {
		return nil
	}
	interval := p.interval(s)
	wanted := map[string]bool{}
	for _, x := range promises {
		if x.Promise.Receiver != "" {
			wanted[x.Promise.Receiver] = true
		}
	}
	return func(ds routetree.Deliveries) string {
		if problem := receivers(promises, wanted, ds); problem != "" {
			return problem
		}
		notIn := excepted(promises)
		for _, x := range promises {
			for _, d := range ds {
				if x.Promise.Receiver != "" && d.Receiver != x.Promise.Receiver {
					continue
				}
				if problem := cmp.Or(p.breaks(x, d, s, interval), held(x, d, notIn)); problem != "" {
					return fmt.Sprintf("%s: %s", d.Receiver, problem)
				}
			}
		}
		return ""
	}
}

// interval returns the time between two evaluations of an alert. For alerts of
// other sites it is unknown and counts as 0, so that only Alertmanager's delays
// count.
func (p *proof) interval(s sent) time.Duration {
	for _, a := range p.Alerts {
		if a.Name == s.labels[model.AlertNameLabel] {
			return p.Interval(a.Group)
		}
	}
	return 0
}

// receivers describes how the receivers differ from the promised ones.
func receivers(promises []promise, wanted map[string]bool, ds routetree.Deliveries) string {
	got := map[string]bool{}
	for _, d := range ds {
		if got[d.Receiver] {
			return fmt.Sprintf("%s is notified twice", d.Receiver)
		}
		got[d.Receiver] = true
	}
	if len(wanted) > 0 {
		if a, b := names(wanted), names(got); a != b {
			return fmt.Sprintf("promised to %s, goes to %s", a, cmp.Or(b, "no receiver"))
		}
		return ""
	}
	for _, x := range promises {
		if x.Never != "" && got[x.Never] {
			return fmt.Sprintf("promised never to %s, and goes there", x.Never)
		}
	}
	return ""
}

func names(set map[string]bool) string {
	var out []string
	for name := range set {
		out = append(out, name)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// breaks describes the part of a promise that a delivery breaks.
func (p *proof) breaks(x promise, d routetree.Delivery, s sent, interval time.Duration) string {
	show := func(t time.Duration) string { return model.Duration(t).String() }
	latest := interval + max(d.GroupWait, d.GroupInterval)
	sooner, later := repeats(d)
	receiver, _ := p.receiver(d.Receiver)
	switch {
	case x.GroupBy != nil && !slices.Equal(x.groupBy, d.GroupBy):
		return fmt.Sprintf("promised to be grouped by %s, is grouped by %s", strings.Join(x.groupBy, ", "), d.Grouping())
	case x.Gather != "" && d.GroupWait < x.gather:
		return fmt.Sprintf("promised to gather alerts for %s, sends the first after %s", show(x.gather), show(d.GroupWait))
	case x.Gather != "" && d.GroupWait > x.gather:
		return fmt.Sprintf("the first is sent after %s, and gathering takes %s only", show(d.GroupWait), show(x.gather))
	case x.Within != "" && latest > x.within:
		return fmt.Sprintf("promised within %s, can take %s", show(x.within), show(latest))
	case x.Again != "" && later > x.again:
		return fmt.Sprintf("promised again after at most %s, can take %s", show(x.again), show(later))
	case x.NotAgain != "" && sooner < x.notAgain:
		return fmt.Sprintf("promised not again before %s, comes after %s", show(x.notAgain), show(sooner))
	case x.Resolved && receiver.FiringOnly:
		return "promised the resolution too, which the receiver leaves out (FiringOnly)"
	case x.Sound != "" && p.sound(receiver, s) != x.Sound:
		return fmt.Sprintf("promised with the sound %q, comes with %q", x.Sound, p.sound(receiver, s))
	}
	for _, name := range x.NotIn {
		if !slices.Contains(d.Mute, name) {
			return fmt.Sprintf("promised not to be sent in %s, and is", name)
		}
	}
	return ""
}

// excepted returns the time intervals that the promises except.
func excepted(promises []promise) []string {
	var out []string
	for _, x := range promises {
		out = append(out, x.NotIn...)
	}
	return out
}

// held describes a time interval in which a delivery is late or not repeated
// because its route is muted. Time intervals that a promise excepts do not
// count.
func held(x promise, d routetree.Delivery, notIn []string) string {
	within, what := x.Within, "within "+x.Within
	if within == "" {
		within, what = x.Again, "again after at most "+x.Again
	}
	if within == "" {
		return ""
	}
	for _, name := range d.Mute {
		if !slices.Contains(notIn, name) {
			return fmt.Sprintf("promised %s, and is not sent in %s: promise that too, in NotIn", what, name)
		}
	}
	if len(d.Active) > 0 {
		return fmt.Sprintf("promised %s, but it is sent only in %s", what, strings.Join(d.Active, ", "))
	}
	return ""
}

// repeats returns the shortest and longest time until an unchanged group is
// sent again: with the first flush at or after the repeat interval. A flush
// exactly at the interval may be too early; then it is the next one.
func repeats(d routetree.Delivery) (sooner, later time.Duration) {
	if d.GroupInterval <= 0 {
		return d.Repeat, d.Repeat
	}
	flushes := (d.Repeat + d.GroupInterval - 1) / d.GroupInterval
	sooner = flushes * d.GroupInterval
	if sooner == d.Repeat {
		return sooner, sooner + d.GroupInterval
	}
	return sooner, sooner
}

// sound returns the sound of a message to the receiver: the receiver's own, or
// that of the alert's level.
func (p *proof) sound(r routing.Receiver, s sent) routing.Sound {
	if r.Sound != "" {
		return r.Sound
	}
	level, _, ok := p.Level(s.labels[p.Scale.Label])
	if !ok {
		return routing.Loud
	}
	return level.Sound
}

// keepsBack returns the alerts that are promised to be inhibited while the
// source fires. A missing label equals an empty one.
func (p *proof) keepsBack(source model.LabelSet) func(target model.LabelSet) bool {
	type quiet struct {
		routing.Quiet
		match labels.Matchers
	}
	var quiets []quiet
	for _, q := range p.Routing.Quiet {
		while, err1 := matchers.Parse(q.While)
		match, err2 := matchers.Parse(q.Match)
		if err1 == nil && err2 == nil && while.Matches(source) {
			quiets = append(quiets, quiet{q, match})
		}
	}
	if len(quiets) == 0 {
		return nil
	}
	return func(target model.LabelSet) bool {
		return slices.ContainsFunc(quiets, func(q quiet) bool {
			return q.match.Matches(target) && !slices.ContainsFunc(q.Equal, func(name string) bool {
				return source[model.LabelName(name)] != target[model.LabelName(name)]
			})
		})
	}
}
