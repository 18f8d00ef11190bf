package main

import (
	"testing"
	"time"

	"github.com/alertnative/preflight/pipelinetest"
)

// On a Tuesday evening in Berlin, pods of the team payments restart again and
// again. It is night in Seoul, so their chat is silent until the morning there.
// Then a deployment of the team is down, which pages.
func TestEveningInBerlin(t *testing.T) {
	evening := time.Date(2026, 3, 3, 19, 0, 0, 0, time.UTC)
	pipelinetest.Run(t, pipelinetest.Config{Site: site("prod"), Start: evening}, func(p *pipelinetest.Pipeline) {
		p.Grow(`kube_pod_container_status_restarts_total{namespace="shop", pod="pay-1", container="pay", team="payments"}`, 0.01)
		p.Set(`kube_deployment_spec_replicas{namespace="shop", deployment="pay", team="payments"}`, 2)
		p.Set(`kube_deployment_status_replicas_available{namespace="shop", deployment="pay", team="payments"}`, 2)
		p.Wait(4 * time.Hour)
		p.Note("no replica answers")
		p.Set(`kube_deployment_status_replicas_available{namespace="shop", deployment="pay", team="payments"}`, 0)
		p.Wait(30 * time.Minute)
		p.Note("rolled back")
		p.Set(`kube_deployment_status_replicas_available{namespace="shop", deployment="pay", team="payments"}`, 2)
		p.Grow(`kube_pod_container_status_restarts_total{namespace="shop", pod="pay-1", container="pay", team="payments"}`, 0)
		p.Wait(9 * time.Hour)
		p.Golden("evening-in-berlin")
	})
}
