package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/internal/stack/proc"
	"github.com/alertnative/preflight/internal/stack/servers"
	"github.com/alertnative/preflight/internal/testing/testservers"
	"github.com/alertnative/preflight/webhook/api"
)

// teamName is a receiver whose name must be escaped in a URL.
const teamName = "결제 team/a?b#c%d"

// plant is a real Alertmanager that posts to two replicas with receivers.
type plant struct {
	t        *testing.T
	bot      *fakebot.Bot
	file     string // webhook.yml
	am       string
	replicas []*program
}

const receiversFile = `
severities: {label: priority, levels: [{name: P0, urgent: true}, {name: P2, sound: silent}]}
receivers:
  - {name: "` + teamName + `", chats: [{telegram: $TEAM_CHAT}], language: ko, mentions: ["@oncall"]}
  - {name: infra, chats: [{telegram: 8}MORE], sound: silent}
default_chat: "5"
watchdog: false
`

// fileWith returns webhook.yml with more chats of infra.
func fileWith(more string) string { return strings.Replace(receiversFile, "MORE", more, 1) }

func startReceivers(t *testing.T) *plant {
	t.Helper()
	postgres := testservers.StartPostgres(t)
	r := &plant{t: t, file: filepath.Join(t.TempDir(), "webhook.yml")}
	r.bot = fakebot.New(botToken, fakebot.Limits{}, fakebot.Chat{ID: 5}, fakebot.Chat{ID: 7}, fakebot.Chat{ID: 8}, fakebot.Chat{ID: 9})
	bot := httptest.NewServer(r.bot)
	t.Cleanup(bot.Close)
	r.write(fileWith(""))
	dir := t.TempDir()
	for i := range 2 {
		r.replicas = append(r.replicas, startProgram(t, "--telegram.api-url="+bot.URL, "--config.file="+r.file,
			fmt.Sprintf("--spool=%s/spool-%d.db", filepath.ToSlash(dir), i), "DATABASE_URL="+postgres.DSN(), "TEAM_CHAT=7"))
	}
	t.Cleanup(func() {
		for _, p := range r.replicas {
			p.kill()
		}
	})
	port, err := proc.ReservePort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(port.Release)
	r.am = port.Addr()
	hooks := func(receiver string) string {
		return fmt.Sprintf(`{name: %q, webhook_configs: [{url: 'http://%s%s'}, {url: 'http://%s%s'}]}`, receiver,
			r.replicas[0].addr, api.ReceiverPath(receiver, "main"), r.replicas[1].addr, api.ReceiverPath(receiver, "main"))
	}
	config := filepath.Join(t.TempDir(), "alertmanager.yml")
	if err := os.WriteFile(config, []byte(`
route:
  receiver: infra
  group_by: [alertname]
  group_wait: 200ms
  group_interval: 1s
  repeat_interval: 1h
  routes:
    - {matchers: [to="other"], receiver: other}
    - {matchers: [to="both"], receiver: "`+teamName+`", continue: true}
    - {matchers: [to="both"], receiver: infra, group_interval: 5s}
receivers: [`+strings.Join([]string{hooks(teamName), hooks("infra"), hooks("other")}, ", ")+`]
`), 0o600); err != nil {
		t.Fatal(err)
	}
	path, err := servers.Find("alertmanager")
	if err != nil {
		t.Fatal(err)
	}
	p, err := proc.Start(t.Context(), proc.Spec{
		Name: "alertmanager", Path: path, Log: filepath.Join(t.TempDir(), "log"), Ready: proc.HTTP("http://" + r.am + "/-/ready"),
		Args: []string{"--storage.path=" + t.TempDir(), "--cluster.listen-address=", "--web.listen-address=" + r.am, "--config.file=" + config},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop() })
	return r
}

func (r *plant) write(text string) {
	r.t.Helper()
	if err := os.WriteFile(r.file, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// post posts an alert to Alertmanager, as Prometheus does.
func (r *plant) post(name, to string, starts, ends time.Time) {
	r.t.Helper()
	body := fmt.Sprintf(`[{"labels": {"alertname": %q, "to": %q, "priority": "P0"}, "annotations": {"summary": %q}, "startsAt": %q, "endsAt": %q}]`,
		name, to, name+" is down.", starts.Format(time.RFC3339Nano), ends.Format(time.RFC3339Nano))
	resp, err := http.Post("http://"+r.am+"/api/v2/alerts", "application/json", strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		r.t.Fatalf("Alertmanager answered %s", resp.Status)
	}
}

// shows waits until a chat shows a text in a number of messages.
func (r *plant) shows(chat int64, text string, want int) {
	r.t.Helper()
	if err := eventually(func() error {
		if n := r.count(chat, text); n != want {
			return fmt.Errorf("%q is in %d messages of chat %d, not %d: %v", text, n, chat, want, r.bot.Messages(chat))
		}
		return nil
	}); err != nil {
		r.t.Fatalf("%v\n%s\n%s", err, mustRead(r.t, r.replicas[0].log), mustRead(r.t, r.replicas[1].log))
	}
}

func (r *plant) count(chat int64, text string) (n int) {
	for _, m := range r.bot.Messages(chat) {
		if strings.Contains(m.Text, text) {
			n++
		}
	}
	return n
}

// A real Alertmanager posts to two receivers of two replicas. An alert of both is in
// both chats once, and each shows the end.
func TestReceiversOfARealAlertmanager(t *testing.T) {
	t.Parallel()
	r := startReceivers(t)
	start := time.Now()
	r.post("Redis", "both", start, start.Add(time.Hour))
	r.shows(7, "Redis is down.", 1)
	r.shows(8, "Redis is down.", 1)
	if m := r.bot.Messages(7)[0]; m.Silent || !strings.Contains(m.Text, "시각: ") || !strings.HasSuffix(m.Text, "@oncall") {
		t.Errorf("the chat of the team shows %v", m)
	}
	if m := r.bot.Messages(8)[0]; !m.Silent || strings.Contains(m.Text, "@oncall") {
		t.Errorf("the chat of infra shows %v", m)
	}

	// An alert of a receiver that webhook.yml lacks, and a chat that a reload adds.
	r.post("Odd", "other", start, start.Add(time.Hour))
	r.shows(5, "Odd is down.", 1)
	r.write(fileWith(", {telegram: 9}"))
	if err := r.replicas[0].cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post("http://"+r.replicas[1].addr+"/-/reload", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	r.shows(9, "Redis is down.", 1)
	r.shows(9, "Odd is down.", 0)

	// A wrong file changes nothing.
	r.write("receivers: [{name: infra}]\n")
	if resp, err = http.Post("http://"+r.replicas[1].addr+"/-/reload", "", nil); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusInternalServerError {
		t.Errorf("a wrong file is answered %s", resp.Status)
	}

	r.post("Redis", "both", start, time.Now())
	for _, chat := range []int64{7, 8, 9} {
		r.shows(chat, "✅", 2) // the edit and the reply
		if n := len(r.bot.Messages(chat)); n != 2 {
			t.Errorf("chat %d shows %v", chat, r.bot.Messages(chat))
		}
	}

	// The other replica continues after a kill.
	r.replicas[0].kill()
	r.post("Postgres", "both", time.Now(), time.Now().Add(time.Hour))
	for _, chat := range []int64{7, 8, 9} {
		r.shows(chat, "Postgres is down.", 1)
	}
	if refused := r.bot.Refusals(); len(refused) > 0 {
		t.Errorf("refused: %v", refused)
	}
}

// The test message goes to the chats of a receiver, or to all of them, in the
// language of each.
func TestTestMessagesOfReceivers(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "webhook.yml")
	if err := os.WriteFile(file, []byte(fileWith("")), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args   []string
		want   string
		status int
	}{
		"all":      {nil, "7 (" + teamName + "): ok\n8 (infra): ok\n5: ok\n", 0},
		"one":      {[]string{"--receiver=infra"}, "8 (infra): ok\n", 0},
		"misspelt": {[]string{"--receiver=infar"}, `preflight-webhook: --receiver: no receiver "infar" in ` + file + ": choose one of " + teamName + ", infra\n", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bot := fakebot.New(botToken, fakebot.Telegram(), fakebot.Chat{ID: 5}, fakebot.Chat{ID: 7}, fakebot.Chat{ID: 8})
			server := httptest.NewServer(bot)
			defer server.Close()
			cmd := exec.Command("preflight-webhook", append([]string{"test", "--config.file=" + file, "--telegram.api-url=" + server.URL}, c.args...)...)
			cmd.Env = append(cmd.Environ(), "TELEGRAM_BOT_TOKEN="+botToken, "TEAM_CHAT=7")
			out, _ := cmd.CombinedOutput()
			if string(out) != c.want || cmd.ProcessState.ExitCode() != c.status {
				t.Errorf("exit status %d, output\n%s", cmd.ProcessState.ExitCode(), out)
			}
		})
	}
}
