package chaos

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// poisonWait is longer than the time between two notes of the webhook.
const poisonWait = 90 * time.Second

// poisons are the items of a stage that cannot be read, or only with repairs.
type poisons struct {
	readable   []string // the names of alerts that a chat must show
	unreadable int      // the items that notes must count
}

// poison posts notifications that Alertmanager does not send, and puts items in
// the spool that this version does not write, while the generator posts alerts.
func (r *run) poison(ctx context.Context) error {
	if err := r.startReplicas(ctx); err != nil {
		return err
	}
	var all poisons
	for n := range r.Rounds {
		if err := sleep(ctx, between(r.rng, 100*time.Millisecond, 1500*time.Millisecond)); err != nil {
			return err
		}
		p := r.replicas[r.rng.IntN(len(r.replicas))]
		put := r.postPoison
		if n%4 == 3 {
			put = r.storePoison
		}
		if err := put(ctx, p, &all, fmt.Sprintf("p%04d", n)); err != nil {
			return err
		}
	}
	return r.awaitPoisons(ctx, all)
}

// postPoison posts a notification until it is accepted.
func (r *run) postPoison(ctx context.Context, p *replica, all *poisons, name string) error {
	kind := poisonBodies()[r.rng.IntN(len(poisonBodies()))]
	r.outage("a notification: " + kind.about)
	r.ledger.allow(name)
	for {
		status, err := p.postRaw(ctx, kind.body(r.rng, name))
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && status == http.StatusOK:
			all.add(name, kind.readable)
			return nil
		case err == nil && status/100 != 5:
			r.report.problem("a notification (%s) was answered %d", kind.about, status)
			return nil
		}
		if err := sleep(ctx, loadTick); err != nil {
			return err
		}
	}
}

func (a *poisons) add(name string, readable bool) {
	if readable {
		a.readable = append(a.readable, name)
	} else {
		a.unreadable++
	}
}

// storePoison kills the webhook, adds an item to its inbox, and starts it.
func (r *run) storePoison(ctx context.Context, p *replica, all *poisons, name string) error {
	kind := storedPoisons()[r.rng.IntN(len(storedPoisons()))]
	r.outage("a stored item: " + kind.about)
	flight, err := p.kill()
	if err != nil {
		return err
	}
	r.report.killed(flight)
	db, err := sql.Open("sqlite", p.spool())
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, kind.statement); err != nil {
		if strings.Contains(err.Error(), "no such table") || strings.Contains(err.Error(), "no such column") { // killed before the last migration
			return p.start(ctx)
		}
		return err
	}
	all.add(name, kind.skipped)
	if kind.skipped {
		all.readable = all.readable[:len(all.readable)-1]
	}
	if err := db.Close(); err != nil {
		return err
	}
	return p.start(ctx)
}

// awaitPoisons waits until the chat shows every item, or notes count it.
func (r *run) awaitPoisons(ctx context.Context, all poisons) error {
	for end := time.Now().Add(poisonWait); ; {
		missing, counted := r.countPoisons(all)
		if len(missing) == 0 && counted >= all.unreadable {
			r.logf("%d odd notifications are shown, %d unreadable items are reported", len(all.readable), counted)
			return nil
		}
		if time.Now().After(end) {
			r.report.problem("odd notifications are not shown: %s; notes count %d of %d unreadable items", some(missing), counted, all.unreadable)
			return nil
		}
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}

var noteCount = regexp.MustCompile(`(\d+) (?:notifications? could not be read|damaged rows were set aside)`)

func (r *run) countPoisons(all poisons) (missing []string, counted int) {
	var text strings.Builder
	for _, m := range r.chats.messages() {
		text.WriteString(asSent(m) + "\n")
		if found := noteCount.FindStringSubmatch(asSent(m)); found != nil {
			n, _ := strconv.Atoi(found[1]) // the expression has only digits
			counted += n
		}
	}
	for _, name := range all.readable {
		if !strings.Contains(text.String(), "poison-"+name+".") {
			missing = append(missing, name)
		}
	}
	return missing, counted
}

// poisonBody is a kind of notification that Alertmanager does not send.
type poisonBody struct {
	about    string
	readable bool
	body     func(rng *rand.Rand, name string) []byte
}

func poisonBodies() []poisonBody {
	changed := func(old, replacement string) func(*rand.Rand, string) []byte {
		return func(_ *rand.Rand, name string) []byte {
			return bytes.ReplaceAll(regularBody(name), []byte(old), []byte(replacement))
		}
	}
	return []poisonBody{
		{"2^63 truncated alerts", true, changed(`"truncatedAlerts":0`, `"truncatedAlerts":9223372036854775808`)},
		{"the year 9999", true, changed(`"startsAt":"20`, `"startsAt":"9999-12-31T23:59:59-01:00","x":"20`)},
		{"numbers as texts", true, changed(`"title":"Chaos"`, `"title":5`)},
		{"another version", true, changed(`"version":"4"`, `"version":9,"later":[{}]`)},
		{"a list as Prometheus posts it", true, func(_ *rand.Rand, name string) []byte {
			var p struct {
				Alerts json.RawMessage `json:"alerts"`
			}
			_ = json.Unmarshal(regularBody(name), &p) // it is valid
			return p.Alerts
		}},
		{"gzip", true, func(_ *rand.Rand, name string) []byte {
			var out bytes.Buffer
			z := gzip.NewWriter(&out)
			_, _ = z.Write(regularBody(name)) // to memory
			_ = z.Close()
			return out.Bytes()
		}},
		{"cut off", false, func(rng *rand.Rand, name string) []byte {
			body := regularBody(name)
			return body[:1+rng.IntN(len(body)-2)]
		}},
		{"nested too deep", false, func(*rand.Rand, string) []byte { return bytes.Repeat([]byte("["), 100_000) }},
		{"random bytes", false, func(rng *rand.Rand, _ string) []byte {
			out := make([]byte, 100)
			for i := range out {
				out[i] = byte(rng.IntN(256))
			}
			return out
		}},
	}
}

// regularBody returns a notification of an alert with a summary that names it.
func regularBody(name string) []byte {
	body, err := json.Marshal(object{
		"version": "4", "groupKey": "poison/" + name, "receiver": "loud", "status": "firing", "truncatedAlerts": 0, "externalURL": "http://a",
		"alerts": []object{{
			"status": "firing", "labels": object{"alertname": "Poison", "priority": "P0", "target": name}, "startsAt": time.Now().UTC(),
			"annotations": object{"title": "Chaos", "summary": "poison-" + name + "."}, "endsAt": time.Time{},
		}},
	})
	if err != nil {
		panic(err)
	}
	return body
}

// storedPoison is a statement that writes an item as another version or damage
// would.
type storedPoison struct {
	about, statement string
	skipped          bool // without a note
}

func storedPoisons() []storedPoison {
	inbox := func(body string) string {
		return `INSERT INTO inbox (received_at, notify, body) VALUES (1, 2, '` + body + `')`
	}
	return []storedPoison{
		{"no JSON", inbox("{"), false},
		{"of a later version", inbox(`{"version":"9","later":true}`), false},
		{"a text as its time", `INSERT INTO inbox (received_at, notify, body) VALUES ('x', 2, '{}')`, false},
		{"an event of a later version", `INSERT INTO journal (at, kind, body) VALUES (1, 'later', '{}')`, true},
	}
}

// postRaw posts a body to the webhook itself, without the proxy.
func (p *replica) postRaw(ctx context.Context, body []byte) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.port.Addr()+"/api/v1/alerts?notify=loud", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+p.run.secrets.webhook)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}
