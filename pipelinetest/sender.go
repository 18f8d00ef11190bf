package pipelinetest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/client"
	"github.com/prometheus/alertmanager/api/v2/client/alert"
	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/notifier"

	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/webhook/api"
)

// alertmanagers are the Alertmanagers to which Prometheus sends alerts.
type alertmanagers struct {
	network *network
	addrs   []string
	delays  []time.Duration // delay of alerts to each
}

// sender posts alerts to Alertmanager's API. It replaces Prometheus's notifier,
// whose batches depend on the scheduling of goroutines: it sends alerts one by
// one, ordered by their labels.
type sender struct {
	alertmanagers
	external labels.Labels
	pace     *pace
	queues   []chan sending
	errors   *prometheus.CounterVec
}

type sending struct {
	at    time.Time
	alert *models.PostableAlert
}

// requestTimeout is Prometheus's timeout of a request.
const requestTimeout = 10 * time.Second

func newSender(r prometheus.Registerer, am alertmanagers, external labels.Labels, p *pace) *sender {
	s := &sender{alertmanagers: am, external: external, pace: p}
	s.errors = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "prometheus_notifications_errors_total", Help: "Alerts that could not be sent.",
	}, []string{"alertmanager"})
	r.MustRegister(s.errors)
	for _, addr := range am.addrs {
		s.queues = append(s.queues, make(chan sending, 10_000))
		s.errors.WithLabelValues(alertsURL(addr))
	}
	return s
}

func alertsURL(addr string) string { return "http://" + addr + "/api/v2/alerts" }

func (s *sender) run(ctx context.Context, wait *sync.WaitGroup) {
	for i := range s.addrs {
		wait.Go(func() { s.post(ctx, i) })
	}
}

// Send implements [rules.Sender].
func (s *sender) Send(alerts ...*notifier.Alert) {
	slices.SortFunc(alerts, func(a, b *notifier.Alert) int { return labels.Compare(a.Labels, b.Labels) })
	for _, a := range alerts {
		b := labels.NewBuilder(a.Labels)
		s.external.Range(func(l labels.Label) {
			if a.Labels.Get(l.Name) == "" {
				b.Set(l.Name, l.Value)
			}
		})
		annotations := a.Annotations.Map()
		if !a.EndsAt.After(time.Now()) {
			if at, ok := s.pace.evaluated(a.Labels.Get(labels.AlertName), annotations[api.EvaluatedAt]); ok {
				annotations[api.EvaluatedAt] = at.UTC().Format(emit.EvaluatedAtLayout)
			}
		}
		posted := &models.PostableAlert{
			StartsAt: strfmt.DateTime(a.StartsAt), EndsAt: strfmt.DateTime(a.EndsAt), Annotations: annotations,
			Alert: models.Alert{GeneratorURL: strfmt.URI(a.GeneratorURL), Labels: b.Labels().Map()},
		}
		for _, q := range s.queues {
			select {
			case q <- sending{time.Now(), posted}:
			default: // the queue is full: Prometheus drops alerts too
			}
		}
	}
}

// post sends the queue of an Alertmanager. It waits a moment after each alert,
// so that Alertmanager has stored it.
func (s *sender) post(ctx context.Context, i int) {
	http := s.network.client()
	defer http.CloseIdleConnections()
	alertmanager := client.NewHTTPClientWithConfig(nil, &client.TransportConfig{Host: s.addrs[i], BasePath: client.DefaultBasePath, Schemes: []string{"http"}})
	for {
		select {
		case <-ctx.Done():
			return
		case x := <-s.queues[i]:
			if !sleep(ctx, time.Until(x.at.Add(s.delays[i]))+time.Microsecond) {
				return
			}
			params := alert.NewPostAlertsParamsWithContext(ctx).WithTimeout(requestTimeout).WithHTTPClient(http).WithAlerts(models.PostableAlerts{x.alert})
			if _, err := alertmanager.Alert.PostAlerts(params); err != nil {
				s.errors.WithLabelValues(alertsURL(s.addrs[i])).Inc()
			}
		}
	}
}

// sleep lets time pass. It returns false if ctx is done first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
