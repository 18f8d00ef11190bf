package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/internal/stack/proc"
	"github.com/alertnative/preflight/internal/stack/servers"
	"github.com/alertnative/preflight/webhook/api"
)

// alertmanager is one of the two Alertmanagers.
type alertmanager struct {
	spec         proc.Spec
	data, config string // the folder and the file
	web, cluster *proc.Port
	process      *proc.Process
}

// newCluster configures two Alertmanagers that gossip, without starting them.
func newCluster(r *run) (pair []*alertmanager, err error) {
	path, err := servers.Find("alertmanager")
	if err != nil {
		return nil, err
	}
	for range 2 {
		am := &alertmanager{}
		if am.web, err = proc.ReservePort(); err != nil {
			return pair, err
		}
		pair = append(pair, am)
		if am.cluster, err = proc.ReservePort(); err != nil {
			return pair, err
		}
	}
	for i, am := range pair {
		dir := filepath.Join(r.Dir, fmt.Sprintf("alertmanager-%d", i+1))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return pair, err
		}
		am.data, am.config = filepath.Join(dir, "data"), filepath.Join(dir, "alertmanager.yml")
		if err := r.writeRoutes(am.config, i, usualRoutes()); err != nil {
			return pair, err
		}
		am.spec = proc.Spec{
			Name: fmt.Sprintf("alertmanager %d", i+1), Path: path,
			Log:   filepath.Join(r.logs(), fmt.Sprintf("alertmanager-%d.log", i+1)),
			Ready: proc.HTTP(am.url() + "/-/ready"),
			Args: []string{
				"--config.file=" + am.config, "--storage.path=" + am.data,
				"--web.listen-address=" + am.web.Addr(), fmt.Sprintf("--web.external-url=http://alertmanager-%d.example:9093", i+1),
				"--cluster.listen-address=" + am.cluster.Addr(), "--cluster.advertise-address=" + am.cluster.Addr(),
				"--cluster.peer=" + pair[1-i].cluster.Addr(), "--cluster.settle-timeout=1s", "--cluster.reconnect-interval=1s",
				// A short timeout makes one peer send while the other still
				// retries.
				"--cluster.peer-timeout=400ms",
			},
		}
	}
	return pair, nil
}

type object = map[string]any

// usualRoutes returns the routes that most stages use. The intervals are short,
// so that the run has many notifications.
func usualRoutes() object {
	return object{
		"receiver": "silent", "group_by": []string{"group", "priority"},
		"group_wait": "50ms", "group_interval": "500ms", "repeat_interval": "1h",
		"routes": []object{{"receiver": "loud", "matchers": []string{`priority="P0"`}}},
	}
}

// writeRoutes writes the configuration of Alertmanager i with these routes to
// the receivers silent and loud.
func (r *run) writeRoutes(file string, i int, routes object) error {
	path := func(sound api.Sound) string {
		if r.stage.earlier { // that version knows no receivers
			return api.NotifyPath(sound, "")
		}
		return api.ReceiverPath(string(sound), "")
	}
	receiver := func(sound api.Sound) object {
		var hooks []object
		for k, replica := range r.replicas {
			if r.Fanout || k == i%len(r.replicas) {
				hooks = append(hooks, object{
					"url": replica.proxy.url() + path(sound), "send_resolved": true,
					"http_config": object{"authorization": object{"credentials": r.secrets.webhook}},
				})
			}
		}
		return object{"name": string(sound), "webhook_configs": hooks}
	}
	data, err := yaml.Marshal(object{
		"route":     routes,
		"receivers": []object{receiver(api.Silent), receiver(api.Loud)},
	})
	if err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o600)
}

func (a *alertmanager) url() string { return "http://" + a.web.Addr() }

func (a *alertmanager) start(ctx context.Context) (err error) {
	a.cluster.Release() // gossip uses UDP too
	a.process, err = proc.Start(ctx, a.spec)
	return err
}

// reload makes Alertmanager read its configuration again.
func (a *alertmanager) reload(ctx context.Context) error {
	return postTo(ctx, a.url()+"/-/reload", nil)
}

func (a *alertmanager) kill() { a.process.Kill() }

func (a *alertmanager) close() (err error) {
	if a.process != nil {
		err = a.process.Stop()
	}
	for _, port := range []*proc.Port{a.web, a.cluster} {
		if port != nil {
			port.Release()
		}
	}
	return err
}

// post posts alerts as Prometheus does. While the Alertmanager is down, the
// post is dropped and send repeats it later.
func (a *alertmanager) post(ctx context.Context, alerts any) error {
	body, err := json.Marshal(alerts)
	if err != nil {
		return err
	}
	return postTo(ctx, a.url()+"/api/v2/alerts", body)
}

// postTo posts JSON, and returns an error unless the answer is 200.
func postTo(ctx context.Context, url string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}
