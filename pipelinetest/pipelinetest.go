// Package pipelinetest plays stories through a whole alerting pipeline in fake
// time: series over time and parts that fail go in, and the Telegram messages
// that people get come out.
//
// Everything between the series and the messages is real: Prometheus's rule
// engine over the rules of a [preflight.Site]; Alertmanager's configuration,
// routing, grouping, inhibition, silences, notification log, API and notifiers;
// and this project's webhook with its spool, state and formatter. They speak
// HTTP over a network in memory, and call a Bot API that refuses what Telegram
// refuses. A story of an hour takes about a second.
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
// A story is deterministic: the same story gives the same transcript, to the
// second. It runs in a bubble of [testing/synctest], whose rules hold for it.
// With the race detector, set GOMAXPROCS=1 or use -cpu=1: Go 1.26 can crash on
// fake timers of no duration that several processors set.
package pipelinetest

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/webhook/config"
)

// Config is what a story is played on.
type Config struct {
	// Site is the site whose rules and routes are tested. The targets of its
	// jobs are up and expose what the story sets. Prometheus, Alertmanager and
	// the webhook are recognised among them, by address, name of the job or
	// port, and expose their own metrics. Its chats have the numbers -100,
	// -101 and so on, in the order in which the site names them.
	Site preflight.Site
	// Start is the moment at which the story begins. The zero time is a Monday
	// at ten in the morning, UTC.
	Start time.Time
	// Language of the messages, like the flag of the webhook. Empty is that of
	// the site.
	Language string
	// SlowPeer adds a second Alertmanager. Alerts and gossip reach it with this
	// delay; 0 adds none. It waits 15 seconds for the first Alertmanager, so
	// with a longer delay both of them notify the webhook.
	SlowPeer time.Duration
	// FullRate makes every evaluation of a rule. Otherwise evaluations that can
	// give nothing new are left out: long after the last change there is one a
	// minute.
	FullRate bool
}

// Run plays a story against a pipeline that has just been started, and stops
// the pipeline when the story returns. Every finding of the generator on the
// site ends the test, and so does a mistake of the story, such as a metric that
// no pack describes.
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
		time.Sleep(time.Until(start.Add(-time.Second))) // the bubble begins in the year 2000
		p := newPipeline(t, o, start)
		defer p.close()
		p.open()
		story(p)
	})
}

// options are what is known before time is fake.
type options struct {
	Config
	*addressed
	model        *model.Site
	vocabulary   *vocabulary
	rules        map[string][]byte
	pace         *pace
	alertmanager []byte
	webhook      *config.File // nil: the site has no webhook
	spool        string
}

// prepare generates what the pipeline runs on, for addresses of its own.
func prepare(t *testing.T, c Config, dir string) (o options, err error) {
	o = options{Config: c, rules: map[string][]byte{}, spool: filepath.Join(dir, "spool.db")}
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
		switch f.Path {
		case "alertmanager/alertmanager.yml":
			o.alertmanager = f.Data
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
	o.model, _ = model.New(o.site) // without findings: it was generated
	o.vocabulary, err = newVocabulary(o.model, o.pace)
	return o, err
}

// language returns that of the messages.
func (o options) language() string { return cmp.Or(o.Language, o.webhook.Language, "en") }
