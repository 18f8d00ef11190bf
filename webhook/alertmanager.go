package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"time"

	"github.com/prometheus/alertmanager/api/v2/client"
	"github.com/prometheus/alertmanager/api/v2/client/alert"
	"github.com/prometheus/alertmanager/api/v2/client/general"
	"github.com/prometheus/alertmanager/api/v2/models"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/state"
)

// askTimeout bounds a request to Alertmanager.
const askTimeout = 10 * time.Second

// Alertmanager is a client of the API of an Alertmanager.
type Alertmanager struct {
	name string // its address without a password
	http *http.Client
	api  *client.AlertmanagerAPI
}

// NewAlertmanager makes a client of the Alertmanager at an address, which may
// hold a user and password. If client is nil, it uses a client with the proxy
// of the environment. It does not connect yet.
func NewAlertmanager(address string, c *http.Client) (*Alertmanager, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("the address of an Alertmanager is not an http or https URL") // it can hold a password
	}
	if c == nil {
		c = &http.Client{}
	}
	if u.User != nil {
		withUser := *c
		withUser.Transport = &basicAuth{user: u.User, next: c.Transport}
		c = &withUser
	}
	return &Alertmanager{
		name: u.Redacted(), http: c,
		api: client.NewHTTPClientWithConfig(nil, &client.TransportConfig{
			Host: u.Host, BasePath: path.Join("/", u.Path, client.DefaultBasePath), Schemes: []string{u.Scheme},
		}),
	}, nil
}

type basicAuth struct {
	user *url.Userinfo
	next http.RoundTripper
}

func (b *basicAuth) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	password, _ := b.user.Password()
	r.SetBasicAuth(b.user.Username(), password)
	if b.next == nil {
		return http.DefaultTransport.RoundTrip(r)
	}
	return b.next.RoundTrip(r)
}

// observe returns the firing alerts by fingerprint, and the time at which
// Alertmanager started: it knows few alerts until Prometheus has sent them all
// again.
func (a *Alertmanager) observe(ctx context.Context) (alerts map[string]state.Observation, since time.Time, err error) {
	status, err := a.api.General.GetStatus(general.NewGetStatusParamsWithContext(ctx).WithTimeout(askTimeout).WithHTTPClient(a.http))
	if err != nil {
		return nil, since, a.failed(err)
	}
	if u := status.GetPayload().Uptime; u != nil {
		since = time.Time(*u)
	}
	list, err := a.api.Alert.GetAlerts(alert.NewGetAlertsParamsWithContext(ctx).WithTimeout(askTimeout).WithHTTPClient(a.http))
	if err != nil {
		return nil, since, a.failed(err)
	}
	alerts = map[string]state.Observation{}
	for _, g := range list.GetPayload() {
		if g.Fingerprint == nil || g.StartsAt == nil || g.Status == nil {
			continue
		}
		alerts[*g.Fingerprint] = state.Observation{StartsAt: time.Time(*g.StartsAt), Suppressed: suppression(g.Status)}
	}
	return alerts, since, nil
}

func suppression(s *models.AlertStatus) message.Closed {
	switch {
	case len(s.SilencedBy) > 0, len(s.MutedBy) > 0:
		return message.Silenced
	case len(s.InhibitedBy) > 0:
		return message.Inhibited
	default:
		return ""
	}
}

// failed returns the error with the address without its password.
func (a *Alertmanager) failed(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("asking Alertmanager at %s: %w", a.name, err)
}
