package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/alertnative/preflight/webhook/api"
)

// alertmanager is a running one.
type alertmanager struct {
	cmd     *exec.Cmd
	url     string
	cluster string
}

func start(binary, tmp string, index int, in instance, sink string, peers []*alertmanager) (*alertmanager, error) {
	groupWait, repeat := in.groupWait, in.repeat
	if groupWait == "" {
		groupWait = "200ms"
	}
	if repeat == "" {
		repeat = "1h"
	}
	config := fmt.Sprintf(`
route:
  receiver: discard
  routes:
    - matchers: ['priority="P0"']
      receiver: "p0 (telegram)"
      group_by: [env, priority]
      group_wait: %s
      group_interval: 1s
      repeat_interval: %s
inhibit_rules:
  - source_matchers: ['target="source"']
    target_matchers: ['target!="source"']
    equal: [env]
receivers:
  - name: discard
  - name: "p0 (telegram)"
    webhook_configs:
      - url: %s%s
        send_resolved: %t
        max_alerts: %d
`, groupWait, repeat, sink, api.NotifyPath(api.Loud, ""), !in.quiet, in.maxAlerts)
	dir := filepath.Join(tmp, fmt.Sprint(index))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		return nil, err
	}
	web, cluster := freePort(), freePort()
	a := &alertmanager{url: "http://" + web, cluster: cluster}
	args := []string{
		"--config.file=" + file, "--storage.path=" + filepath.Join(dir, "data"), "--web.listen-address=" + web,
		fmt.Sprintf("--web.external-url=http://alertmanager-%d.example:9093", index+1), "--log.level=error",
		// The gossip is slower than the notifications of the peers, so neither
		// knows which notifications the other sent.
		"--cluster.peer-timeout=1ms", "--cluster.gossip-interval=3s", "--cluster.settle-timeout=1s", "--cluster.listen-address=",
	}
	if in.cluster || index == 0 {
		args[len(args)-1] += cluster // the listen address
		args = append(args, "--cluster.advertise-address="+cluster)
	}
	if in.cluster {
		args = append(args, "--cluster.peer="+peers[0].cluster)
	}
	a.cmd = exec.Command(binary, args...)
	a.cmd.Stderr = os.Stderr
	if err := a.cmd.Start(); err != nil {
		return nil, err
	}
	return a, a.ready()
}

func (a *alertmanager) ready() error {
	for range 200 {
		resp, err := http.Get(a.url + "/-/ready")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("%s did not become ready", a.url)
}

func (a *alertmanager) post(path string, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	resp, err := http.Post(a.url+path, "application/json", bytes.NewReader(data))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		return fmt.Errorf("%s: %s: %s", path, resp.Status, text)
	}
	return nil
}

func (a *alertmanager) stop() {
	_ = a.cmd.Process.Kill()
	_ = a.cmd.Wait()
}
