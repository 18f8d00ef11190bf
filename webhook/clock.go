package webhook

import "time"

// clockSamples is the number of heartbeats from which the offset of Prometheus's
// clock is known.
const clockSamples = 10

// clock estimates the offset of Prometheus's clock from heartbeats. An evaluation is received
// some seconds after it was made. So the least delay of several is the offset,
// to within a few seconds.
type clock struct {
	samples []time.Duration // of the latest heartbeats: evaluation - receipt
	last    time.Time       // evaluation
}

// observe returns the clock after the receipt of an evaluation.
func (c clock) observe(evaluated, received time.Time) clock {
	if evaluated.Equal(c.last) { // Alertmanager repeats it
		return c
	}
	kept := c.samples[max(0, len(c.samples)+1-clockSamples):]
	return clock{append(kept[:len(kept):len(kept)], evaluated.Sub(received)), evaluated}
}

// offset returns how far Prometheus's clock is ahead of the local one. It is
// negative if the clock is behind.
func (c clock) offset() time.Duration {
	if len(c.samples) == 0 {
		return 0
	}
	most := c.samples[0]
	for _, d := range c.samples {
		most = max(most, d)
	}
	return most
}
