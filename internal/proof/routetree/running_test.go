package routetree_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/proof/routetree"
	"github.com/alertnative/preflight/internal/stack/proc"
	"github.com/alertnative/preflight/internal/stack/servers"
	"github.com/alertnative/preflight/internal/testing/alertmanager"
)

// The random trees of a running Alertmanager. One file contains all of them.
const (
	runningTrees = 50
	perTree      = 5 // alerts
	runningUnit  = 500 * time.Millisecond
	runningFor   = 22 * time.Second
)

// runningFile returns a file with all trees, for alerts with the label "tree",
// and the alerts of each.
func runningFile(url string) (file string, alerts func(values func(string) []string) [][]model.LabelSet) {
	g := &generator{Rand: rand.New(rand.NewPCG(7, 7)), unit: runningUnit}
	var routes, inhibitions strings.Builder
	for i := range runningTrees {
		g.scope, g.left = fmt.Sprintf(`tree="%d"`, i), 1+g.IntN(maxRoutes)
		var tree strings.Builder
		g.route(&tree, 0)
		routes.WriteString("  -\n  " + strings.ReplaceAll(strings.TrimSuffix(tree.String(), "\n"), "\n", "\n  ") + "\n")
		for range 1 + g.IntN(4) {
			g.inhibition(&inhibitions)
		}
	}
	file = "route:\n  receiver: r0\n  routes:\n" + routes.String() + "receivers:\n"
	for i := range receivers {
		file += fmt.Sprintf("  - {name: r%d, webhook_configs: [{url: '%s/r%d'}]}\n", i, url, i)
	}
	file += section("inhibit_rules", inhibitions.String())
	return file, func(values func(string) []string) [][]model.LabelSet {
		var out [][]model.LabelSet
		for i := range runningTrees {
			var list []model.LabelSet
			for len(list) < perTree {
				a := g.alert(values)
				if a["tree"] = model.LabelValue(fmt.Sprint(i)); !slices.ContainsFunc(list, a.Equal) {
					list = append(list, a)
				}
			}
			out = append(out, list)
		}
		return out
	}
}

// inbox records the notifications that a server gets from webhooks.
type inbox struct {
	mu  sync.Mutex
	got []alertmanager.Notification
}

// ServeHTTP implements [http.Handler].
func (x *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := alertmanager.Notification{At: time.Now()}
	var body struct {
		Receiver, GroupKey string
		GroupLabels        model.LabelSet
		Alerts             []struct {
			Status string
			Labels model.LabelSet
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	n.Receiver, n.GroupKey, n.GroupLabels = body.Receiver, body.GroupKey, body.GroupLabels
	for _, a := range body.Alerts {
		if a.Status == "firing" {
			n.Firing = append(n.Firing, a.Labels)
		} else {
			n.Resolved = append(n.Resolved, a.Labels)
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.got = append(x.got, n)
}

// Random trees behave in a running Alertmanager as the proof says.
func TestRunningAlertmanager(t *testing.T) {
	var x inbox
	hook := httptest.NewServer(&x)
	defer hook.Close()
	file, random := runningFile(hook.URL)
	c, err := newClaims(file, alertmanager.Retention)
	if err != nil {
		t.Fatalf("%v\n%s", err, file)
	}
	alerts := random(c.values)
	if err := c.about(slices.Concat(alerts...)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "alertmanager.yml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	url := startAlertmanager(t, path)
	began := time.Now()
	for _, list := range alerts {
		post(t, url, list)
	}
	end := time.Now().Add(runningFor)
	for _, i := range rand.New(rand.NewPCG(5, 5)).Perm(len(c.alerts))[:60] {
		amtool(t, path, c.alerts[i], c.routes[i])
	}
	time.Sleep(time.Until(end))
	x.mu.Lock()
	defer x.mu.Unlock()
	seen := map[string]int{}
	for _, problem := range c.running(x.got, began, end, seen) {
		t.Error(problem)
	}
	t.Logf("%d notifications, %v", len(x.got), seen)
	for _, kind := range []string{"inhibited", "several alerts", "repeat", "repeat exactly at the interval"} {
		if seen[kind] == 0 {
			t.Errorf("no group was: %s", kind)
		}
	}
}

func startAlertmanager(t *testing.T, file string) (url string) {
	t.Helper()
	program, err := servers.Find("alertmanager")
	if err != nil {
		t.Fatal(err)
	}
	port, err := proc.ReservePort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(port.Release)
	url = "http://" + port.Addr()
	p, err := proc.Start(t.Context(), proc.Spec{
		Name: "alertmanager", Path: program, Log: filepath.Join(t.TempDir(), "log"), Ready: proc.HTTP(url + "/-/ready"),
		Args: []string{"--config.file=" + file, "--storage.path=" + t.TempDir(), "--cluster.listen-address=", "--web.listen-address=" + port.Addr()},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return url
}

// post sends firing alerts.
func post(t *testing.T, url string, alerts []model.LabelSet) {
	t.Helper()
	var list []map[string]any
	for _, a := range alerts {
		list = append(list, map[string]any{"labels": a, "startsAt": time.Now(), "endsAt": time.Now().Add(time.Hour)})
	}
	body, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(url+"/api/v2/alerts", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("posting %v: %s", alerts, resp.Status)
	}
}

// amtool compares the claimed receivers of an alert with those of amtool.
func amtool(t *testing.T, file string, alert model.LabelSet, routes []*routetree.Route) {
	t.Helper()
	program, err := servers.Find("amtool")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"config", "routes", "test", "--config.file=" + file}
	for name, value := range alert {
		args = append(args, fmt.Sprintf("%q=%s", string(name), quote(string(value))))
	}
	out, err := exec.CommandContext(context.Background(), program, args...).CombinedOutput()
	var want []string
	for _, r := range routes {
		want = append(want, r.Receiver)
	}
	if got := strings.TrimSpace(string(out)); err != nil || got != strings.Join(want, ",") {
		t.Errorf("amtool sends %v to %s (%v); the proof says %s", alert, got, err, strings.Join(want, ","))
	}
}

// running returns the differences between the claims and the notifications of a
// running Alertmanager, to which all alerts were sent at once.
func (c *claims) running(got []alertmanager.Notification, began, end time.Time, seen map[string]int) []string {
	var out []string
	claimed := c.groups()
	for _, g := range claimed {
		if g.twins {
			continue
		}
		var visible, inhibited []int
		for _, target := range g.members {
			if c.isInhibited(target) {
				inhibited = append(inhibited, target)
			} else {
				visible = append(visible, target)
			}
		}
		if len(inhibited) > 0 {
			seen["inhibited"]++
		}
		if len(visible) > 1 {
			seen["several alerts"]++
		}
		var own []alertmanager.Notification
		for _, n := range got {
			if n.Receiver == g.receiver && n.GroupKey == g.key {
				own = append(own, n)
			}
		}
		if problem := c.runningGroup(g, visible, own, began, end, seen); problem != "" {
			out = append(out, fmt.Sprintf("%s %s (%s): %s", g.receiver, g.key, g.route.Delivery, problem))
		}
	}
	for _, n := range got {
		if !slices.ContainsFunc(claimed, func(g *group) bool { return g.receiver == n.Receiver && g.key == n.GroupKey }) {
			out = append(out, fmt.Sprintf("%s got an unclaimed group: %v", n.Receiver, n))
		}
	}
	return out
}

// isInhibited reports whether another alert of the tree inhibits an alert.
func (c *claims) isInhibited(target int) bool {
	for source, a := range c.alerts {
		if a["tree"] == c.alerts[target]["tree"] && c.inhibits(source, target) {
			return true
		}
	}
	return false
}

// slow is the longest delay of a first notification on a busy machine.
const slow = 3 * time.Second

func (c *claims) runningGroup(g *group, visible []int, got []alertmanager.Notification, began, end time.Time, seen map[string]int) string {
	switch d := g.route.Delivery; {
	case len(visible) == 0 && len(got) > 0:
		return fmt.Sprintf("all alerts are inhibited, and it was sent: %v", got[0])
	case len(visible) == 0:
		return ""
	case len(got) == 0:
		return "it was not sent"
	default:
		if first := got[0].At.Sub(began); first < d.GroupWait || first > d.GroupWait+slow {
			return fmt.Sprintf("it was first sent after %s", first)
		}
		sooner, later := d.Repeats(c.retention)
		tolerance := d.GroupInterval * 6 / 10
		r := run{claims: c}
		for i, n := range got {
			if !r.same(n.Firing, visible) || len(n.Resolved) > 0 {
				return fmt.Sprintf("it was sent with %v, %v", n.Firing, n.Resolved)
			}
			next := end
			if i+1 < len(got) {
				next = got[i+1].At
				if gap := next.Sub(n.At); gap < sooner-tolerance {
					return fmt.Sprintf("it was repeated after %s; the proof says %s at least", gap, sooner)
				}
				switch gap := next.Sub(n.At); {
				case sooner == later:
					seen["repeat"]++
				case gap < sooner+d.GroupInterval/2:
					seen["repeat exactly at the interval"]++
				default:
					seen["repeat one flush after the interval"]++
				}
			}
			if gap := next.Sub(n.At); gap > later+tolerance+slow/2 {
				return fmt.Sprintf("it was not repeated within %s; the proof says %s at most", gap, later)
			}
		}
		return ""
	}
}
