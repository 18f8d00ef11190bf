// Package pipelinetest tells what people are told: it plays a story, series
// over time and parts that fail, through a whole alerting pipeline in fake
// time, and returns the Telegram messages that come out of it.
//
// Everything between the series and the messages is real: Prometheus's rule
// engine over the rules that a [codegen.Pack] generates; Alertmanager's
// configuration, routing, grouping, inhibition, silences, notification log,
// API and notifiers; and this project's webhook with its spool, state and
// formatter. They speak HTTP to each other over a network in memory, and to a
// Bot API that refuses what Telegram refuses. A story of an hour takes about a
// second.
//
//	func TestDiskFull(t *testing.T) {
//		pipelinetest.Run(t, pipelinetest.Config{Pack: pack()}, func(p *pipelinetest.Pipeline) {
//			p.Set(`disk_free_ratio{host="db1"}`, 0.4)
//			p.Wait(10 * time.Minute)
//			p.Note("the disk fills up")
//			p.Set(`disk_free_ratio{host="db1"}`, 0.01)
//			p.Wait(time.Hour)
//			golden.Check(t, p.Transcript())
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
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alertnative/preflight/codegen"
)

// Config is what a story is played on.
type Config struct {
	// Pack is whose rules and routes are tested. Its targets are up and expose
	// what the story says; Prometheus, Alertmanager and the webhook are
	// recognised among them and expose their own metrics.
	Pack codegen.Pack
	// Language of the messages, as of the webhook's flag; empty is English.
	Language string
	// Start is the moment of the story's begin; the zero time is some Monday at
	// ten in the morning, UTC.
	Start time.Time
	// SlowPeer adds a second Alertmanager, which hears of everything, from
	// Prometheus and from the first one, so much later; 0 for none. Above the 15
	// seconds that it waits for the first one, both tell the webhook.
	SlowPeer time.Duration
	// FullRate makes every evaluation of a rule. Else those are left out that
	// can give nothing new: long after the last change there is one a minute.
	FullRate bool
}

// Chat is the chat that is told.
const Chat = -100

// Run plays a story against a pipeline that has just been started, and stops
// it when the story returns. A mistake of the story, such as a metric that the
// pack's catalogue does not have, ends the test and says what is wrong.
func Run(t *testing.T, c Config, story func(*Pipeline)) {
	t.Helper()
	dir, err := os.MkdirTemp("", "pipelinetest")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	o, err := prepare(c, dir)
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
	endpoints    codegen.Endpoints
	vocabulary   *vocabulary
	rules        map[string][]byte
	pace         *pace
	alertmanager []byte
	spool        string
}

// The secrets of the bot and the webhook.
const (
	botToken     = "123456:test"
	webhookToken = "test"
	telegramHost = "telegram.test:80"
)

// prepare generates what the pipeline runs on, for addresses of its own.
func prepare(c Config, dir string) (o options, err error) {
	o = options{Config: c, endpoints: c.Pack.Endpoints, rules: map[string][]byte{}, spool: filepath.Join(dir, "spool.db")}
	e := &o.endpoints
	secret := func(path *string, content string) {
		if *path != "" && err == nil {
			file := filepath.Join(dir, filepath.Base(*path))
			*path, err = file, os.WriteFile(file, []byte(content), 0o600)
		}
	}
	secret(&e.WebhookTokenFile, webhookToken)
	secret(&e.HeartbeatURLFile, "http://heartbeat.test/")
	secret(&e.Fallback.BotTokenFile, botToken)
	if e.Fallback.BotTokenFile != "" {
		e.Fallback.APIURL, e.Fallback.ChatID, e.Fallback.ChatIDFile, e.Fallback.Topic = "http://"+telegramHost, Chat, "", 0
	}
	if err != nil {
		return o, err
	}
	files, err := c.Pack.Generate(*e)
	if err != nil {
		return o, err
	}
	for _, f := range files {
		if ok, _ := filepath.Match("prometheus/rules/*.yml", f.Path); ok {
			o.rules[f.Path] = f.Data
		}
		if f.Path == "alertmanager/alertmanager.yml" {
			o.alertmanager = f.Data
		}
	}
	if o.pace, err = newPace(o.rules, c.FullRate); err != nil {
		return o, err
	}
	o.vocabulary, err = newVocabulary(c.Pack)
	return o, err
}

// language is that of the messages.
func (o options) language() string { return cmp.Or(o.Language, "en") }
