package pipelinetest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/pipelinetest"
	"github.com/alertnative/preflight/site"
)

// A story gets an error for series that the catalogue does not know.
func TestCheckSeries(t *testing.T) {
	t.Parallel()
	shipped := site.Site()
	for series, want := range map[string]string{
		`arbitrage_preflight_last_succes{env="paper"}`:                                                                `did you mean "arbitrage_preflight_last_success"?`,
		`arbitrage_preflight_last_success{environ="paper"}`:                                                           `"environ"`,
		`arbitrage_preflight_target_status{env="paper",check="Database",target="redis",status="broken"}`:              `"broken"`,
		`arbitrage_preflight_target_status{env="paper",check="Database",status="fail"}`:                               `the label "target" is missing`,
		`arbitrage_preflight_target_status{env="paper"`:                                                               `write a series as metric{label="value"}`,
		`arbitrage_preflight_target_status{env="paper",check="Database",target="redis",status="fail",job="exporter"}`: `"exporter"`,
	} {
		if err := pipelinetest.CheckSeries(shipped, series); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", series, err, want)
		}
	}
	ok := `arbitrage_preflight_target_status{env="paper",check="Database",target="redis",status="fail",job="node_exporter",instance="x:1"}`
	if err := pipelinetest.CheckSeries(shipped, ok); err != nil {
		t.Errorf("%s: %v", ok, err)
	}
}

// Skipping evaluations does not change the transcript.
func TestFullRateGivesSameTranscript(t *testing.T) {
	t.Parallel()
	long := scene{story: func(p *pipelinetest.Pipeline, c *checker) {
		p.WaitUntil(25 * time.Minute)
		c.fail("redis", "timeout")
		p.WaitUntil(105 * time.Minute) // quiet for longer than any rule looks back
		c.pass("redis")
		c.runs.Stop()
		p.WaitUntil(150 * time.Minute)
		p.Stop(pipelinetest.Prometheus)
		p.WaitUntil(160 * time.Minute)
	}}
	sparse := play(t, long)
	long.config.FullRate = true
	if diff := cmp.Diff(play(t, long), sparse); diff != "" {
		t.Errorf("at full rate, and not:\n%s", diff)
	}
}

// A removed series no longer fires, and a story can start at any time.
func TestRemove(t *testing.T) {
	t.Parallel()
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	pipelinetest.Run(t, pipelinetest.Config{Site: disks(), Start: start}, func(p *pipelinetest.Pipeline) {
		p.Set(`disk_free_ratio{disk="/data"}`, 0.01)
		p.Wait(10 * time.Minute)
		if transcript := p.Transcript(); !strings.Contains(transcript, "⚠️ WARNING: Disk full") || !strings.Contains(transcript, "Time: 2030-01-01 00:02") {
			t.Errorf("transcript:\n%s", transcript)
		}
		p.Remove(`disk_free_ratio{disk="/data"}`)
		p.Wait(10 * time.Minute)
		if transcript := p.Transcript(); !strings.Contains(transcript, "✅ WARNING resolved: Disk full") {
			t.Errorf("transcript:\n%s", transcript)
		}
	})
}
