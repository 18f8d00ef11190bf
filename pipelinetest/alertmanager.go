package pipelinetest

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"time"

	apiv2 "github.com/prometheus/alertmanager/api/v2"
	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/labelset"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/template"

	parts "github.com/alertnative/preflight/internal/testing/alertmanager"
)

// alertmanager is one Alertmanager with its API.
type alertmanager struct {
	*parts.Parts
	registry *registry
	serving  func() // stops the API
}

// peering is an Alertmanager's position in a cluster.
type peering struct {
	position int
	gossip   func(merge func(*alertmanager) error) // sends state to the other peers
}

// phase separates the integrations of an Alertmanager. It is the time that their
// programs take to answer, too.
const phase = 100 * time.Microsecond

func startAlertmanager(addr string, o options, n *network, to *outsiders, p peering, kept parts.Kept) (*alertmanager, error) {
	a := &alertmanager{registry: newRegistry(o.vocabulary.used)}
	var err error
	a.Parts, err = parts.Run(parts.Setting{
		Config: o.alertmanager, Templates: o.templates, ExternalURL: &url.URL{Scheme: "http", Host: addr},
		Registry: a.registry, Kept: kept, Position: p.position,
		Integrations: func(c *amconfig.Config, tmpl *template.Template) (map[string][]notify.Integration, error) {
			return integrations(c, tmpl, o, n, to)
		},
	})
	if err != nil {
		return nil, err
	}
	if p.gossip != nil {
		a.Log.SetBroadcast(func(b []byte) { p.gossip(func(other *alertmanager) error { return other.Log.Merge(b) }) })
		a.Silences.SetBroadcast(func(b []byte) { p.gossip(func(other *alertmanager) error { return other.Silences.Merge(b) }) })
	}
	api, err := apiv2.NewAPI(a.Alerts, a.Dispatcher.Groups, a.Silences, nil, slog.New(slog.DiscardHandler), a.registry)
	if err != nil {
		a.Stop()
		return nil, err
	}
	api.Update(a.Config, func(ctx context.Context, l labelset.LabelSet) {
		a.Inhibitor.Mutes(ctx, l)
		a.Silencer.Mutes(ctx, l)
	})
	n.serve(addr, steadyStatus(api.Handler))
	a.serving = func() { n.unplug(addr) }
	return a, nil
}

// stop stops the Alertmanager and returns the data on its disk.
func (a *alertmanager) stop() parts.Kept {
	a.serving()
	return a.Stop()
}

// steadyStatus caches the answer of the status endpoint, which prints the whole
// configuration. The configuration is fixed while an Alertmanager without a
// cluster runs.
func steadyStatus(next http.Handler) http.Handler {
	var once sync.Once
	first := httptest.NewRecorder()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/api/v2/status" {
			next.ServeHTTP(w, r)
			return
		}
		once.Do(func() { next.ServeHTTP(first, r) })
		maps.Copy(w.Header(), first.Header())
		w.WriteHeader(first.Code)
		_, _ = w.Write(first.Body.Bytes())
	})
}
