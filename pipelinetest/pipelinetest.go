// Package pipelinetest plays stories through a whole alerting pipeline in fake
// time. A story sets series and stops parts; the result is the messages that
// people get.
//
// Everything between the series and the messages is real. Prometheus's rule
// engine evaluates the rules of a [preflight.Site]. Alertmanager runs with its
// configuration, routing, grouping, inhibition, silences, notification log, API
// and notifiers. This project's webhook runs with its spool, state and
// formatter. They speak HTTP over a network in memory, and call a Bot API and a
// Web API that refuse the same calls as Telegram and Slack. A story of an hour
// takes about a second.
//
//	func TestDiskFull(t *testing.T) {
//		pipelinetest.Run(t, pipelinetest.Config{Site: site()}, func(p *pipelinetest.Pipeline) {
//			p.Set(`disk_free_ratio{host="db1"}`, 0.4)
//			p.Wait(10 * time.Minute)
//			p.Note("the disk fills up")
//			p.Set(`disk_free_ratio{host="db1"}`, 0.01)
//			p.Wait(time.Hour)
//			p.Golden("disk-full")
//		})
//	}
//
// A story is deterministic: it always gives the same transcript, to the second.
// It runs in a bubble of [testing/synctest] and has to follow its rules. With
// the race detector, set GOMAXPROCS=1 or use -cpu=1: Go 1.26 can crash on fake
// timers without duration that several processors set.
package pipelinetest

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	amconfig "github.com/prometheus/alertmanager/config"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/webhook/config"
)

// Config is the setting of a story.
type Config struct {
	// Site has the rules and routes under test. The targets of its jobs are up
	// and expose the series that the story sets. Prometheus, Alertmanager and
	// the webhook are recognised among the targets by address, job name or
	// port, and expose their own metrics. The site's chats in Telegram get
	// the numbers -100, -101 and so on, in order.
	Site preflight.Site
	// Start is the time at which the story starts. The zero value means a
	// Monday at ten in the morning, UTC.
	Start time.Time
	// Language is the language of the messages. Empty means the language of the
	// site.
	Language string
	// SlowPeer adds a second Alertmanager, which alerts and gossip reach with
	// this delay; 0 adds none. It waits 15 seconds for the first one, so with a
	// longer delay both notify the webhook.
	SlowPeer time.Duration
	// FullRate runs every evaluation of a rule. By default, evaluations that
	// cannot give a new result are skipped: long after the last change one a
	// minute runs.
	FullRate bool
}

// Run starts a pipeline, plays a story on it, and stops it when the story
// returns. Each finding of the generator on the site fails the test, and so
// does a mistake in the story, such as an unknown metric.
func Run(t *testing.T, c Config, story func(*Pipeline)) {
	t.Helper()
	dir, err := os.MkdirTemp("", "pipelinetest")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	o, err := prepare(t, c, dir)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		start := c.Start
		if start.IsZero() {
			start = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
		}
		time.Sleep(time.Until(start.Add(-time.Second))) // the clock of the bubble starts in the year 2000
		p := newPipeline(t, o, start)
		defer p.close()
		p.open()
		story(p)
	})
}

// options are prepared before time is fake.
type options struct {
	Config
	*addressed
	model        *model.Site
	vocabulary   *vocabulary
	rules        map[string][]byte
	pace         *pace
	alertmanager []byte
	templates    []string     // the files of Routing.Templates
	names        []string     // of the receivers, in the order of alertmanager.yml
	webhook      *config.File // nil: the site has no webhook
	spool        string
}

// prepare generates the configuration of the pipeline, with its own addresses.
func prepare(t *testing.T, c Config, dir string) (o options, err error) {
	o = options{Config: c, rules: map[string][]byte{}, templates: []string{}, spool: filepath.Join(dir, "spool.db")}
	if o.addressed, err = withAddresses(c.Site, dir); err != nil {
		return o, err
	}
	files, err := codegen.Generate(t.Context(), o.site)
	if err != nil {
		return o, fmt.Errorf("the site has findings:\n%w", err)
	}
	for _, f := range files {
		if ok, _ := filepath.Match("prometheus/rules/*.yml", f.Path); ok {
			o.rules[f.Path] = f.Data
		}
		if ok, _ := filepath.Match("alertmanager/templates/*.tmpl", f.Path); ok {
			file := filepath.Join(dir, filepath.Base(f.Path))
			o.templates = append(o.templates, file)
			if err := os.WriteFile(file, f.Data, 0o600); err != nil {
				return o, err
			}
		}
		switch f.Path {
		case "alertmanager/alertmanager.yml":
			o.alertmanager = f.Data
			loaded, err := amconfig.Load(string(f.Data))
			if err != nil {
				return o, fmt.Errorf("alertmanager.yml: %w", err)
			}
			for _, r := range loaded.Receivers {
				o.names = append(o.names, r.Name)
			}
		case "webhook/webhook.yml":
			file, err := config.Parse(f.Path, f.Data)
			if err != nil {
				return o, err
			}
			o.webhook = &file
		}
	}
	if o.pace, err = newPace(o.rules, c.FullRate); err != nil {
		return o, err
	}
	o.model, _ = model.New(o.site) // the generator found no mistake in it
	o.vocabulary, err = newVocabulary(o.model, o.pace)
	return o, err
}

// language returns the language of the messages.
func (o options) language() string { return cmp.Or(o.Language, o.webhook.Language, "en") }
