package chaos

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook/history"
)

// verdict compares the chat with the acknowledged alerts.
type verdict struct {
	delivered, resolved int
	messages            int      // in the chat; filled in by [run.tally]
	undelivered         []string // acknowledged as firing, not delivered
	unresolved          []string // acknowledged as resolved, resolution not delivered
	unknown             []string // delivered, never posted
	stale               []string // messages that show a resolved alert as firing
	ambiguous           int      // calls without a known outcome
	duplicates          int      // messages that repeat an earlier one
	unexplained         []string // duplicates without an ambiguous call
	reminders           int
}

// shownItem is an alert in a message.
type shownItem struct {
	name string
	over bool
}

type messageKind int

const (
	kindAlert messageKind = iota
	kindReminder
	kindResolution
	kindDigest
)

var resolutionTitle = regexp.MustCompile(`^✅ P\d resolved: `)

// read parses a message of the chat.
func read(text string) (kind messageKind, items []shownItem) {
	title, rest, _ := strings.Cut(text, "\n")
	switch {
	case resolutionTitle.MatchString(title):
		kind = kindResolution
	case strings.HasPrefix(title, "ℹ️ "):
		kind = kindDigest
	case strings.Contains(title, "(still firing after "):
		kind = kindReminder
	}
	over := kind == kindDigest
	for line := range strings.Lines(rest) {
		line = strings.TrimSpace(line)
		item, ok := strings.CutPrefix(line, "- ")
		switch {
		case line == "Resolved:":
			over = true
		case line == "Still firing:":
			over = false
		case ok:
			for _, name := range alertsIn(item) {
				items = append(items, shownItem{name, over || strings.HasPrefix(item, "✅")})
			}
		}
	}
	return kind, items
}

// asSent returns the text of a message before its edits.
func asSent(m fakebot.Message) string {
	if len(m.Edits) > 0 {
		return m.Edits[0].Text
	}
	return m.Text
}

// compare compares the chat of a service with the ledger.
func (r *run) compare(chats *chatServer) verdict {
	var v verdict
	delivered, resolved := map[string]bool{}, map[string]bool{}
	explanations := r.explanations(chats)
	v.ambiguous = len(explanations)
	for _, m := range chats.messages() {
		kind, items := read(asSent(m))
		if len(items) == 0 {
			continue // a note of the webhook
		}
		news := false
		for _, it := range items {
			seen := delivered
			if it.over {
				seen = resolved
				delivered[it.name] = true // a resolution implies that it fired
			}
			news = news || !seen[it.name]
			seen[it.name] = true
		}
		switch {
		case kind == kindReminder:
			v.reminders++
		case !news:
			v.duplicates++
			if !explain(&explanations, items) && !r.report.alone(m.Sent) {
				v.unexplained = append(v.unexplained, fmt.Sprintf("message %d about %v", m.ID, items))
			}
		}
	}
	v.stale = r.stale(chats)
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	for name, a := range r.ledger.alerts {
		if a.fired && !delivered[name] {
			v.undelivered = append(v.undelivered, name)
		}
		if a.resolved && !resolved[name] {
			v.unresolved = append(v.unresolved, name)
		}
	}
	for name := range delivered {
		if !r.ledger.posted[name] {
			v.unknown = append(v.unknown, name)
		}
	}
	v.delivered, v.resolved = len(delivered), len(resolved)
	return v
}

// stale returns the messages that were not edited when alerts were resolved: the
// first message of each alert, and the others once all that they list is resolved.
func (r *run) stale(chats *chatServer) (list []string) {
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	shown := map[string]bool{}
	for _, m := range chats.messages() {
		kind, was := read(asSent(m))
		if kind != kindAlert {
			continue
		}
		_, now := read(m.Text)
		var about []string
		fires := slices.ContainsFunc(was, func(it shownItem) bool {
			a := r.ledger.alerts[it.name]
			return !it.over && a != nil && !a.resolved
		})
		for _, it := range was {
			a := r.ledger.alerts[it.name]
			first := !shown[it.name]
			shown[it.name] = true
			if fires && !first {
				continue
			}
			if a != nil && a.resolved && !it.over && !slices.Contains(now, shownItem{it.name, true}) {
				about = append(about, it.name)
			}
		}
		if about != nil {
			list = append(list, fmt.Sprintf("message %d about %s", m.ID, about[0]))
		}
	}
	return list
}

// explanations returns the alerts of the calls without a known outcome:
// interrupted by a kill, or carried out by the service without an answer.
func (r *run) explanations(chats *chatServer) (list [][]string) {
	for _, call := range r.report.sending {
		if call.chat == chats.chat {
			list = append(list, call.alerts)
		}
	}
	chats.mu.Lock()
	defer chats.mu.Unlock()
	return append(list, chats.ambiguous...)
}

// explain removes an explanation of a duplicate. Each explains one duplicate.
func explain(explanations *[][]string, items []shownItem) bool {
	for i, names := range *explanations {
		for _, it := range items {
			if slices.Contains(names, it.name) {
				*explanations = slices.Delete(*explanations, i, i+1)
				return true
			}
		}
	}
	return false
}

// tally counts what was acknowledged and shown, and reports what was lost. It returns
// the verdict on each service.
func (r *run) tally() (list []verdict) {
	rep := r.report
	r.countAcknowledged()
	for i, chats := range r.services() {
		v := r.compare(chats)
		v.messages = chats.shown()
		if list = append(list, v); i == 0 {
			rep.verdict = v
		} else {
			rep.beside = &v
		}
		if n := len(v.undelivered); n > 0 {
			rep.problem("%s: %d alerts were acknowledged and not delivered: %s", chats.service(), n, some(v.undelivered))
		}
		if n := len(v.unresolved); n > 0 {
			rep.problem("%s: %d resolutions were acknowledged and not delivered: %s", chats.service(), n, some(v.unresolved))
		}
	}
	return list
}

// countAcknowledged fills the report with what was posted.
func (r *run) countAcknowledged() {
	rep := r.report
	for _, chats := range r.services() {
		rep.Faults, rep.Messages = rep.Faults+chats.faults, rep.Messages+chats.shown()
	}
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	rep.Posts, rep.Unanswered, rep.Acknowledged = r.ledger.posts, r.ledger.refused, len(r.ledger.alerts)
	for _, a := range r.ledger.alerts {
		if a.resolved {
			rep.Resolved++
		}
	}
	for status, n := range r.ledger.wrong {
		rep.problem("%d posts were answered %d: Alertmanager gives up then", n, status)
	}
}

// judgePosts is the verdict on a stage that damages the spool: nothing is lost.
// What was shown before the damage may come twice, or stay open.
func (r *run) judgePosts(ctx context.Context) error {
	r.tally()
	for end := time.Now().Add(deadline); ; { // the search needs the history
		_, err := r.historyProblems(ctx) // an error until the webhook has made the tables
		if err == nil && r.report.History > 0 || time.Now().After(end) {
			return err
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// judge fills the report.
func (r *run) judge(ctx context.Context) error {
	for i, v := range r.tally() {
		r.judgeService(r.services()[i], v)
	}
	missing, err := r.historyProblems(ctx)
	if len(missing) > 0 {
		r.report.problem("history: %s", some(missing))
	}
	return err
}

// judgeService reports the mistakes in the chat of a service.
func (r *run) judgeService(chats *chatServer, v verdict) {
	rep := r.report
	r.ledger.mu.Lock()
	reminding := r.ledger.reminding
	r.ledger.mu.Unlock()
	if n := len(v.unknown); n > 0 {
		rep.problem("%d alerts were delivered and never posted: %s", n, some(v.unknown))
	}
	if n := len(v.unexplained); n > 0 && (r.Replicas == 1 || r.OneMessage) {
		rep.problem("%d messages came again without an ambiguous call: %s", n, some(v.unexplained))
	}
	open := v.ambiguous // the webhook does not know these messages, so it cannot edit them
	if r.Replicas > 1 {
		open += v.duplicates
	}
	if len(v.stale) > open && !r.stage.earlier && (r.Replicas == 1 || r.OneMessage) {
		rep.problem("%d messages show resolved alerts as firing, with %d ambiguous calls: %s", len(v.stale), v.ambiguous, some(v.stale))
	}
	if v.reminders > reminding {
		rep.problem("%d reminders, and Alertmanager sent %d", v.reminders, reminding)
	}
	for _, refusal := range chats.refusals() {
		rep.problem("a call was refused: %s", refusal)
	}
}

// some returns the first few of a long list.
func some(list []string) string {
	slices.Sort(list)
	if len(list) > 5 {
		list = append(slices.Clone(list[:5]), "…")
	}
	return strings.Join(list, ", ")
}

// in reports whether a stored group is one in which the alert was posted. The webhook
// adds the receiver.
func (a *acknowledged) in(stored string) bool {
	return slices.ContainsFunc(a.groups, func(group string) bool { return stored == group || strings.HasPrefix(stored, group+"@") })
}

// historyProblems compares the history in PostgreSQL with the acknowledged
// alerts.
func (r *run) historyProblems(ctx context.Context) (problems []string, err error) {
	store, err := history.Open(r.postgres.DSN())
	if err != nil {
		return nil, err
	}
	defer store.Close()
	records, err := store.List(ctx, history.Filter{})
	if err != nil {
		return nil, err
	}
	seen := map[string]history.Record{}
	for _, rec := range records {
		name := rec.Labels["target"]
		if name == "" {
			continue // a note of the webhook
		}
		if before, known := seen[name]; known && !inAnotherChat(before, rec) {
			problems = append(problems, name+" is there twice")
		} else if known {
			rec.Deliveries = append(rec.Deliveries, before.Deliveries...)
		}
		seen[name] = rec
	}
	r.report.History = len(seen)
	if r.stage.earlier {
		return nil, nil
	}
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	for name, a := range r.ledger.alerts {
		rec, ok := seen[name]
		switch {
		case !ok:
			problems = append(problems, name+" is missing")
		case rec.Fingerprint != a.fingerprint, !a.in(rec.Group), rec.Priority != a.priority, a.fired && !rec.StartsAt.Equal(a.startsAt):
			problems = append(problems, fmt.Sprintf("%s is not as acknowledged: %+v", name, rec))
		case a.resolved && rec.EndsAt == nil:
			problems = append(problems, name+" has no time of resolution")
		case len(rec.Deliveries) != len(r.services()) || slices.ContainsFunc(rec.Deliveries, func(d history.Delivery) bool { return d.DeliveredAt == nil || a.resolved && d.ResolvedAt == nil }):
			problems = append(problems, name+" has no time of delivery")
		}
	}
	for name := range seen {
		if !r.ledger.posted[name] {
			problems = append(problems, name+" was never posted")
		}
	}
	slices.Sort(problems)
	return problems, nil
}

// inAnotherChat reports whether two records are about one alert in different chats.
func inAnotherChat(a, b history.Record) bool {
	return len(a.Deliveries) > 0 && len(b.Deliveries) > 0 && !slices.ContainsFunc(a.Deliveries, func(d history.Delivery) bool { return d.Chat == b.Deliveries[0].Chat })
}
