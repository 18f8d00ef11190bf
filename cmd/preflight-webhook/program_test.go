package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/state"
)

const botToken = "123456:the-secret-token"

// program is a running webhook that the test may kill.
type program struct {
	t    *testing.T
	cmd  *exec.Cmd
	addr string
	log  string // path of the log file
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
	defer log.Close() // the process has its own descriptor
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

// metrics returns the chat's metrics by name.
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

// acknowledged posts an alert in a group of its own and reports whether the
// webhook accepted it.
func acknowledged(addr, target string, starts, ends time.Time) bool {
	return posted(addr, "/api/v1/alerts", target, starts, ends)
}

// posted is [acknowledged] for a path.
func posted(addr, path, target string, starts, ends time.Time) bool {
	p := state.Payload{Version: "4", GroupKey: target}
	p.Status, p.ExternalURL = "firing", "http://alertmanager"
	a := template.Alert{
		Status: "firing", StartsAt: starts, EndsAt: ends,
		Labels:      template.KV{"alertname": "A", "priority": "P0", "target": target},
		Annotations: template.KV{"title": "Load", "list_title": "Targets", "summary": "Load: " + target + "."},
	}
	if !ends.IsZero() {
		p.Status, a.Status = "resolved", "resolved"
	}
	p.Alerts = template.Alerts{a}
	body, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	resp, err := http.Post("http://"+addr+path, "application/json", bytes.NewReader(body))
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
