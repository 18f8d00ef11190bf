package pipelinetest_test

import (
	"testing"
	"time"

	"github.com/alertnative/preflight/pipelinetest"
)

// BenchmarkHour plays an hour in which a check fails and recovers.
func BenchmarkHour(b *testing.B) { benchmark(b, checkFails) }

// BenchmarkDay plays a day in which Redis is down and its P0 fires.
func BenchmarkDay(b *testing.B) { benchmark(b, redisDay) }

func benchmark(b *testing.B, story func(*pipelinetest.Pipeline, *checker)) {
	for b.Loop() {
		ok := testing.RunTests(func(_, _ string) (bool, error) { return true, nil }, []testing.InternalTest{{
			Name: "story", F: func(t *testing.T) { play(t, scene{story: story}) },
		}})
		if !ok {
			b.Fatal("the story failed")
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(time.Second), "s/story")
}
