package pipelinetest_test

import (
	"time"

	"github.com/alertnative/preflight/pipelinetest"
)

// flappingFast lets Redis come and go every minute: the preflight runs each half
// minute.
func flappingFast(p *pipelinetest.Pipeline, c *checker) {
	p.WaitUntil(5 * time.Minute)
	p.Note("the preflight runs each half minute, and Redis comes and goes")
	c.runs.Stop()
	for range 6 {
		c.fail("redis", "connection_refused")
		c.run()
		p.Wait(30 * time.Second)
		c.pass("redis")
		c.run()
		p.Wait(30 * time.Second)
	}
	c.start()
	p.Note("Redis stays up")
	p.Wait(20 * time.Minute)
}
