package pipelinetest

import (
	"bytes"
	"net/http"
	"testing/synctest"

	"github.com/alertnative/preflight/webhook/api"
)

// Post posts a notification to the webhook, as a program beside the site's
// Alertmanager does, for example Grafana.
func (p *Pipeline) Post(body []byte) {
	p.t.Helper()
	c := p.network.client()
	defer c.CloseIdleConnections()
	r, err := http.NewRequest(http.MethodPost, "http://"+p.options.webhookAddr()+api.AlertsPath, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+webhookToken)
	answer, err := c.Do(r)
	if err != nil {
		p.t.Fatalf("posting a notification: %v", err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		p.t.Fatalf("posting a notification: %s", answer.Status)
	}
	synctest.Wait()
}
