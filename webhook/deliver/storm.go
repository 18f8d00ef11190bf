package deliver

import (
	"errors"
	"strings"
	"time"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

const (
	// perMessage is about the number of alerts that one message lists.
	perMessage = 25
	// perSummary is about the number of groups that one summary names.
	perSummary = 100
	// calmFor is the shortest duration of a storm.
	calmFor = time.Minute
	// checkStorm is the time after which a storm without news is looked at again.
	checkStorm = 10 * time.Second
)

// step is the next call of a chat: one that is due, or a summary.
type step struct {
	due     spool.Due
	summary message.Kind // empty for no summary
	into    int64        // the message that the summary edits; 0 for a new one
	first   bool         // only the first part, because a summary counts the rest
}

// choose returns the next call. If none is possible now, it returns false, and
// the time at which one may be, or zero.
func (p *planner) choose(dues spool.Dues) (s step, ok bool, wake time.Time, err error) {
	if p.budget.unlimited() {
		s.due, ok = p.other(dues).First(func(spool.Due) bool { return true })
		return s, ok, wake, nil
	}
	if p.storm == nil {
		begins, err := p.begins(dues)
		if err != nil {
			return s, false, wake, err
		}
		if !begins {
			s, ok, wake = p.calm(p.other(dues))
			return s, ok, wake, nil
		}
		p.storm = &spool.Storm{Began: p.now}
		if err := p.tx.SetStorm(p.chat, *p.storm); err != nil {
			return s, false, wake, err
		}
		if err := p.tx.DropParts(p.chat); err != nil {
			return s, false, wake, err
		}
		if dues, _, err = p.dues(); err != nil {
			return s, false, wake, err
		}
	}
	over, err := p.passed(dues)
	if err != nil {
		return s, false, wake, err
	}
	if over {
		p.storm = nil
		if err := p.tx.EndStorm(p.chat); err != nil {
			return s, false, wake, err
		}
		s, ok, wake = p.calm(p.other(dues))
		return s, ok, wake, nil
	}
	s, ok, wake, err = p.inStorm(dues)
	if !ok {
		wake = sooner(wake, p.now.Add(checkStorm))
	}
	return s, ok, wake, err
}

// other leaves out the calls that the caller does not want to make now. In a storm
// none is.
func (p *planner) other(dues spool.Dues) spool.Dues {
	if p.others == nil {
		return dues
	}
	return p.others.Of(dues)
}

// sooner returns the earlier of two times, of which zero means never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// need is the number of calls that show news without summaries.
type need struct {
	alerts, ends, reminders int // calls
	urgent                  int // those of the alerts that are urgent
}

func (n need) all() int { return n.alerts + n.ends + n.reminders }

// needs returns the calls that are due without summaries.
func (p *planner) needs(dues spool.Dues) (n need) {
	digest := 0
	for _, d := range dues {
		calls := 1
		if d.Alerts > perMessage+perMessage/5 {
			calls = (d.Alerts + perMessage - 1) / perMessage
		}
		switch d.Class {
		case spool.DueAlert:
			n.alerts += calls
			if d.Urgent(p.urgentRanks()) {
				n.urgent += calls
			}
		case spool.DueFlap:
			n.alerts, n.urgent = n.alerts+1, n.urgent+1
		case spool.DueResolution:
			n.ends += calls
		case spool.DueReminder:
			n.reminders += calls
		case spool.DueDigest:
			digest += d.Alerts
		}
	}
	if digest > 0 {
		n.alerts += (digest + perMessage - 1) / perMessage
	}
	return n
}

// begins reports whether more groups have news than can be shown one by one:
// all within a minute, and the urgent ones at once.
func (p *planner) begins(dues spool.Dues) (bool, error) {
	n, fits := p.needs(dues), p.budget.fits()
	if n.ends > fits || n.reminders > fits {
		return true, nil
	}
	if n.alerts < 2 {
		return false, nil
	}
	others := 0
	for _, topic := range p.topics {
		groups, err := p.tx.GroupsWithNews(topic)
		if err != nil {
			return false, err
		}
		others += groups
	}
	free := max(fits-p.budget.shown(p.now), 0)
	if p.budget.steady {
		free = fits
	}
	return n.alerts+others > fits || n.urgent > 1 && n.urgent+others > free+p.budget.topics, nil
}

// passed reports whether the storm is over: the news of the last minute would
// have fitted without summaries.
func (p *planner) passed(dues spool.Dues) (bool, error) {
	since := p.now.Sub(p.storm.Began)
	if since < calmFor {
		return false, nil
	}
	n := p.needs(dues)
	if n.all() > p.budget.fits() {
		return false, nil
	}
	groups, err := p.tx.GroupsSummarized(p.chat, p.storm.Began, p.now.Add(-time.Minute), p.now)
	return n.all()+groups <= p.budget.fits(), err
}

// calm chooses without a storm.
func (p *planner) calm(dues spool.Dues) (s step, ok bool, wake time.Time) {
	used := p.budget.used(p.now)
	full := used >= p.budget.ordinary()
	s.due, ok = dues.First(func(d spool.Due) bool {
		switch {
		case d.Urgent(p.urgentRanks()):
			return p.mayRing(p.budget.ordinary(), &wake)
		case full:
			wake = sooner(wake, p.budget.below(p.budget.ordinary(), p.now))
			return false
		case d.Class == spool.DueSummaryEdit:
			return p.mayEdit(&wake)
		case d.Class == spool.DueFlapEdit:
			return p.reached(p.flapped.last, flapEditEvery, &wake)
		}
		return true
	})
	return s, ok, wake
}

// mayRing reports whether a call about an urgent alert is possible: before the
// reserve is reached, and afterwards from time to time, so that it lasts.
func (p *planner) mayRing(unreserved int, wake *time.Time) bool {
	if p.budget.shown(p.now) < unreserved {
		return true
	}
	return p.reached(p.rang, p.budget.ring(), wake)
}

// mayEdit reports whether a summary may be edited.
func (p *planner) mayEdit(wake *time.Time) bool {
	if p.editsFrom.After(p.now) {
		*wake = sooner(*wake, p.editsFrom)
		return false
	}
	return p.reached(p.edited, editEvery, wake)
}

// reached reports whether a time has passed since another. If not, it notes when
// it will have.
func (p *planner) reached(since time.Time, wait time.Duration, wake *time.Time) bool {
	at := since.Add(wait)
	if !p.now.Before(at) || p.now.Before(since) { // or the clock was set back
		return true
	}
	*wake = sooner(*wake, at)
	return false
}

// room reports whether fewer than n calls were made within a minute.
func (p *planner) room(n int, wake *time.Time) bool {
	at := p.budget.below(n, p.now)
	if !at.After(p.now) {
		return true
	}
	*wake = sooner(*wake, at)
	return false
}

// inStorm chooses in a storm: first messages of their own for some groups, then
// summaries, of which the urgent groups ring.
func (p *planner) inStorm(dues spool.Dues) (s step, ok bool, wake time.Time, err error) {
	var news, urgent, reminders spool.Dues
	classes := map[spool.Class]bool{}
	for _, d := range dues {
		switch {
		case ofWebhook(d.Group):
			if d.Class == spool.DueAlert { // rare, and about the webhook itself
				return step{due: d}, true, wake, nil
			}
		case d.Class == spool.DueAlert || d.Class == spool.DueDigest || d.Class == spool.DueFlap:
			news = append(news, d)
			if d.Urgent(p.urgentRanks()) {
				urgent = append(urgent, d)
			}
		case d.Class == spool.DueReminder:
			reminders = append(reminders, d)
		}
		classes[d.Class] = true
	}
	if len(news) > 0 && p.storm.Summary == 0 {
		s, ok, err = p.beforeSummary(news, len(urgent) > 0, &wake)
		return s, ok, wake, err
	}
	if len(urgent) > 0 {
		s, ok, err = p.urgentInStorm(urgent, &wake)
		return s, ok, wake, err
	}
	switch {
	case len(news) > 0 && p.mayEdit(&wake) && p.room(p.budget.joins(), &wake):
		return step{summary: message.SummaryStart, into: p.storm.Summary}, true, wake, nil
	case classes[spool.DueResolution] && p.mayEdit(&wake) && p.room(p.budget.joins(), &wake):
		return step{summary: message.SummaryEnds, into: p.storm.Ends}, true, wake, nil
	case len(reminders) == 1 && reminders[0].Alerts <= perMessage && p.room(p.budget.joins(), &wake):
		return step{due: reminders[0]}, true, wake, nil
	case len(reminders) > 0 && p.room(p.budget.joins(), &wake):
		return step{summary: message.SummaryReminder}, true, wake, nil
	}
	s.due, ok = dues.First(func(d spool.Due) bool {
		switch d.Class {
		case spool.DueFlapFires:
			return d.Urgent(p.urgentRanks()) && p.mayRing(p.budget.own(0), &wake)
		case spool.DueFlapEdit:
			return p.reached(p.flapped.last, flapEditEvery, &wake) && p.room(p.budget.edits(), &wake)
		case spool.DueSummaryEdit:
			return p.mayEdit(&wake) && p.room(p.budget.edits(), &wake)
		case spool.DueEdit:
			return p.room(p.budget.edits(), &wake)
		}
		return false
	})
	return s, ok, wake, nil
}

// ofWebhook reports whether a group has the alerts of the webhook itself.
func ofWebhook(group string) bool {
	key := group[strings.LastIndex(group, "\n")+1:] // see [state.Scope]
	return key == state.NoteGroup || key == state.OwnGroup
}

// beforeSummary chooses until the first summary: groups get messages of their
// own, as long as the rest can be named after them.
func (p *planner) beforeSummary(news spool.Dues, urgent bool, wake *time.Time) (s step, ok bool, err error) {
	used, summaries := p.budget.used(p.now), 1+len(news)/perSummary
	alone := len(news) == 1 && news[0].Class != spool.DueDigest && news[0].Alerts <= perMessage && used < p.budget.fits()
	if alone || used+1+summaries*p.budget.topics <= p.budget.own(summaries) {
		s, ok, err = p.ownMessage(news)
		if ok || err != nil {
			return s, ok, err
		}
	}
	if urgent || p.room(p.budget.ordinary(), wake) {
		return step{summary: message.SummaryStart}, true, nil
	}
	return s, false, nil
}

// ownMessage chooses the most urgent group that has no message of its own in the
// storm. A message about an alert that flaps, and a reply to it, come in any case:
// they save the summaries of its further episodes.
func (p *planner) ownMessage(news spool.Dues) (s step, ok bool, err error) {
	s.due, ok = news.First(func(d spool.Due) bool {
		if d.Class != spool.DueAlert {
			return d.Class == spool.DueFlap
		}
		has, e := p.tx.HasOwnMessage(p.chat, d.Group, p.storm.Began, p.now)
		flaps := false
		if has && e == nil && d.Alerts <= perMessage {
			flaps, e = p.tx.GroupFlaps(p.chat, d.Group)
		}
		err = errors.Join(err, e)
		return !has || flaps
	})
	s.first = true
	return s, ok && err == nil, err
}

// urgentInStorm chooses for urgent groups after the first summary. Those that
// fire long after the beginning of the storm get messages of their own while
// that is possible.
func (p *planner) urgentInStorm(urgent spool.Dues, wake *time.Time) (s step, ok bool, err error) {
	unreserved := p.budget.own(0)
	used := p.budget.used(p.now)
	late := true
	for _, d := range urgent {
		late = late && (d.Class == spool.DueFlap || d.FirstAt.Sub(p.storm.Began) >= calmFor)
	}
	if late && used+len(urgent) <= unreserved {
		s, ok, err = p.ownMessage(urgent)
		if ok || err != nil {
			return s, ok, err
		}
	}
	if !p.reached(p.rang, p.budget.ring(), wake) {
		return s, false, nil
	}
	if len(urgent) == 1 { // its own message is no more calls than a summary
		s, ok, err = p.ownMessage(urgent)
		if ok || err != nil {
			return s, ok, err
		}
	}
	return step{summary: message.SummaryStart}, true, nil
}
