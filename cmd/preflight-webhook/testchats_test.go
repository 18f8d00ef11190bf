package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/alertnative/preflight/internal/fake/fakebot"
)

// The command sends one message to every chat and shows what is wrong, a line
// each.
func TestTestMessages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		token, chats string
		args         []string
		want         string // lines; a prefix each
		status       int
	}{
		"right":       {botToken, "7,-100:5", nil, "7: ok\n-100:5: ok", 0},
		"Korean":      {botToken, "7", []string{"--language=ko"}, "7: ok", 0},
		"wrong chat":  {botToken, "99,7", nil, "99: Bad Request: chat not found: check the id of the chat\n7: ok", 1},
		"wrong topic": {botToken, "-100:6,7", nil, "-100:6: Bad Request: message thread not found: check that the chat has this topic\n7: ok", 1},
		"no rights":   {botToken, "-200,-300", nil, "-200: Bad Request: CHAT_RESTRICTED: check the id of the chat, and that the bot is in the chat and may write there\n-300: Forbidden: bot was blocked", 1},
		"migrated":    {botToken, "-400", nil, "-400: the group became a supergroup: set the id of the chat to -1400", 1},
		"wrong token": {"123456:the-secret-tokem", "7,8", nil, "7: the bot token is not accepted (Unauthorized): check TELEGRAM_BOT_TOKEN", 1},
		"away":        {botToken, "7", []string{"--telegram.api-url=http://127.0.0.1:1"}, "7: no connection: connection refused: check --telegram.api-url", 1},
		"busy":        {botToken, "-500", nil, "-500: ok", 0},
		"too busy":    {botToken, "-600,7", nil, "-600: too many requests, retry after 10m0s: try again later\n7: ok", 1},
		"no chats":    {botToken, "", nil, "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bot := fakebot.New(botToken, fakebot.Telegram(), fakebot.Chat{ID: 7}, fakebot.Chat{ID: -100, Topics: []int{5}},
				fakebot.Chat{ID: -200}, fakebot.Chat{ID: -300}, fakebot.Chat{ID: -400}, fakebot.Chat{ID: -500}, fakebot.Chat{ID: -600})
			bot.Inject(fakebot.Fault{Chat: -500, RetryAfter: 1}, fakebot.Fault{Chat: -600, RetryAfter: 600})
			bot.Block(-300, true)
			bot.Migrate(-400, -1400)
			bot.Refuse(func(chat int64, _ fakebot.Message) string {
				if chat == -200 {
					return "CHAT_RESTRICTED"
				}
				return ""
			})
			api := httptest.NewServer(http.HandlerFunc(bot.ServeHTTP))
			defer api.Close()
			cmd := exec.Command("preflight-webhook", append([]string{"test", "--telegram.api-url=" + api.URL}, c.args...)...)
			if len(c.args) > 0 && strings.Contains(c.args[0], "api-url") {
				cmd.Args = append([]string{cmd.Args[0], "test"}, c.args...)
			}
			cmd.Env = append(cmd.Environ(), "TELEGRAM_BOT_TOKEN="+c.token, "TELEGRAM_CHAT_ID="+c.chats)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			out, _ := cmd.Output()
			lines, want := strings.Split(strings.TrimSpace(string(out)), "\n"), strings.Split(c.want, "\n")
			if len(lines) != len(want) || cmd.ProcessState.ExitCode() != c.status {
				t.Fatalf("exit status %d, output\n%s%s", cmd.ProcessState.ExitCode(), out, &stderr)
			}
			for i := range want {
				if !strings.HasPrefix(lines[i], want[i]) {
					t.Errorf("the line is %q, not %q", lines[i], want[i])
				}
			}
			if strings.Contains(string(out)+stderr.String(), "the-secret") {
				t.Error("the output shows the token")
			}
			for _, chat := range []int64{7, -100} {
				if m := bot.Messages(chat); len(m) > 1 {
					t.Errorf("the chat shows %v", m)
				}
			}
		})
	}
}

// A signal ends the command at once. It shows no result of a chat that it did
// not try.
func TestInterruptedTestMessages(t *testing.T) {
	t.Parallel()
	called, over := make(chan struct{}), make(chan struct{})
	api := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(called)
		<-over
	}))
	defer api.Close()
	defer close(over)
	cmd := exec.Command("preflight-webhook", "test", "--telegram.api-url="+api.URL)
	cmd.Env = append(cmd.Environ(), "TELEGRAM_BOT_TOKEN="+botToken, "TELEGRAM_CHAT_ID=7,8,9")
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-called
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if text := out.String(); cmd.ProcessState.ExitCode() != 1 || strings.Contains(text, "8:") || !strings.Contains(text, "2 of 3 chats are not tested") {
		t.Errorf("exit status %d, output\n%s", cmd.ProcessState.ExitCode(), text)
	}
}
