package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/internal/fakebot"
	"github.com/alertnative/preflight/webhook"
)

const botToken = "123456:the-secret-token"

// program is the real webhook, to be killed.
type program struct {
	t    *testing.T
	cmd  *exec.Cmd
	addr string
	log  string // the file
}

// startProgram starts the webhook with flags, and variables as NAME=value.
func startProgram(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{t: t, addr: freeAddress(t), log: filepath.Join(t.TempDir(), "log")}
	p.cmd = exec.Command("preflight-webhook", "--web.listen-address="+p.addr, "--no-telegram.rate-limit")
	p.cmd.Env = append(p.cmd.Environ(), "TELEGRAM_BOT_TOKEN="+botToken, "TELEGRAM_CHAT_ID=7")
	for _, arg := range args {
		if strings.HasPrefix(arg, "-") {
			p.cmd.Args = append(p.cmd.Args, arg)
		} else {
			p.cmd.Env = append(p.cmd.Env, arg)
		}
	}
	log, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close() // the process has its own
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := eventually(func() error {
		resp, err := http.Get("http://" + p.addr + "/-/ready")
		if err == nil {
			resp.Body.Close()
		}
		return err
	}); err != nil {
		p.kill()
		t.Fatalf("%v\n%s", err, mustRead(t, p.log))
	}
	return p
}

func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	if bytes.Contains(mustRead(p.t, p.log), []byte("the-secret-token")) {
		p.t.Error("the log shows the token")
	}
}

var sample = regexp.MustCompile(`(?m)^(preflight_webhook_\w+)\{chat="7"\} (\S+)$`)

// metrics reads those of the chat.
func (p *program) metrics() map[string]float64 {
	p.t.Helper()
	resp, err := http.Get("http://" + p.addr + "/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	values := map[string]float64{}
	for _, m := range sample.FindAllStringSubmatch(string(text), -1) {
		if values[m[1]], err = strconv.ParseFloat(m[2], 64); err != nil {
			p.t.Fatal(err)
		}
	}
	return values
}

// load posts alerts, each of its own group, and the resolution of every other
// one, until it fails. What was acknowledged is kept.
type load struct {
	mu       sync.Mutex
	fired    map[string]bool
	resolved map[string]bool
}

func (l *load) run(addr string, name string, enough func()) {
	for i := 0; ; i++ {
		target := fmt.Sprintf("%s-%d", name, i)
		start := time.Now()
		if !acknowledged(addr, target, start, time.Time{}) {
			return
		}
		l.note(l.fired, target)
		if i%2 == 0 {
			if !acknowledged(addr, target, start, time.Now()) {
				return
			}
			l.note(l.resolved, target)
		}
		enough()
	}
}

func (l *load) note(m map[string]bool, target string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m[target] = true
}

func acknowledged(addr, target string, starts, ends time.Time) bool {
	p := webhook.Payload{Version: "4", GroupKey: target}
	p.Status, p.ExternalURL = "firing", "http://alertmanager"
	a := template.Alert{
		Status: "firing", StartsAt: starts, EndsAt: ends, Fingerprint: "f",
		Labels:      template.KV{"alertname": "A", "priority": "P0", "check": "Load", "target": target + "."},
		Annotations: template.KV{"title": "Load"},
	}
	if !ends.IsZero() {
		p.Status, a.Status = "resolved", "resolved"
	}
	p.Alerts = template.Alerts{a}
	body, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	resp, err := http.Post("http://"+addr+"/api/v1/alerts", "application/json", bytes.NewReader(body))
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// TestKilledAtAnyMoment kills the webhook while it accepts and delivers. All
// that it acknowledged is shown, and nothing is shown twice but by calls that
// were under way when it died, each of which it counts at its next start.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	const rounds, posters = 20, 4
	bot := fakebot.New(botToken, fakebot.Limits{}, fakebot.Chat{ID: 7})
	api := httptest.NewServer(slowly(bot))
	defer api.Close()
	spool := filepath.Join(t.TempDir(), "spool.db")
	l := &load{fired: map[string]bool{}, resolved: map[string]bool{}}
	var ambiguous, hit float64
	for round := range rounds {
		p := startProgram(t, "--telegram.api-url="+api.URL, "--spool="+spool)
		m := p.metrics()
		ambiguous += m["preflight_webhook_deliveries_ambiguous_total"]
		if m["preflight_webhook_backlog"] > 0 {
			hit++
		}
		var posting sync.WaitGroup
		var once sync.Once
		wait := 5 + rand.IntN(15)
		var mu sync.Mutex
		enough := func() {
			mu.Lock()
			defer mu.Unlock()
			if wait--; wait <= 0 {
				once.Do(p.kill)
			}
		}
		for i := range posters {
			posting.Go(func() { l.run(p.addr, fmt.Sprintf("round-%d-%d", round, i), enough) })
		}
		posting.Wait()
	}
	p := startProgram(t, "--telegram.api-url="+api.URL, "--spool="+spool)
	defer p.kill()
	ambiguous += p.metrics()["preflight_webhook_deliveries_ambiguous_total"]
	if err := eventually(func() error {
		if n := p.metrics()["preflight_webhook_backlog"]; n > 0 {
			return fmt.Errorf("a backlog of %v", n)
		}
		return nil
	}); err != nil {
		t.Fatalf("%v\n%s", err, mustRead(t, p.log))
	}
	l.compare(t, bot, ambiguous)
	t.Logf("%d kills, %v of them with work in flight, %d alerts acknowledged, %v ambiguous calls", rounds, hit, len(l.fired), ambiguous)
	if hit < rounds/2 {
		t.Errorf("only %v of %d kills hit work in flight", hit, rounds)
	}
	if refused := bot.Refusals(); len(refused) > 0 {
		t.Errorf("refused: %v", refused)
	}
}

// slowly delays each call a little, so that there is always one under way.
func slowly(bot *fakebot.Bot) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bot.Inject(fakebot.Fault{Delay: 5 * time.Millisecond})
		bot.ServeHTTP(w, r)
	})
}

func (l *load) compare(t *testing.T, bot *fakebot.Bot, ambiguous float64) {
	t.Helper()
	told := map[string]int{}
	over := map[string]bool{}
	item := regexp.MustCompile(`Load: (\S+)\.`)
	for _, m := range bot.Messages(7) {
		target := item.FindStringSubmatch(m.Text)[1]
		if strings.HasPrefix(m.Text, "✅ P0 resolved") {
			over[target] = true
			continue
		}
		told[target]++
		if strings.HasPrefix(m.Text, "✅") { // fired and ended while nobody was told
			over[target] = true
		}
	}
	twice := 0.0
	for target := range l.fired {
		if told[target] == 0 {
			t.Errorf("%s was acknowledged and never told", target)
		}
		twice += float64(max(0, told[target]-1))
	}
	for target := range l.resolved {
		if !over[target] {
			t.Errorf("the end of %s was acknowledged and never told", target)
		}
	}
	if twice > ambiguous {
		t.Errorf("%v messages came twice, with %v ambiguous calls", twice, ambiguous)
	}
}
