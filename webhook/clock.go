package webhook

import (
	"sync"
	"time"
)

// clockSamples is the number of heartbeats from which the offset of Prometheus's
// clock is known.
const clockSamples = 10

// clock estimates the offset of Prometheus's clock from heartbeats. An evaluation is received
// some seconds after it was made. So the least delay of several is the offset,
// to within a few seconds.
type clock struct {
	mu      sync.Mutex
	samples []time.Duration // of the latest heartbeats: evaluation - receipt
	last    time.Time       // evaluation
}

// observe records the receipt of an evaluation.
func (c *clock) observe(evaluated, received time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if evaluated.Equal(c.last) { // Alertmanager repeats it
		return
	}
	c.last = evaluated
	c.samples = append(c.samples, evaluated.Sub(received))
	c.samples = c.samples[max(0, len(c.samples)-clockSamples):]
}

// offset returns how far Prometheus's clock is ahead of the local one. It is
// negative if the clock is behind.
func (c *clock) offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.samples) == 0 {
		return 0
	}
	most := c.samples[0]
	for _, d := range c.samples {
		most = max(most, d)
	}
	return most
}
