package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/internal/testing/testservers"
	"github.com/alertnative/preflight/webhook/api"
)

// rollout is two real webhooks on one PostgreSQL, each with its own webhook.yml.
type rollout struct {
	*testing.T
	bot      *fakebot.Bot
	files    [2]string
	programs [2]*program
	start    func(i int) *program
}

const rolloutFile = "watchdog: false\ndefault_chat: \"5\"\nseverities: {label: priority, levels: [{name: P0, urgent: true}]}\nreceivers: ["

func startRollout(t *testing.T, receivers string) *rollout {
	t.Helper()
	postgres := testservers.StartPostgres(t)
	r := &rollout{T: t, bot: fakebot.New(botToken, fakebot.Limits{}, fakebot.Chat{ID: 5}, fakebot.Chat{ID: 7}, fakebot.Chat{ID: 8})}
	bot := httptest.NewServer(r.bot)
	t.Cleanup(bot.Close)
	dir := t.TempDir()
	r.start = func(i int) *program {
		return startProgram(t, "--telegram.api-url="+bot.URL, "--config.file="+r.files[i],
			fmt.Sprintf("--spool=%s/spool-%d.db", filepath.ToSlash(dir), i), "DATABASE_URL="+postgres.DSN())
	}
	for i := range r.programs {
		r.files[i] = fmt.Sprintf("%s/webhook-%d.yml", dir, i)
		r.write(i, receivers)
		r.programs[i] = r.start(i)
	}
	t.Cleanup(func() {
		for _, p := range r.programs {
			p.kill()
		}
	})
	return r
}

func (r *rollout) write(i int, receivers string) {
	r.Helper()
	if err := os.WriteFile(r.files[i], []byte(rolloutFile+receivers+"]\n"), 0o600); err != nil {
		r.Fatal(err)
	}
}

// reload gives a replica other receivers.
func (r *rollout) reload(i int, receivers string) {
	r.Helper()
	r.write(i, receivers)
	resp, err := http.Post("http://"+r.programs[i].addr+"/-/reload", "", nil)
	if err != nil {
		r.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		r.Fatalf("the reload was answered %s", resp.Status)
	}
}

func (r *rollout) post(i int, target string, starts, ends time.Time) {
	r.Helper()
	if !posted(r.programs[i].addr, api.ReceiverPath("team", "main"), target, starts, ends) {
		r.Fatalf("%s was not acknowledged", target)
	}
}

// shows waits until a chat shows a target that fires, or its end in the edited message
// and a reply.
func (r *rollout) shows(chat int64, target string, ended bool) {
	r.Helper()
	if err := eventually(func() error {
		firing, over := r.count(chat, target)
		if want := map[bool][2]int{false: {1, 0}, true: {0, 2}}[ended]; [2]int{firing, over} != want {
			return fmt.Errorf("chat %d shows %s as firing in %d messages and as resolved in %d: %v", chat, target, firing, over, r.bot.Messages(chat))
		}
		return nil
	}); err != nil {
		r.Fatalf("%v\n%s\n%s", err, mustRead(r, r.programs[0].log), mustRead(r, r.programs[1].log))
	}
}

// settled waits until the second replica knows that chat 7 shows everything.
func (r *rollout) settled() {
	r.Helper()
	if err := eventually(func() error {
		if n := r.programs[1].metrics()["preflight_webhook_backlog"]; n > 0 {
			return fmt.Errorf("a backlog of %v", n)
		}
		return nil
	}); err != nil {
		r.Fatalf("%v\n%s", err, mustRead(r, r.programs[1].log))
	}
}

func (r *rollout) count(chat int64, target string) (firing, over int) {
	for _, m := range r.bot.Messages(chat) {
		if !strings.Contains(m.Text, target+".") {
			continue
		}
		if strings.HasPrefix(m.Text, "✅") {
			over++
		} else {
			firing++
		}
	}
	return firing, over
}

// One of two replicas has read a changed webhook.yml. Every chat of both shows each
// alert and its end once, whichever of them is notified, also after a kill of one.
func TestReplicasWithDifferentFiles(t *testing.T) {
	t.Parallel()
	const seven, both, eight = "{name: team, chats: [{telegram: 7}]}", "{name: team, chats: [{telegram: 7}, {telegram: 8}]}", "{name: team, chats: [{telegram: 8}]}"
	for name, c := range map[string]struct {
		before, after string
		chats         []int64
	}{
		"a chat is added":    {seven, both, []int64{7, 8}},
		"a chat is removed":  {both, seven, []int64{7, 8}},
		"a chat is replaced": {seven, eight, []int64{7, 8}},
		"a receiver is new":  {"", seven, []int64{7}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startRollout(t, c.before)
			r.reload(1, c.after)
			targets := map[string][2]int{"old-old": {0, 0}, "old-new": {0, 1}, "new-old": {1, 0}, "new-new": {1, 1}}
			start := time.Now().Truncate(time.Millisecond)
			for target, at := range targets {
				r.post(at[0], target, start, time.Time{})
			}
			for target := range targets {
				for _, chat := range c.chats {
					r.shows(chat, target, false)
				}
			}
			for target, at := range targets {
				r.post(at[1], target, start, time.Now())
			}
			for target := range targets {
				for _, chat := range c.chats {
					r.shows(chat, target, true)
				}
			}

			// The one that knows less is killed, and reads the change at its start.
			r.post(0, "killed", start, time.Time{})
			for _, chat := range c.chats {
				r.shows(chat, "killed", false)
			}
			r.settled() // else the other one may repeat the message
			r.programs[0].kill()
			r.write(0, c.after)
			r.programs[0] = r.start(0)
			r.post(0, "later", start, time.Time{})
			last := c.chats[len(c.chats)-1]
			if strings.Contains(name, "removed") {
				last = 7
			}
			r.shows(last, "later", false)
			r.post(0, "killed", start, time.Now())
			r.shows(last, "killed", true)
			if refused := r.bot.Refusals(); len(refused) > 0 {
				t.Errorf("refused: %v", refused)
			}
		})
	}
}
