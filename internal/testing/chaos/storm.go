package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
)

const (
	// groupID is the chat of the stage, a group with twenty calls a minute.
	groupID = -7
	// stormGroups is more than this chat can show in two minutes.
	stormGroups = 50
	// stormCall is the duration of a call, so that kills interrupt some.
	stormCall = 700 * time.Millisecond
	// stormLasts is how long a storm is troubled.
	stormLasts = 75 * time.Second
)

// stormGroup is a group of alerts in a storm.
type stormGroup struct {
	name   string
	alerts []*oneAlert
}

// stormTroubled posts more groups than the chat can show one by one. It kills the
// webhook while summaries are written and while groups end. At the end the chat and
// the history must have all groups.
func (r *run) stormTroubled(ctx context.Context) error {
	p := r.replicas[0]
	r.chats.failing(func() fakebot.Fault { return fakebot.Fault{Late: stormCall} })
	if err := p.start(ctx); err != nil {
		return err
	}
	var all []*stormGroup
	for n := range r.Rounds {
		groups := r.stormGroups(n)
		all = append(all, groups...)
		if err := r.oneStorm(ctx, p, groups); err != nil {
			return err
		}
		r.logf("storm %d: %d kills, %d messages", n+1, r.report.Tries, r.chats.shown())
	}
	return r.judgeStorms(ctx, all)
}

// stormGroups makes the groups of a storm. One has many alerts.
func (r *run) stormGroups(n int) (list []*stormGroup) {
	for i := range stormGroups {
		g := &stormGroup{name: fmt.Sprintf("s%02dg%03d", n, i)}
		priority := []string{"P0", "P1", "P2"}[min(r.rng.IntN(5), 2)]
		alerts := 1 + r.rng.IntN(3)
		if i == stormGroups/2 {
			alerts = 200
		}
		for k := range alerts {
			g.alerts = append(g.alerts, &oneAlert{name: fmt.Sprintf("t%02d%02d%03d", n, i, k), group: g.name, priority: priority})
		}
		list = append(list, g)
	}
	return list
}

// oneStorm posts groups and ends them, in between kills.
func (r *run) oneStorm(ctx context.Context, p *replica, groups []*stormGroup) error {
	begin := time.Now()
	r.outage("a storm")
	for i, g := range groups {
		g.start()
		if err := r.postGroup(ctx, p, g); err != nil {
			return err
		}
		if i%10 == 9 {
			if err := r.kill(ctx, p); err != nil {
				return err
			}
		}
	}
	ending := r.rng.Perm(len(groups))
	for time.Since(begin) < stormLasts {
		if len(ending) > len(groups)/2 {
			if err := r.endGroup(ctx, p, groups[ending[0]]); err != nil {
				return err
			}
			ending = ending[1:]
		}
		if err := r.kill(ctx, p); err != nil {
			return err
		}
		if err := sleep(ctx, between(r.rng, 0, 4*time.Second)); err != nil {
			return err
		}
	}
	for _, i := range ending {
		if err := r.endGroup(ctx, p, groups[i]); err != nil {
			return err
		}
	}
	return nil
}

func (g *stormGroup) start() {
	for _, a := range g.alerts {
		a.starts = time.Now().UTC().Truncate(time.Millisecond)
	}
}

func (r *run) endGroup(ctx context.Context, p *replica, g *stormGroup) error {
	for _, a := range g.alerts {
		a.ends = time.Now().UTC().Truncate(time.Millisecond)
	}
	return r.postGroup(ctx, p, g)
}

// postGroup posts the notification of a group until it is accepted.
func (r *run) postGroup(ctx context.Context, p *replica, g *stormGroup) error {
	body, err := g.notification()
	if err != nil {
		return err
	}
	for {
		status, err := p.postRaw(ctx, body)
		r.ledger.note(body, "loud", status)
		if err == nil && status == http.StatusOK || ctx.Err() != nil {
			return ctx.Err()
		}
		if err := sleep(ctx, loadTick); err != nil {
			return err
		}
	}
}

func (g *stormGroup) notification() ([]byte, error) {
	status, ends := "firing", time.Time{}
	if last := g.alerts[0].ends; !last.IsZero() {
		status, ends = "resolved", last
	}
	var alerts []any
	for _, a := range g.alerts {
		alert := a.payload(time.Now()).(map[string]any)
		alert["status"], alert["endsAt"] = status, ends
		alerts = append(alerts, alert)
	}
	return json.Marshal(object{
		"version": "4", "groupKey": g.name, "receiver": "loud", "status": status, "externalURL": "http://alertmanager-1.example:9093", "alerts": alerts,
	})
}

// judgeStorms requires that the chat and the history become complete.
func (r *run) judgeStorms(ctx context.Context, groups []*stormGroup) error {
	for end := time.Now().Add(2 * deadline); ; {
		problems := r.stormProblems(groups)
		history, err := r.historyProblems(ctx)
		if err != nil {
			return err
		}
		if len(history) > 0 {
			problems = append(problems, "history: "+some(history))
		}
		if len(problems) == 0 || time.Now().After(end) {
			for _, p := range problems {
				r.report.problem("%s", p)
			}
			break
		}
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
	r.countAcknowledged()
	for _, refusal := range r.chats.refusals() {
		r.report.problem("a call was refused: %s", refusal)
	}
	return nil
}

// stormView counts what the chat shows of groups.
type stormView struct {
	named, rang map[string]bool // by the name of the group
	summaries   int
	doubles     int // messages that repeat an earlier one
	open        int // summaries that show groups as firing that ended
}

// look adds a message.
func (v *stormView) look(m fakebot.Message, groups []*stormGroup) {
	texts := m.Text
	for _, e := range m.Edits {
		texts += "\n" + e.Text
	}
	summary := strings.Contains(m.Text, "preflight-webhook history")
	news, about, open := false, false, false
	for _, g := range groups {
		if !g.in(texts) {
			continue
		}
		v.named[g.name] = true
		open = open || summary && strings.Contains(m.Text, g.name) && !strings.Contains(m.Text, "✅ "+g.name)
		if !m.Silent && g.in(asSent(m)) {
			about, news = true, news || !v.rang[g.name]
			v.rang[g.name] = true
		}
	}
	for n, counts := range map[*int]bool{&v.summaries: summary, &v.doubles: about && !news, &v.open: open} {
		if counts {
			*n++
		}
	}
}

// stormProblems requires that messages name each group, those with urgent alerts
// when they ring, that no message comes twice, and that summaries show the ends.
func (r *run) stormProblems(groups []*stormGroup) (problems []string) {
	v := stormView{named: map[string]bool{}, rang: map[string]bool{}}
	for _, m := range r.chats.messages() {
		v.look(m, groups)
	}
	shown := 0
	for _, g := range groups {
		switch {
		case !v.named[g.name]:
			problems = append(problems, "no message names the group "+g.name)
			continue
		case g.alerts[0].priority == "P0" && !v.rang[g.name]:
			problems = append(problems, "no message rang for the urgent group "+g.name)
		}
		shown += len(g.alerts)
	}
	ambiguous := len(r.explanations(r.chats)) // the webhook does not know these messages
	if v.doubles > ambiguous {
		problems = append(problems, fmt.Sprintf("%d messages came twice, with %d ambiguous calls", v.doubles, ambiguous))
	}
	if v.open > ambiguous {
		problems = append(problems, fmt.Sprintf("%d summaries show groups as firing that ended, with %d ambiguous calls", v.open, ambiguous))
	}
	if v.summaries == 0 {
		problems = append(problems, "no summary: there was no storm")
	}
	r.report.verdict = verdict{delivered: shown, duplicates: v.doubles, ambiguous: ambiguous}
	return problems
}

// in reports whether a text names the group, or one of its alerts.
func (g *stormGroup) in(text string) bool {
	if strings.Contains(text, g.name) {
		return true
	}
	for _, name := range alertsIn(text) {
		for _, a := range g.alerts {
			if a.name == name {
				return true
			}
		}
	}
	return false
}
