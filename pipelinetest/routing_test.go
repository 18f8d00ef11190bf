package pipelinetest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/pipelinetest"
	"github.com/alertnative/preflight/routing"
)

// A night ends at seven in the morning of its time zone, also after the clocks
// were changed.
func TestNightWithChangeOfClocks(t *testing.T) {
	t.Parallel()
	site := disks()
	site.Routing.TimeIntervals = []routing.TimeInterval{{Name: "night", Times: []string{"22:00-24:00", "00:00-07:00"}, Location: "Europe/Berlin"}}
	site.Routing.Route.Routes = []routing.Route{{Match: `severity="warning"`, Mute: []string{"night"}}}
	for _, c := range []struct {
		start time.Time
		dawn  time.Duration
	}{
		{time.Date(2026, 3, 29, 0, 30, 0, 0, time.UTC), 4*time.Hour + 30*time.Minute},
		{time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC), 5*time.Hour + 30*time.Minute},
	} {
		pipelinetest.Run(t, pipelinetest.Config{Site: site, Start: c.start}, func(p *pipelinetest.Pipeline) {
			p.Set(`disk_free_ratio{disk="/data"}`, 0.01)
			p.Wait(6 * time.Hour)
			got := p.Delivered("me")
			if len(got) != 1 || got[0].At.Sub(c.start.Add(c.dawn)).Abs() > time.Minute {
				t.Errorf("from %s: the chat got %v", c.start, got)
			}
		})
	}
}

// An alert that resolves while another one inhibits it is shown as resolved.
func TestInhibitedAlertResolves(t *testing.T) {
	t.Parallel()
	site := disks()
	worse := site.Packs[0].Groups[0].Alerts[0]
	worse.Name, worse.Severity, worse.Expr, worse.Title, worse.Scenarios = "DiskVeryFull", "critical", "disk_free_ratio < 0.02", "Disk very full", nil
	site.Packs[0].Groups[0].Alerts = append(site.Packs[0].Groups[0].Alerts, worse)
	disk := []string{"disk", "instance"}
	site.Routing.Inhibit = []routing.Inhibit{{Source: `severity="critical"`, Target: `severity="warning"`, Equal: disk}}
	site.Routing.Quiet = []routing.Quiet{{Match: `severity="warning"`, While: `severity="critical"`, Equal: disk}}
	pipelinetest.Run(t, pipelinetest.Config{Site: site}, func(p *pipelinetest.Pipeline) {
		p.Set(`disk_free_ratio{disk="/data"}`, 0.04)
		p.Wait(10 * time.Minute)
		p.Set(`disk_free_ratio{disk="/data"}`, 0.01)
		p.Wait(10 * time.Minute)
		p.Set(`disk_free_ratio{disk="/data"}`, 0.5)
		p.Wait(10 * time.Minute)
		transcript := p.Transcript()
		for _, want := range []string{"+ ✅ CRITICAL: Disk very full (resolved after 8m)", "+ ✅ WARNING: Disk full (resolved after 18m)"} {
			if strings.Count(transcript, want) != 1 {
				t.Errorf("the transcript lacks %q:\n%s", want, transcript)
			}
		}
	})
}

// The integrations of an alertmanager.yml are recorded, each by itself. A template
// that is on Alertmanager's host alone is an error in the text.
func TestIntegrationsOfYAML(t *testing.T) {
	t.Parallel()
	site := disks()
	site.Webhook = preflight.Webhook{}
	site.Routing = routing.Routing{YAML: `
templates: [/etc/old/*.tmpl]
route: {receiver: all, group_by: [alertname], group_wait: 10s, group_interval: 1m, repeat_interval: 4h}
receivers:
  - name: all
    webhook_configs: [{url_file: /run/secrets/hook}]
    telegram_configs: [{bot_token_file: /run/secrets/bot, chat_id: -5, message: 'Disk {{ .CommonLabels.disk }}'}]
    slack_configs:
      - {channel: '#one', api_url_file: /run/secrets/slack, send_resolved: true}
      - {channel: '#two', api_url_file: /run/secrets/slack, title: '{{ template "old.title" . }}', text: plain}
`}
	pipelinetest.Run(t, pipelinetest.Config{Site: site}, func(p *pipelinetest.Pipeline) {
		p.Set(`disk_free_ratio{disk="/data"}`, 0.01)
		p.Wait(5 * time.Minute)
		p.Set(`disk_free_ratio{disk="/data"}`, 0.5)
		p.Wait(5 * time.Minute)
		p.Golden("integrations-of-yaml")
	})
}

// A story without messages has an empty transcript.
func TestNoMessages(t *testing.T) {
	t.Parallel()
	site := disks()
	site.Routing.Receivers = []routing.Receiver{{Name: "me", Sound: routing.NoMessage}}
	pipelinetest.Run(t, pipelinetest.Config{Site: site}, func(p *pipelinetest.Pipeline) {
		p.Set(`disk_free_ratio{disk="/data"}`, 0.01)
		p.Wait(10 * time.Minute)
		if got := p.Transcript(); got != "" || len(p.Delivered("me")) > 0 {
			t.Errorf("the transcript is\n%s", got)
		}
	})
}

// Stories of one site can run in parallel, and give the same transcript.
func TestParallelStories(t *testing.T) {
	t.Parallel()
	site := onSlack()
	transcripts := make(chan string, 6)
	t.Run("stories", func(t *testing.T) {
		for i := range cap(transcripts) {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				pipelinetest.Run(t, pipelinetest.Config{Site: site}, func(p *pipelinetest.Pipeline) {
					p.Set(`disk_free_ratio{disk="/data"}`, 0.01)
					p.Wait(5 * time.Minute)
					p.Set(`disk_free_ratio{disk="/data"}`, 0.5)
					p.Wait(5 * time.Minute)
					transcripts <- p.Transcript()
				})
			})
		}
	})
	close(transcripts)
	first := <-transcripts
	for other := range transcripts {
		if other != first || first == "" {
			t.Errorf("one transcript is\n%s\nanother one\n%s", first, other)
		}
	}
}
