package pipelinetest

import (
	"net/http"
	"time"

	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/client"
	"github.com/prometheus/alertmanager/api/v2/client/silence"
	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/alertmanager/pkg/labels"
)

// Silence is a silence in Alertmanager.
type Silence struct {
	p  *Pipeline
	id string
}

// Silence adds a silence of duration d, starting now, for the alerts that a
// selector matches, such as `{alertname="DiskFull",host="db1"}`.
func (p *Pipeline) Silence(d time.Duration, selector string) *Silence {
	p.t.Helper()
	matchers, err := labels.ParseMatchers(selector)
	if err != nil {
		p.t.Fatalf("silence %s: %v", selector, err)
	}
	now := time.Now()
	text := func(s string) *string { return &s }
	start, end := strfmt.DateTime(now), strfmt.DateTime(now.Add(d))
	s := &models.PostableSilence{Silence: models.Silence{
		StartsAt: &start, EndsAt: &end, CreatedBy: text("story"), Comment: text("story"),
	}}
	for _, m := range matchers {
		equal, regex := m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp, m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp
		s.Matchers = append(s.Matchers, &models.Matcher{Name: &m.Name, Value: &m.Value, IsEqual: &equal, IsRegex: &regex})
	}
	var id string
	p.ask(func(api *client.AlertmanagerAPI, http *http.Client) error {
		ok, err := api.Silence.PostSilences(silence.NewPostSilencesParams().WithHTTPClient(http).WithSilence(s))
		if err == nil {
			id = ok.GetPayload().SilenceID
		}
		return err
	})
	return &Silence{p, id}
}

// Expire expires the silence now.
func (s *Silence) Expire() {
	s.p.t.Helper()
	s.p.ask(func(api *client.AlertmanagerAPI, http *http.Client) error {
		_, err := api.Silence.DeleteSilence(silence.NewDeleteSilenceParams().WithHTTPClient(http).WithSilenceID(strfmt.UUID(s.id)))
		return err
	})
}

// ask calls the API of the first Alertmanager.
func (p *Pipeline) ask(do func(*client.AlertmanagerAPI, *http.Client) error) {
	p.t.Helper()
	c := p.network.client()
	defer c.CloseIdleConnections()
	api := client.NewHTTPClientWithConfig(nil, &client.TransportConfig{Host: p.managerAddr(0), BasePath: client.DefaultBasePath, Schemes: []string{"http"}})
	if err := do(api, c); err != nil {
		p.t.Fatalf("Alertmanager: %v", err)
	}
}
