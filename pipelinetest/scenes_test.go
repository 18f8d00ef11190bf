package pipelinetest_test

import (
	"testing"
	"time"

	"github.com/alertnative/preflight/pipelinetest"
	"github.com/alertnative/preflight/site"
)

// scene is a story of the shipped site. Its transcript is testdata/NAME.txt.
type scene struct {
	name   string
	config pipelinetest.Config
	story  func(*pipelinetest.Pipeline, *checker)
}

func scenes() []scene {
	return []scene{
		{name: "check-fails", story: checkFails},
		{name: "check-fails-korean", config: pipelinetest.Config{Language: "ko"}, story: checkFails},
		{name: "two-fail-at-once", story: twoFail},
		{name: "warn-fail-pass", story: warnFailPass},
		{name: "flapping", story: flapping},
		{name: "flapping-fast", story: flappingFast},
		{name: "silenced-while-it-resolves", story: silenced},
		{name: "preflight-stops", story: preflightStops},
		{name: "node-exporter-dies", story: nodeExporterDies},
		{name: "redis-fails-for-a-day", story: redisDay},
		{name: "slow-peer", config: pipelinetest.Config{SlowPeer: 20 * time.Second}, story: checkFails},
		{name: "prometheus-down", story: prometheusDown},
		{name: "alertmanager-down", story: alertmanagerDown},
		{name: "telegram-down", story: telegramDown},
		{name: "webhook-down", story: webhookDown},
		{name: "rules-fail", story: rulesFail},
		{name: "grafana", story: grafana},
	}
}

func TestScenes(t *testing.T) {
	t.Parallel()
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			play(t, s)
		})
	}
}

// play plays a scene on the shipped site and returns its transcript. If the
// scene has a name, play compares the golden transcript.
func play(t *testing.T, s scene) (transcript string) {
	t.Helper()
	s.config.Site = site.Site()
	pipelinetest.Run(t, s.config, func(p *pipelinetest.Pipeline) {
		s.story(p, newChecker(t, p))
		if s.name != "" {
			p.Golden(s.name)
		}
		transcript = p.Transcript()
	})
	return transcript
}
