package routes

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/alertnative/preflight/internal/model/matchers"
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
	number                          int  // its place among the promises
}

// arrives reports whether the promise says that alerts arrive, not only how they
// are grouped or where they never go.
func (x promise) arrives() bool {
	return x.Promise.Receiver != "" || x.Within != "" || x.Again != "" || x.Sound != ""
}

// about reports whether the promise is about what a receiver gets.
func (x promise) about(receiver string) bool {
	return x.Promise.Receiver == "" || x.Promise.Receiver == receiver
}

// Text describes the promise: "{severity="page"} to pager: within 2m, loud".
func (x promise) Text() string {
	p := x.Promise
	text := "every alert"
	if len(x.match) > 0 {
		text = matchers.Name(x.match)
	}
	if p.Receiver != "" {
		text += " to " + p.Receiver
	}
	if p.Never != "" {
		text += " never to " + p.Never
	}
	var out []string
	add := func(set bool, words string) {
		if set {
			out = append(out, words)
		}
	}
	add(p.GroupBy != nil, "grouped by "+cmp.Or(strings.Join(x.groupBy, ", "), "nothing"))
	add(p.Gather != "", "gathered for "+p.Gather)
	add(p.Within != "", "within "+p.Within)
	add(p.Again != "", "again after at most "+p.Again)
	add(p.NotAgain != "", "not again before "+p.NotAgain)
	switch p.Sound {
	case routing.Loud:
		out = append(out, "with sound")
	case routing.Silent:
		out = append(out, "without sound")
	case routing.NoMessage:
		out = append(out, "in the history only")
	}
	add(len(p.NotIn) > 0, "not in "+strings.Join(p.NotIn, ", "))
	add(p.Resolved, "with the resolution")
	add(p.FiringOnly, "without the resolution")
	if len(out) == 0 {
		return text
	}
	return text + ": " + strings.Join(out, ", ")
}

// Promises implements [Proof].
func (p *proof) Promises() []string {
	var out []string
	for _, x := range p.promises {
		out = append(out, x.Text())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// readPromises parses the promises and reports those that do not parse.
func (p *proof) readPromises() {
	for i, x := range p.Routing.Promises {
		where := promiseName(x)
		match, err := matchers.Parse(x.Match)
		if err != nil {
			p.add(finding.Unreadable, where, "Match: %v", err)
			continue
		}
		read := promise{Promise: x, match: match, groupBy: slices.Sorted(slices.Values(x.GroupBy)), number: i}
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
	for name := range p.effects {
		if !slices.Contains(receivers, name) {
			receivers = append(receivers, name)
		}
	}
	slices.Sort(receivers)
	times = slices.Sorted(maps.Keys(p.tree.Times.Intervals))
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

// emptyPromises reports promises, quiets and stated alerts of others that match no
// alert.
func (p *proof) emptyPromises() {
	for _, x := range p.promises {
		where := promiseName(x.Promise)
		if reason := cmp.Or(p.slip(x.match), p.impossible(x.match)); reason != "" {
			p.add(finding.BrokenPromise, where, "the promise matches no alert: %s", reason)
		}
		if !x.partial && x.Promise.Receiver == "" && x.Never == "" && x.GroupBy == nil && x.Gather+x.Within+x.Again+x.NotAgain == "" && x.Sound == "" && len(x.NotIn) == 0 && !x.Resolved && !x.FiringOnly {
			p.add(finding.NoPromise, where, "it promises nothing: give it a Receiver, Never, Within or another field")
		}
	}
	for _, ms := range p.declared {
		if reason := p.contradiction(ms); reason != "" {
			p.add(finding.BrokenPromise, "routing, Others "+matchers.Name(ms), "it matches no alert: %s", reason)
		}
	}
	for _, q := range p.Routing.Quiet {
		for _, text := range []string{q.Match, q.While} {
			ms, err := matchers.Parse(text)
			if err != nil {
				p.add(finding.Unreadable, "routing, quiet of "+q.Match, "%v", err)
				continue
			}
			if reason := cmp.Or(p.slip(ms), p.impossible(ms)); reason != "" && !p.statesOthers(q) {
				p.add(finding.BrokenPromise, "routing, quiet of "+emit.RouteName(q.Match), "the quiet matches no alert: %s", reason)
			}
		}
	}
}

// statesOthers reports whether a quiet states an inhibition that is given as
// YAML. Its source may be an alert that the site does not define.
func (p *proof) statesOthers(q routing.Quiet) bool {
	source, err1 := matchers.Parse(q.While)
	target, err2 := matchers.Parse(q.Match)
	return err1 == nil && err2 == nil && slices.ContainsFunc(p.inhibitions, func(i inhibition) bool {
		return i.yaml && matchers.Name(i.rule.SourceMatchers) == matchers.Name(source) && matchers.Name(i.rule.TargetMatchers) == matchers.Name(target)
	})
}
