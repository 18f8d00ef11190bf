// Command record runs real Alertmanagers and stores the payloads that they send to a
// webhook in webhook/testdata/payloads, one folder for each story.
//
// Run it from the root of the repository when a new Alertmanager should be
// recorded:
//
//	go run ./webhook/internal/record -alertmanager=bin/alertmanager
package main

import (
	"flag"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/alertnative/preflight/webhook/api"
)

func main() {
	log.SetFlags(0)
	binary := flag.String("alertmanager", "bin/alertmanager", "the Alertmanager to record")
	out := flag.String("out", "webhook/testdata/payloads", "where the payloads go")
	flag.Parse()
	for _, s := range stories() {
		if err := s.record(*binary, filepath.Join(*out, s.name)); err != nil {
			log.Fatalf("%s: %v", s.name, err)
		}
		log.Printf("recorded %s", s.name)
	}
}

// story is a sequence of alerts that one or two Alertmanagers receive.
type story struct {
	name      string
	instances []instance
	steps     []step
}

type instance struct {
	cluster   bool // joined with the first one
	groupWait string
	repeat    string
	maxAlerts int
	quiet     bool // it sends no resolutions
}

// step posts alerts or silences to the Alertmanagers named by their index. It
// waits until the total number of payloads has arrived.
type step struct {
	to       []int
	fire     []string // targets
	resolve  []string
	silence  bool // silence everything
	ask      bool // and keep what the first Alertmanager's API answers
	payloads int
	pause    time.Duration
}

// slowest is the longest wait for a payload.
const slowest = 30 * time.Second

func stories() []story {
	one := []instance{{}}
	first, both := []int{0}, []int{0, 1}
	redis, pg := []string{"redis"}, []string{"postgres"}
	return []story{
		{name: "single", instances: one, steps: []step{
			{to: first, fire: redis, payloads: 1},
			{to: first, resolve: redis, payloads: 2},
			{to: first, fire: redis, payloads: 3}, // again: another startsAt
			{to: first, resolve: redis, payloads: 4},
		}},
		{name: "grouped", instances: one, steps: []step{
			{to: first, fire: []string{"redis", "postgres"}, payloads: 1},
			{to: first, fire: []string{"upbit"}, payloads: 2}, // joins the group
			{to: first, resolve: redis, payloads: 3},
			{to: first, resolve: []string{"postgres", "upbit"}, payloads: 4},
		}},
		{name: "reminder", instances: []instance{{repeat: "2s"}}, steps: []step{
			{to: first, fire: redis, payloads: 3},
			{to: first, resolve: redis, payloads: 4},
		}},
		// Alertmanager sends no resolution of an alert that ends while it is suppressed.
		{name: "silenced", instances: one, steps: []step{
			{to: first, fire: redis, payloads: 1},
			{to: first, silence: true, ask: true, pause: time.Second},
			{to: first, resolve: redis, payloads: 1, ask: true, pause: 3 * time.Second},
		}},
		{name: "inhibited", instances: one, steps: []step{
			{to: first, fire: pg, payloads: 1},
			{to: first, fire: []string{"source"}, payloads: 1, ask: true, pause: 3 * time.Second},
			{to: first, resolve: pg, payloads: 1, ask: true, pause: 3 * time.Second},
		}},
		// redis is in the list at first, and ends when max_alerts leaves it out.
		{name: "leftout", instances: []instance{{maxAlerts: 1}}, steps: []step{
			{to: first, fire: redis, payloads: 1},
			{to: first, fire: pg, payloads: 2, ask: true},
			{to: first, resolve: redis, payloads: 3, ask: true, pause: 3 * time.Second},
			{to: first, resolve: pg, payloads: 4},
		}},
		{name: "unresolved", instances: []instance{{quiet: true}}, steps: []step{
			{to: first, fire: redis, payloads: 1, pause: 3 * time.Second, ask: true},
			{to: first, resolve: redis, payloads: 1, pause: 3 * time.Second, ask: true},
		}},
		{name: "twins", instances: []instance{{}, {cluster: true}}, steps: []step{
			{pause: 5 * time.Second}, // until the cluster has settled
			{to: both, fire: redis, payloads: 2},
			{to: both, resolve: redis, payloads: 4},
		}},
		// The second one learns of the resolution late, like a peer that is cut
		// off from its cluster.
		{name: "late", instances: []instance{{}, {groupWait: "3s"}}, steps: []step{
			{to: both, fire: redis, payloads: 1},
			{to: first, resolve: redis, payloads: 3},
			{to: []int{1}, resolve: redis, payloads: 4},
		}},
	}
}

func (s story) record(binary, dir string) error {
	tmp, err := os.MkdirTemp("", "record")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	var sink sink
	server := httptest.NewServer(&sink)
	defer server.Close()

	var peers []*alertmanager
	defer func() {
		for _, p := range peers {
			p.stop()
		}
	}()
	for i, in := range s.instances {
		p, err := start(binary, tmp, i, in, server.URL, peers)
		if err != nil {
			return err
		}
		peers = append(peers, p)
	}
	started := map[string]time.Time{}
	for _, st := range s.steps {
		if err := st.play(peers, started, &sink); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return sink.write(dir)
}

func (st step) play(peers []*alertmanager, started map[string]time.Time, sink *sink) error {
	now := time.Now().UTC()
	var alerts []map[string]any
	for _, target := range st.fire {
		started[target] = now
		alerts = append(alerts, alert(target, now, time.Time{}))
	}
	for _, target := range st.resolve {
		alerts = append(alerts, alert(target, started[target], now))
	}
	for _, i := range st.to {
		if alerts != nil {
			if err := peers[i].post("/api/v2/alerts", alerts); err != nil {
				return err
			}
		}
		if st.silence {
			if err := peers[i].post("/api/v2/silences", silence(now)); err != nil {
				return err
			}
		}
	}
	time.Sleep(st.pause)
	if st.ask {
		if err := sink.ask(peers[0].url); err != nil {
			return err
		}
	}
	return sink.wait(st.payloads)
}

func alert(target string, starts, ends time.Time) map[string]any {
	priority := "P0"
	if target == "source" { // of the inhibition; it is not sent itself
		priority = "P2"
	}
	check := "Database"
	reason := "connection_refused"
	if target == "upbit" {
		check, reason = "Exchange Health", "timeout"
	}
	a := map[string]any{
		"labels": map[string]string{
			"alertname": "PreflightCheckFailed", "priority": priority, api.Env: "paper", "check": check, "target": target,
		},
		"annotations": map[string]string{
			api.Title: "Preflight FAIL", api.In(api.Title, "ko"): "프리플라이트 실패",
			api.Headline: "Preflight failed (6/8 PASS, 2 FAIL)", api.In(api.Headline, "ko"): "프리플라이트 실패 (6/8 PASS, 2 FAIL)",
			api.ListTitle: "Failed Checks", api.In(api.ListTitle, "ko"): "실패한 점검",
			api.Summary: check + ": " + target + " does not answer", api.In(api.Summary, "ko"): check + ": " + target + " 응답 없음",
			api.Reason:                reason,
			api.Actions:               "check `docker ps` (redis, postgres)\nrun the preflight again",
			api.In(api.Actions, "ko"): "`docker ps` 확인 (redis, postgres)\n프리플라이트 다시 실행",
		},
		"startsAt":     starts,
		"generatorURL": "http://prometheus:9090/graph?g0.expr=up",
	}
	if !ends.IsZero() {
		a["endsAt"] = ends
	}
	return a
}

func silence(now time.Time) map[string]any {
	return map[string]any{
		"matchers":  []map[string]any{{"name": "env", "value": "paper", "isRegex": false}},
		"startsAt":  now,
		"endsAt":    now.Add(time.Hour),
		"createdBy": "record", "comment": "recorded",
	}
}
