package main

import (
	"testing"
	"time"

	"github.com/alertnative/preflight/pipelinetest"
)

// At night a bad release pages the person on call and the team payments. A dead
// node makes a ticket, which is delivered in the morning.
func TestBadReleaseAtNight(t *testing.T) {
	night := time.Date(2026, 3, 3, 22, 30, 0, 0, time.UTC)
	pipelinetest.Run(t, pipelinetest.Config{Site: site(), Start: night}, func(p *pipelinetest.Pipeline) {
		p.Grow(`acme_http_requests_total{job="api", env="prod", code="200"}`, 100)
		p.Wait(2 * time.Hour)
		p.Note("a bad release: one request in twenty fails")
		p.Grow(`acme_http_requests_total{job="api", env="prod", code="500"}`, 5)
		p.Wait(30 * time.Minute)
		p.Note("rolled back; a node dies")
		p.Grow(`acme_http_requests_total{job="api", env="prod", code="500"}`, 0)
		p.Down("node")
		p.Wait(6 * time.Hour)
		p.Golden("bad-release-at-night")
	})
}
