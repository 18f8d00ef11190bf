package pipelinetest_test

import (
	"testing"
	"time"

	"github.com/alertnative/preflight/pipelinetest"
)

// A repeat interval that is a multiple of the group interval is a tie: the flush
// is due when the notification becomes old enough. The flushes of Alertmanager
// come later and later, so that a distant one is in time. The next flush is the
// first that can repeat.
func TestRepeatIsInTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ group, repeat, want string }{
		{"5m", "1h", "1h"},
		{"1m", "4h", "4h"},
		{"5m", "5m", "10m"},
	} {
		t.Run(c.group+" "+c.repeat, func(t *testing.T) {
			t.Parallel()
			site := disks()
			site.Routing.Route.GroupInterval, site.Routing.Route.RepeatInterval = c.group, c.repeat
			pipelinetest.Run(t, pipelinetest.Config{Site: site}, func(p *pipelinetest.Pipeline) {
				p.Set(`disk_free_ratio{disk="/data"}`, 0.01)
				p.Wait(9 * time.Hour)
				want, err := time.ParseDuration(c.want)
				got := p.Delivered("me")
				if err != nil || len(got) < 3 {
					t.Fatalf("%d messages, %v", len(got), err)
				}
				for i := range got[1:] {
					if d := got[i+1].At.Sub(got[i].At); d.Round(time.Second) != want {
						t.Errorf("message %d comes %s after the one before; want %s", i+2, d, want)
					}
				}
			})
		})
	}
}
