package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
)

// A stop waits for the call in progress, so the next process does not repeat
// it.
func TestStopFinishesCallInProgress(t *testing.T) {
	t.Parallel()
	bot := fakebot.New(botToken, fakebot.Limits{}, fakebot.Chat{ID: 7})
	bot.Inject(fakebot.Fault{Delay: 500 * time.Millisecond})
	began := make(chan struct{}, 10)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/sendMessage") {
			began <- struct{}{}
		}
		bot.ServeHTTP(w, r)
	}))
	defer api.Close()
	spool := filepath.Join(t.TempDir(), "spool.db")
	p := startProgram(t, "--telegram.api-url="+api.URL, "--spool="+spool)
	if !acknowledged(p.addr, "redis", time.Now(), time.Time{}) {
		t.Fatal("not acknowledged")
	}
	<-began
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, mustRead(t, p.log))
	}
	if n := len(bot.Messages(7)); n != 1 {
		t.Fatalf("%d messages", n)
	}
	p = startProgram(t, "--telegram.api-url="+api.URL, "--spool="+spool)
	defer p.kill()
	if !acknowledged(p.addr, "postgres", time.Now(), time.Time{}) {
		t.Fatal("not acknowledged")
	}
	if err := bot.Wait(t.Context(), func() bool { return len(bot.Messages(7)) == 2 }); err != nil {
		t.Fatal(err)
	}
	if m := p.metrics(); m["preflight_webhook_deliveries_ambiguous_total"] != 0 {
		t.Errorf("ambiguous calls: %v", m)
	}
}

// Calls to the Bot API use the proxy of the environment.
func TestProxyOfEnvironmentIsUsed(t *testing.T) {
	t.Parallel()
	bot := fakebot.New(botToken, fakebot.Limits{}, fakebot.Chat{ID: 7})
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host != "telegram.test" || !strings.HasPrefix(r.Header.Get("Proxy-Authorization"), "Basic ") {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		bot.ServeHTTP(w, r)
	}))
	defer proxy.Close()
	address := "http://user:proxy-secret@" + strings.TrimPrefix(proxy.URL, "http://")
	p := startProgram(t, "--telegram.api-url=http://telegram.test", "--spool="+filepath.Join(t.TempDir(), "spool.db"), "HTTP_PROXY="+address)
	defer p.kill()
	if !acknowledged(p.addr, "redis", time.Now(), time.Time{}) {
		t.Fatal("not acknowledged")
	}
	if err := bot.Wait(t.Context(), func() bool { return len(bot.Messages(7)) == 1 }); err != nil {
		t.Fatal(err)
	}
	proxy.Close()
	if !acknowledged(p.addr, "postgres", time.Now(), time.Time{}) {
		t.Fatal("not acknowledged")
	}
	if err := eventually(func() error {
		if log := string(mustRead(t, p.log)); !strings.Contains(log, "not delivered") {
			return os.ErrNotExist
		}
		return nil
	}); err != nil {
		t.Fatal("the log does not mention the broken proxy")
	}
	for _, secret := range []string{"proxy-secret", "the-secret-token"} {
		if log := string(mustRead(t, p.log)); strings.Contains(log, secret) {
			t.Errorf("the log shows %s:\n%s", secret, log)
		}
	}
}
