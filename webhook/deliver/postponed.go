package deliver

import (
	"maps"
	"slices"
	"time"

	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/transport"
)

const (
	// postponedFor is the longest time for which postponed messages wait for
	// new ones.
	postponedFor = 10 * time.Second
	// provedFor is the time for which a message that was accepted in a simpler
	// form proves that a refusal is not the fault of the chat.
	provedFor = time.Minute
	// leftFree is the number of calls of a minute that these attempts leave to
	// other messages.
	leftFree = 5
)

// postponed has the messages whose text was refused, by group. The first refused
// text is tried in all forms at once, which takes some seconds and shows that the
// chat is not at fault. From then on each further attempt waits until no new
// message of another group is due. The zero value has none.
type postponed struct {
	attempts map[string]attempt
	behind   time.Time // since when they wait for new messages; zero if they do not
	proved   time.Time // when the chat last accepted a simpler form
	newest   bool      // the latest of the other messages is next
}

// attempt is how a message is tried next.
type attempt struct {
	form   form
	inChat bool // instead of its topic
}

// add postpones the rest of the attempts for a call.
func (p *postponed) add(c *call, chat transport.Chat, o *outcome) {
	if p.attempts == nil {
		p.attempts = map[string]attempt{}
	}
	p.attempts[c.Group] = attempt{o.form, chat.Topic == 0}
	o.postponed = true
}

// resume continues where the attempts for a message were postponed.
func (p *postponed) resume(c *call, chat *transport.Chat, o *outcome) {
	a, ok := p.attempts[c.Group]
	if !ok || c.Edits != "" {
		return
	}
	p.behind = time.Time{}
	o.form = a.form
	if a.inChat {
		chat.Topic = 0
	}
}

// took notes that the chat accepted a new message.
func (p *postponed) took(c *call, f form, now time.Time) {
	delete(p.attempts, c.Group)
	if f != formatted {
		p.proved = now
	}
}

// refused notes that a call failed in every form. If the chat is at fault, the
// texts may be right.
func (p *postponed) refused(c *call, failure *transport.Error) {
	if !refusedEdit(c, failure) && refusedChat(failure) {
		p.attempts, p.proved = nil, time.Time{}
	}
}

// groups returns the groups of the postponed messages, and some others.
func (p *postponed) groups(others ...string) []string {
	return append(others, slices.Sorted(maps.Keys(p.attempts))...)
}

// postpones reports whether the next attempt for a call waits for other
// messages. It does not while the chat may be at fault, which only the last form
// shows.
func (w *worker) postpones(c *call) bool {
	p, now := &w.postponed, time.Now()
	if c.Edits != "" || c.Group == "" || !w.takesOthers() {
		return false
	}
	if w.pace().spare(now, leftFree).After(now) {
		return true
	}
	due := false
	err := w.Spool.Do(func(tx *spool.Tx) (err error) {
		due, err = tx.AnyOther(w.key, w.lease.OwnOnly, w.Formatter(w.key).Scale().Urgent(), spool.Others{Groups: p.groups(c.Group), News: true})
		return err
	})
	return err == nil && due
}

// choose plans the next call. New messages of other groups come before another
// attempt for a postponed one, in turns the most urgent and the latest: a message
// behind many refused ones is not the last.
func (w *worker) choose(plan planner) (c *call, wake time.Time, err error) {
	p := &w.postponed
	if len(p.attempts) == 0 {
		return plan.next()
	}
	news := plan
	news.others = &spool.Others{Groups: p.groups(), News: true, Newest: p.newest}
	due, err := plan.tx.AnyOther(plan.chat, plan.ownOnly, plan.urgentRanks(), *news.others)
	if err != nil {
		return nil, wake, err
	}
	switch {
	case !due:
		p.behind = time.Time{}
	case p.behind.IsZero():
		p.behind = plan.now
	}
	if due && plan.now.Sub(p.behind) < postponedFor {
		p.newest = !p.newest
		return news.next()
	}
	if at := w.pace().spare(plan.now, leftFree); at.After(plan.now) && !due {
		plan.others = &spool.Others{Groups: p.groups()}
		c, wake, err = plan.next()
		return c, sooner(wake, at), err
	}
	c, wake, err = plan.next()
	if c == nil && err == nil {
		p.attempts = nil // they are no longer due
	}
	return c, wake, err
}

// takesOthers reports whether the chat took another text lately, so that it is not
// at fault for a refusal.
func (w *worker) takesOthers() bool {
	return w.dead == "" && time.Since(w.postponed.proved) <= provedFor
}

// soon reports whether a call may be made within seconds.
func (w *worker) soon() bool {
	now := time.Now()
	return w.pace().next(now, w.lease.Share).Sub(now) <= postponedFor/2
}
