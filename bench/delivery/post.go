package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/state"
)

var began = time.Now()

// notification returns a notification of a group with a number of alerts,
// counted from first.
func notification(group, first, alerts int, ends time.Time) []byte {
	p := state.Payload{Version: "4", GroupKey: fmt.Sprintf(`{}/{priority="P0"}:{env="env-%d", priority="P0"}`, group)}
	p.Receiver, p.Status, p.ExternalURL = "telegram", "firing", "http://alertmanager.example:9093"
	for i := first; i < first+alerts; i++ {
		a := template.Alert{
			Status: "firing", StartsAt: began.Add(time.Duration(i) * time.Millisecond), Fingerprint: fmt.Sprintf("%016x", i),
			Labels: template.KV{
				"alertname": "PreflightCheckFailed", "priority": "P0", "env": fmt.Sprintf("env-%d", group),
				"check": "Database", "target": fmt.Sprintf("target-%d", i),
			},
			Annotations: template.KV{
				"title": "Preflight FAIL", "summary": fmt.Sprintf("target-%d does not answer", i), "reason": "connection_refused",
				"counts": "6/8 PASS, 2 FAIL", "actions": "check `docker ps` (redis, postgres)\nrun the preflight again",
			},
			GeneratorURL: "http://prometheus:9090/graph?g0.expr=up",
		}
		if !ends.IsZero() {
			p.Status, a.Status, a.EndsAt = "resolved", "resolved", ends
		}
		p.Alerts = append(p.Alerts, a)
	}
	body, err := json.Marshal(p)
	if err != nil {
		panic(err) // the payload is always valid JSON
	}
	return body
}

// post posts n notifications on all connections and returns their durations.
// Notifications of one group stay in order.
func (s *subject) post(n int, body func(i int) []byte) (durations, error) {
	times := make(durations, n)
	errs := make([]error, connections)
	var clients sync.WaitGroup
	for c := range connections {
		clients.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for i := range n {
				if i%groups%connections != c {
					continue
				}
				if times[i], errs[c] = s.postOne(client, body(i)); errs[c] != nil {
					return
				}
			}
		})
	}
	clients.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return times, nil
}

func (s *subject) postOne(client *http.Client, body []byte) (time.Duration, error) {
	begin := time.Now()
	resp, err := client.Post(s.url()+"/api/v1/alerts?notify=loud", "application/json", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0, err
	}
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("answered %s", resp.Status)
	}
	return time.Since(begin), nil
}

func get(url string) (string, error) {
	resp, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}

type durations []time.Duration

// print writes the quantiles.
func (d durations) print(name string) {
	sorted := slices.Sorted(slices.Values(d))
	ms := func(q float64) float64 {
		return float64(sorted[max(0, int(float64(len(sorted))*q+0.999999)-1)]) / float64(time.Millisecond)
	}
	fmt.Printf("  %-40s median %.1f ms, p99 %.1f ms, longest %.1f ms\n", name, ms(0.5), ms(0.99), ms(1))
}
