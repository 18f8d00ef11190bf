package pipelinetest_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/pipelinetest"
)

var update = flag.Bool("update", false, "write the transcripts anew")

// scene is a story of the shipped pack. Its transcript is in testdata, under
// its name.
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
	}
}

func TestScenes(t *testing.T) {
	t.Parallel()
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			check(t, s.name, play(t, s))
		})
	}
}

// play plays a scene of the shipped pack.
func play(t *testing.T, s scene) (transcript string) {
	t.Helper()
	s.config.Pack = codegen.Preflight()
	pipelinetest.Run(t, s.config, func(p *pipelinetest.Pipeline) {
		s.story(p, newChecker(t, p))
		transcript = p.Transcript()
	})
	return transcript
}

// check compares a transcript with the golden one.
func check(t *testing.T, name, transcript string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(transcript), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), transcript); diff != "" {
		t.Errorf("%s is not what happened (go test ./pipelinetest -update writes it anew):\n%s", file, diff)
	}
}
