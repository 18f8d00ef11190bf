package message

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/transport"
)

// sample is a notice on which templates are tried.
type sample struct {
	notice Notice
	// large means that a template may write too much for it.
	large bool
	// linked means that Telegram links all addresses of the alerts.
	linked bool
}

// samples returns notices of all kinds about alerts of all kinds: with all texts
// and without any, firing and ended, few and many, and with hostile texts.
func (f *Formatter) samples() (all []sample) {
	full, bare, hostile := f.fullSample(), bareSample(), f.hostileSample()
	stale, again := full, full
	stale.Stale, again.AgainAt = true, sampleTime.Add(time.Minute)
	stale.Silence, again.Silence = Silence{}, Silence{}
	asText := []transport.Button{{Text: f.words.Runbook, URL: "http://wiki:8080/runbook"}}
	for _, s := range []struct {
		items         []Item
		large, linked bool
	}{
		{[]Item{full}, false, true},
		{[]Item{bare}, false, false},
		{[]Item{stale, again}, false, true},
		{[]Item{full, bare, ended(full, "")}, false, false},
		{[]Item{ended(full, ""), ended(bare, Unverified)}, false, false},
		{[]Item{hostile, ended(hostile, Gone)}, true, false},
		{f.manySamples(), true, true},
	} {
		for _, kind := range []Kind{Alert, Reminder, Flapping, Resolution, Digest} {
			n := Notice{Kind: kind, Items: s.items, Now: sampleTime.Add(30 * time.Minute), links: asText}
			if kind == Flapping {
				n.Flaps = Flaps{Times: 4, For: 3 * time.Minute}
			}
			if kind == Resolution || kind == Digest {
				n.Items = nil
				for _, it := range s.items {
					n.Items = append(n.Items, ended(it, it.Closed))
				}
			}
			all = append(all, sample{n, s.large, s.linked})
			n.Firing, n.More, n.Truncated = []Item{full, bare}, 3, 5
			all = append(all, sample{n, s.large, s.linked})
		}
	}
	return all
}

var sampleTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// fullSample has all texts that a message can show.
func (f *Formatter) fullSample() Item {
	var it Item
	it.Status, it.StartsAt = string(model.AlertFiring), sampleTime
	it.Labels = template.KV{
		model.AlertNameLabel: "Sample", f.scale.Label: f.scale.Levels[0].Name, api.Env: "sample", api.Source: "system", api.Check: "Database",
		"target": "redis", "instance": "host-1:9100", model.JobLabel: "node",
	}
	it.Annotations = template.KV{
		api.Title: "Sample FAIL", api.Headline: "Sample failed (1/8)", api.ListTitle: "Failed Checks", api.Summary: "redis does not answer",
		api.Description: "Redis on host-1 does not answer", api.Reason: "timeout", api.Value: "93.2", api.Actions: "check `docker ps`\nrun it again",
		api.RunbookURL: "https://wiki.example.com/runbook", api.Dashboard: "https://grafana.example.com/d/x", api.PostedTo: "/api/v2/alerts",
		api.SilenceURL: "https://grafana.example.com/silence", api.ImageURL: "https://grafana.example.com/image.png",
	}
	it.GeneratorURL = "https://prometheus.example.com/graph?g0.expr=up"
	it.Silence = Silence{Until: sampleTime.Add(time.Hour), By: "kim"}
	it.Cluster = "main"
	return it
}

// bareSample has no label and no annotation.
func bareSample() Item {
	var it Item
	it.Status, it.StartsAt = string(model.AlertFiring), sampleTime
	return it
}

// hostileSample has texts that look like markup, and long ones.
func (f *Formatter) hostileSample() Item {
	const hostile = "</b></code></a><script>\"'`&amp;&nbsp;<b \u202E\x00\xff{{.}}"
	it := f.fullSample()
	it.Labels, it.Annotations = template.KV{}, template.KV{}
	for name := range f.fullSample().Labels {
		it.Labels[name] = hostile
	}
	for name := range f.fullSample().Annotations {
		it.Annotations[name] = hostile + strings.Repeat("🚨<", 1000)
	}
	it.Labels[hostile] = hostile
	it.Annotations[hostile] = hostile
	it.GeneratorURL, it.Fingerprint, it.Status, it.Silence.By = "javascript:"+hostile, hostile, hostile, hostile
	return it
}

// manySamples are too many for one message.
func (f *Formatter) manySamples() (many []Item) {
	for i := range 40 {
		it := f.fullSample()
		it.Labels["target"], it.Labels[api.Env] = fmt.Sprint("target-", i), fmt.Sprint("env", i%2)
		it.Annotations[api.Summary] = fmt.Sprintf("target-%d does not answer: %s", i, strings.Repeat("connection refused ", 5))
		if i%3 == 0 {
			delete(it.Annotations, api.ListTitle)
		}
		many = append(many, it)
	}
	return many
}

func ended(it Item, closed Closed) Item {
	it.Resolved, it.Status, it.Closed, it.EndsAt = true, string(model.AlertResolved), closed, sampleTime.Add(time.Hour)
	return it
}
