package pipelinetest_test

import (
	"bytes"
	"os"
	"time"

	"github.com/alertnative/preflight/pipelinetest"
)

func checkFails(p *pipelinetest.Pipeline, c *checker) {
	p.WaitUntil(15 * time.Minute)
	p.Note("Redis stops; the preflight of 10:20 notices")
	c.fail("redis", "connection_refused")
	p.WaitUntil(35 * time.Minute)
	p.Note("Redis is back; the preflight of 10:40 notices")
	c.pass("redis")
	p.WaitUntil(time.Hour)
}

func twoFail(p *pipelinetest.Pipeline, c *checker) {
	p.WaitUntil(15 * time.Minute)
	p.Note("the network to Redis and to Binance breaks")
	c.fail("redis", "timeout")
	c.fail("binance", "timeout")
	p.WaitUntil(35 * time.Minute)
	p.Note("Binance answers again, Redis ten minutes later")
	c.pass("binance")
	p.WaitUntil(45 * time.Minute)
	c.pass("redis")
	p.WaitUntil(time.Hour)
}

func warnFailPass(p *pipelinetest.Pipeline, c *checker) {
	p.WaitUntil(5 * time.Minute)
	p.Note("Binance answers slowly")
	c.warn("binance", "slow")
	p.WaitUntil(25 * time.Minute)
	p.Note("Binance no longer answers")
	c.fail("binance", "timeout")
	p.WaitUntil(45 * time.Minute)
	p.Note("everything passes again")
	c.pass("binance")
	p.WaitUntil(70 * time.Minute)
}

func flapping(p *pipelinetest.Pipeline, c *checker) {
	for run := range 8 {
		p.WaitUntil(time.Duration(run)*10*time.Minute + 5*time.Minute)
		if run%2 == 0 {
			p.Note("the next preflight will find Redis down")
			c.fail("redis", "connection_refused")
		} else {
			p.Note("the next preflight will find Redis up")
			c.pass("redis")
		}
	}
	p.WaitUntil(3 * time.Hour)
}

func silenced(p *pipelinetest.Pipeline, c *checker) {
	p.WaitUntil(5 * time.Minute)
	p.Note("Redis stops")
	c.fail("redis", "connection_refused")
	p.WaitUntil(20 * time.Minute)
	p.Note("an operator silences the alert for an hour and repairs Redis")
	p.Silence(time.Hour, `{alertname="PreflightCheckFailed",target="redis"}`)
	p.WaitUntil(25 * time.Minute)
	c.pass("redis")
	p.WaitUntil(2 * time.Hour)
}

func preflightStops(p *pipelinetest.Pipeline, c *checker) {
	p.WaitUntil(25 * time.Minute)
	p.Note("the checker is stopped; its last run was at 10:20")
	c.runs.Stop()
	p.WaitUntil(80 * time.Minute)
	p.Note("it runs again")
	c.start()
	p.WaitUntil(2 * time.Hour)
}

func nodeExporterDies(p *pipelinetest.Pipeline, c *checker) {
	p.WaitUntil(5 * time.Minute)
	p.Note("Redis stops")
	c.fail("redis", "connection_refused")
	p.WaitUntil(15 * time.Minute)
	p.Note("node_exporter dies")
	p.Down("node_exporter")
	p.WaitUntil(25 * time.Minute)
	p.Note("Redis is back, but no exporter reports it")
	c.pass("redis")
	p.WaitUntil(80 * time.Minute)
	p.Note("node_exporter is back")
	p.Up("node_exporter")
	p.WaitUntil(2 * time.Hour)
}

func redisDay(p *pipelinetest.Pipeline, c *checker) {
	p.WaitUntil(15 * time.Minute)
	p.Note("Redis stops")
	c.fail("redis", "connection_refused")
	p.WaitUntil(24*time.Hour + 15*time.Minute)
	p.Note("Redis is back")
	c.pass("redis")
	p.WaitUntil(25 * time.Hour)
}

func prometheusDown(p *pipelinetest.Pipeline, c *checker) {
	p.WaitUntil(5 * time.Minute)
	p.Note("Redis stops")
	c.fail("redis", "connection_refused")
	p.WaitUntil(15 * time.Minute)
	p.Note("Prometheus stops")
	p.Stop(pipelinetest.Prometheus)
	p.WaitUntil(45 * time.Minute)
	p.Note("Prometheus runs again; Redis is still down")
	p.Start(pipelinetest.Prometheus)
	p.WaitUntil(65 * time.Minute)
	p.Note("Redis is back")
	c.pass("redis")
	p.WaitUntil(90 * time.Minute)
}

func alertmanagerDown(p *pipelinetest.Pipeline, c *checker) {
	p.WaitUntil(5 * time.Minute)
	p.Note("Redis stops")
	c.fail("redis", "connection_refused")
	p.WaitUntil(15 * time.Minute)
	p.Note("Alertmanager stops")
	p.Stop(pipelinetest.Alertmanager)
	p.WaitUntil(25 * time.Minute)
	p.Note("Alertmanager runs again; Redis is back in the next preflight")
	p.Start(pipelinetest.Alertmanager)
	c.pass("redis")
	p.WaitUntil(time.Hour)
}

func telegramDown(p *pipelinetest.Pipeline, c *checker) {
	p.WaitUntil(5 * time.Minute)
	p.Note("Telegram cannot be reached")
	p.Stop(pipelinetest.Telegram)
	p.WaitUntil(15 * time.Minute)
	p.Note("Redis stops")
	c.fail("redis", "connection_refused")
	p.WaitUntil(35 * time.Minute)
	p.Note("Redis is back, and Binance fails")
	c.pass("redis")
	c.fail("binance", "timeout")
	p.WaitUntil(50 * time.Minute)
	p.Note("Telegram can be reached")
	p.Start(pipelinetest.Telegram)
	p.WaitUntil(65 * time.Minute)
	p.Note("Binance is back")
	c.pass("binance")
	p.WaitUntil(2 * time.Hour)
}

func webhookDown(p *pipelinetest.Pipeline, c *checker) {
	p.WaitUntil(5 * time.Minute)
	p.Note("the webhook stops")
	p.Stop(pipelinetest.Webhook)
	p.WaitUntil(15 * time.Minute)
	p.Note("Redis stops")
	c.fail("redis", "connection_refused")
	p.WaitUntil(45 * time.Minute)
	p.Note("the webhook runs again")
	p.Start(pipelinetest.Webhook)
	p.WaitUntil(65 * time.Minute)
	p.Note("Redis is back")
	c.pass("redis")
	p.WaitUntil(2 * time.Hour)
}

func rulesFail(p *pipelinetest.Pipeline, c *checker) {
	p.WaitUntil(5 * time.Minute)
	p.Note("evaluations of the group preflight take too long; Redis stops")
	p.FailRules("preflight", true)
	c.fail("redis", "connection_refused")
	p.WaitUntil(35 * time.Minute)
	p.Note("evaluations succeed again")
	p.FailRules("preflight", false)
	p.WaitUntil(time.Hour)
	p.Note("those of the group webhook take too long")
	p.FailRules("webhook", true)
	p.WaitUntil(80 * time.Minute)
	p.FailRules("webhook", false)
	c.pass("redis")
	p.WaitUntil(2 * time.Hour)
}

// grafana posts to the webhook itself.
func grafana(p *pipelinetest.Pipeline, _ *checker) {
	p.WaitUntil(5 * time.Minute)
	p.Note("a rule of Grafana fires on two hosts")
	p.Post(mustRead("../webhook/testdata/payloads/grafana/grouped.json"))
	p.WaitUntil(10 * time.Minute)
	p.Note("one of them has recovered")
	p.Post(mustRead("../webhook/testdata/payloads/grafana/resolved.json"))
	p.WaitUntil(15 * time.Minute)
}

// mustRead reads a recorded payload and moves it to the day of the story.
func mustRead(file string) []byte {
	body, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	body = bytes.ReplaceAll(body, []byte("2026-03-01T"), []byte("2026-03-02T"))
	return bytes.ReplaceAll(body, []byte("+09:00"), []byte("Z"))
}
