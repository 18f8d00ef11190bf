package chaos

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook/history"
)

// verdict is what the chat shows of what was acknowledged.
type verdict struct {
	told, ended int
	untold      []string // acknowledged as firing, never told
	unended     []string // acknowledged as resolved, the end never told
	unknown     []string // told, never posted
	stale       int      // messages that show something as firing whose end was acknowledged
	ambiguous   int      // calls whose outcome the webhook could not know
	duplicates  int      // messages without news
	unexplained []string // those that no ambiguous call explains
	reminders   int
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

// read takes a message of the chat apart.
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

// asSent is what a message said when it came.
func asSent(m fakebot.Message) string {
	if len(m.Edits) > 0 {
		return m.Edits[0].Text
	}
	return m.Text
}

// compare holds the chat against the ledger.
func (r *run) compare() verdict {
	var v verdict
	told, ended := map[string]bool{}, map[string]bool{}
	explanations := r.explanations()
	v.ambiguous = len(explanations)
	for _, m := range r.telegram.bot.Messages(chatID) {
		kind, items := read(asSent(m))
		news := false
		for _, it := range items {
			seen := told
			if it.over {
				seen = ended
				told[it.name] = true // it fired, says its end
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
	v.stale = r.stale()
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	for name, a := range r.ledger.alerts {
		if a.fired && !told[name] {
			v.untold = append(v.untold, name)
		}
		if a.ended && !ended[name] {
			v.unended = append(v.unended, name)
		}
	}
	for name := range told {
		if !r.ledger.posted[name] {
			v.unknown = append(v.unknown, name)
		}
	}
	v.told, v.ended = len(told), len(ended)
	return v
}

// stale counts the messages that told of an alert first and were never edited
// when it ended.
func (r *run) stale() (n int) {
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	for _, m := range r.telegram.bot.Messages(chatID) {
		kind, was := read(asSent(m))
		if kind != kindAlert {
			continue
		}
		_, now := read(m.Text)
		open := false
		for _, it := range was {
			a := r.ledger.alerts[it.name]
			open = open || a != nil && a.ended && !it.over && !slices.ContainsFunc(now, func(s shownItem) bool { return s.name == it.name && s.over })
		}
		if open {
			n++
		}
	}
	return n
}

// explanations are the calls whose outcome the webhook could not know: those
// under way at a kill, and those that Telegram carried out and did not answer.
func (r *run) explanations() [][]string {
	r.telegram.mu.Lock()
	defer r.telegram.mu.Unlock()
	return slices.Concat(r.report.sending, r.telegram.ambiguous)
}

// explain takes the explanation of a duplicate: each is good for one.
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

// judge turns what is there into the report.
func (r *run) judge(ctx context.Context) error {
	v := r.compare()
	rep := r.report
	rep.Faults, rep.Messages, rep.verdict = r.telegram.faults, r.telegram.shown(), v
	r.ledger.mu.Lock()
	rep.Posts, rep.Unanswered, rep.Acknowledged = r.ledger.posts, r.ledger.refused, len(r.ledger.alerts)
	for _, a := range r.ledger.alerts {
		if a.ended {
			rep.Ended++
		}
	}
	reminding := r.ledger.reminding
	for status, n := range r.ledger.wrong {
		rep.problem("%d posts were answered %d: Alertmanager gives up then", n, status)
	}
	r.ledger.mu.Unlock()
	if n := len(v.untold); n > 0 {
		rep.problem("%d alerts were acknowledged and never told: %s", n, some(v.untold))
	}
	if n := len(v.unended); n > 0 {
		rep.problem("the end of %d alerts was acknowledged and never told: %s", n, some(v.unended))
	}
	if n := len(v.unknown); n > 0 {
		rep.problem("%d alerts were told and never posted: %s", n, some(v.unknown))
	}
	if n := len(v.unexplained); n > 0 && (r.Replicas == 1 || r.OneMessage) {
		rep.problem("%d messages came again without an ambiguous call: %s", n, some(v.unexplained))
	}
	open := v.ambiguous // what came of such a call can't be edited
	if r.Replicas > 1 {
		open += v.duplicates
	}
	if v.stale > open && (r.Replicas == 1 || r.OneMessage) {
		rep.problem("%d messages show alerts as firing that ended, with %d ambiguous calls", v.stale, v.ambiguous)
	}
	if v.reminders > reminding {
		rep.problem("%d reminders, and Alertmanager sent %d", v.reminders, reminding)
	}
	for _, c := range r.telegram.bot.Refusals() {
		rep.problem("Telegram refused a call: %s", c.Description)
	}
	missing, err := r.historyProblems(ctx)
	if len(missing) > 0 {
		rep.problem("history: %s", some(missing))
	}
	return err
}

// some is the first few of many.
func some(list []string) string {
	slices.Sort(list)
	if len(list) > 5 {
		list = append(slices.Clone(list[:5]), "…")
	}
	return strings.Join(list, ", ")
}

// historyProblems compares the history in PostgreSQL with what was
// acknowledged.
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
	r.report.History = len(records)
	seen := map[string]history.Record{}
	for _, rec := range records {
		name := rec.Labels["target"]
		if _, twice := seen[name]; twice {
			problems = append(problems, name+" is there twice")
		}
		seen[name] = rec
	}
	r.ledger.mu.Lock()
	defer r.ledger.mu.Unlock()
	for name, a := range r.ledger.alerts {
		rec, ok := seen[name]
		switch {
		case !ok:
			problems = append(problems, name+" is missing")
		case rec.Fingerprint != a.fingerprint, rec.Group != a.group, rec.Priority != a.priority, a.fired && !rec.StartsAt.Equal(a.startsAt):
			problems = append(problems, fmt.Sprintf("%s is not as acknowledged: %+v", name, rec))
		case a.ended && rec.EndsAt == nil:
			problems = append(problems, name+" has no end")
		case len(rec.Deliveries) == 0 || rec.Deliveries[0].DeliveredAt == nil || a.ended && rec.Deliveries[0].ResolvedAt == nil:
			problems = append(problems, name+" has no time when the chat was told")
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
