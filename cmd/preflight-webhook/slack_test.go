package main

import (
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/internal/fake/fakeslack"
)

const slackToken = "xoxb-1-2-the-secret-token"

// A site can have chats of both services, or of Slack alone.
func TestChatsOfSlack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		chats    string
		telegram string
		slack    string
		want     string
		status   int
	}{
		"both":              {"7,slack:C0123456789", botToken, slackToken, "7: ok\nslack:C0123456789: ok", 0},
		"Slack alone":       {"slack:C0123456789", "", slackToken, "slack:C0123456789: ok", 0},
		"an unknown one":    {"slack:C999,slack:C0123456789", "", slackToken, "slack:C999: channel_not_found: check the id of the channel, and invite the bot to it\nslack:C0123456789: ok", 1},
		"wrong token":       {"slack:C0123456789,7", botToken, "xoxb-1-2-the-secret-other", "slack:C0123456789: the bot token is not accepted (invalid_auth): check SLACK_BOT_TOKEN\n7: ok", 1},
		"no token":          {"slack:C0123456789", "", "", "", 2},
		"a token of a user": {"slack:C0123456789", "", "xoxp-the-secret", "", 2},
		"a name":            {"slack:#alerts", "", slackToken, "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bot, slack := fakebot.New(botToken, fakebot.Telegram(), fakebot.Chat{ID: 7}), fakeslack.New(slackToken, fakeslack.Slack(), "C0123456789")
			botAPI, slackAPI := httptest.NewServer(bot), httptest.NewServer(slack)
			defer botAPI.Close()
			defer slackAPI.Close()
			cmd := exec.Command("preflight-webhook", "test", "--telegram.api-url="+botAPI.URL, "--slack.api-url="+slackAPI.URL+"/api")
			cmd.Env = append(cmd.Environ(), "TELEGRAM_CHAT_ID="+c.chats, "TELEGRAM_BOT_TOKEN="+c.telegram, "SLACK_BOT_TOKEN="+c.slack)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			out, _ := cmd.Output()
			lines, want := strings.Split(strings.TrimSpace(string(out)), "\n"), strings.Split(c.want, "\n")
			if len(lines) != len(want) || cmd.ProcessState.ExitCode() != c.status || c.status == 2 && stderr.Len() == 0 {
				t.Fatalf("exit status %d, output\n%s%s", cmd.ProcessState.ExitCode(), out, &stderr)
			}
			for i := range want {
				if !strings.HasPrefix(lines[i], want[i]) {
					t.Errorf("the line is %q, not %q", lines[i], want[i])
				}
			}
			if strings.Contains(string(out)+stderr.String(), "the-secret") {
				t.Errorf("the output shows the token: %s%s", out, &stderr)
			}
		})
	}
}

// The program delivers to a channel that webhook.yml names, and replaces the message
// after the resolution.
func TestTheProgramDeliversToSlack(t *testing.T) {
	t.Parallel()
	slack := fakeslack.New(slackToken, fakeslack.Limits{}, "C0123456789")
	api := httptest.NewServer(slack)
	defer api.Close()
	dir := t.TempDir()
	file, token := filepath.Join(dir, "webhook.yml"), filepath.Join(dir, "token")
	for name, text := range map[string]string{file: "default_chat: slack:C0123456789\nwatchdog: false\n", token: slackToken + "\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := startProgram(t, "--config.file="+file, "--slack.api-url="+api.URL, "--spool="+filepath.Join(dir, "spool.db"),
		"SLACK_BOT_TOKEN_FILE="+token, "TELEGRAM_BOT_TOKEN=", "TELEGRAM_CHAT_ID=")
	defer p.kill()
	start := time.Now()
	if !acknowledged(p.addr, "redis", start, time.Time{}) {
		t.Fatal("not acknowledged")
	}
	if err := eventually(func() error {
		if len(slack.Messages("C0123456789")) != 1 {
			return errors.New("no message")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !acknowledged(p.addr, "redis", start, time.Now()) {
		t.Fatal("not acknowledged")
	}
	if err := eventually(func() error {
		if m := slack.Messages("C0123456789"); len(m) != 2 || m[1].Thread != m[0].TS || len(m[0].Edits) != 1 {
			return errors.New("no resolution")
		}
		return nil
	}); err != nil {
		t.Fatalf("%v: %+v", err, slack.Messages("C0123456789"))
	}
	if refused := slack.Refusals(); len(refused) > 0 {
		t.Errorf("Slack refused %+v", refused)
	}
}
