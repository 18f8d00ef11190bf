package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/api/v2/client"
	"github.com/prometheus/alertmanager/api/v2/client/alert"
	"github.com/prometheus/alertmanager/api/v2/client/general"
	"github.com/prometheus/alertmanager/api/v2/client/silence"
	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/state"
)

// askTimeout bounds a request to Alertmanager.
const askTimeout = 10 * time.Second

// Alertmanager is a client of the API of an Alertmanager.
type Alertmanager struct {
	cluster string // that it decides on; empty for all
	name    string // its address without a password
	http    *http.Client
	api     *client.AlertmanagerAPI
}

// NewAlertmanager makes a client of the Alertmanager at an address, which may
// hold a user and password. With a cluster, as in "tokyo=http://…", it is asked
// only about notifications of that cluster. If client is nil, it uses a client with the proxy
// of the environment. It does not connect yet.
func NewAlertmanager(address string, c *http.Client) (*Alertmanager, error) {
	cluster, address := cutCluster(address)
	u, c, err := withUser(address, c)
	if err != nil {
		return nil, fmt.Errorf("the address of an Alertmanager %w", err)
	}
	return &Alertmanager{
		cluster: cluster, name: u.Redacted(), http: c,
		api: client.NewHTTPClientWithConfig(nil, &client.TransportConfig{
			Host: u.Host, BasePath: path.Join("/", u.Path, client.DefaultBasePath), Schemes: []string{u.Scheme},
		}),
	}, nil
}

var clusterPrefix = regexp.MustCompile(`^[^=:/]+=`)

// cutCluster separates the name of a cluster from an address.
func cutCluster(address string) (cluster, rest string) {
	prefix := clusterPrefix.FindString(address)
	return strings.TrimSuffix(prefix, "="), address[len(prefix):]
}

// withUser parses an address, which may hold a user and password, and returns a
// client that sends them. The error does not quote the address.
func withUser(address string, c *http.Client) (*url.URL, *http.Client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, nil, errors.New("is not an http or https URL")
	}
	if c == nil {
		c = &http.Client{}
	}
	if u.User != nil {
		authorized := *c
		authorized.Transport = &basicAuth{user: u.User, next: c.Transport}
		c = &authorized
	}
	return u, c, nil
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
		o := state.Observation{Suppressed: suppression(g.Status), SilencedBy: g.Status.SilencedBy, Alert: template.Alert{
			Status: string(model.AlertFiring), Labels: template.KV(g.Labels), Annotations: template.KV(g.Annotations),
			StartsAt: time.Time(*g.StartsAt), GeneratorURL: string(g.GeneratorURL), Fingerprint: *g.Fingerprint,
		}}
		for _, r := range g.Receivers {
			if r.Name != nil {
				o.Receivers = append(o.Receivers, *r.Name)
			}
		}
		if g.UpdatedAt != nil {
			o.UpdatedAt = time.Time(*g.UpdatedAt)
		}
		alerts[*g.Fingerprint] = o
	}
	return alerts, since, nil
}

// nameSilences sets the silence of each alert that is open here. It makes no call
// if none is silenced.
func (a *Alertmanager) nameSilences(ctx context.Context, open []*state.Instance, alerts map[string]state.Observation) error {
	muted := func(i *state.Instance) bool { return len(alerts[i.Alert.Fingerprint].SilencedBy) > 0 }
	if !slices.ContainsFunc(open, muted) {
		return nil
	}
	active, other := true, false
	list, err := a.api.Silence.GetSilences(silence.NewGetSilencesParamsWithContext(ctx).WithTimeout(askTimeout).WithHTTPClient(a.http).
		WithActive(&active).WithExpired(&other).WithPending(&other))
	if err != nil {
		return a.failed(err)
	}
	known := map[string]message.Silence{}
	for _, s := range list.GetPayload() {
		if s.ID == nil || s.EndsAt == nil {
			continue
		}
		named := message.Silence{Until: state.ClampTime(time.Time(*s.EndsAt).UTC())}
		if s.CreatedBy != nil {
			named.By = *s.CreatedBy
		}
		known[*s.ID] = named
	}
	for fingerprint, o := range alerts {
		for _, id := range o.SilencedBy {
			if s := known[id]; s.Until.After(o.Silence.Until) {
				o.Silence = s
			}
		}
		alerts[fingerprint] = o
	}
	return nil
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

// known are the alerts that fire according to all Alertmanagers.
type known struct {
	clusters map[string]bool // that were asked; empty for an Alertmanager of all
	unsure   map[string]bool // those of which one did not answer or does not know its alerts yet
	alerts   map[string]state.Observation
}

func newKnown() *known {
	return &known{map[string]bool{}, map[string]bool{}, map[string]state.Observation{}}
}

func (k *known) add(cluster string, alerts map[string]state.Observation) {
	k.clusters[cluster] = true
	for fingerprint, o := range alerts {
		key := cluster + "\x00" + fingerprint
		// A peer that does not suppress the alert sends its resolution.
		if old, ok := k.alerts[key]; !ok || old.Suppressed != "" {
			k.alerts[key] = o
		}
	}
}

// incomplete reports whether an Alertmanager of a cluster did not answer.
func (k *known) incomplete(cluster string) bool { return k.unsure[cluster] || k.unsure[""] }

// of returns the alert of an instance if it fires. Asked means that the
// Alertmanagers of its cluster were asked, and that all answered. None knows an
// alert that Grafana posted itself.
func (k *known) of(i *state.Instance) (o state.Observation, fires, asked bool) {
	if state.OfGrafana(i.Alert) == state.PostedByGrafana {
		return o, false, false
	}
	for _, cluster := range []string{i.Cluster, ""} {
		if o, fires = k.alerts[cluster+"\x00"+i.Alert.Fingerprint]; fires {
			return o, true, true
		}
	}
	return o, false, (k.clusters[i.Cluster] || k.clusters[""]) && !k.incomplete(i.Cluster)
}

// failed returns the error with the address without its password.
func (a *Alertmanager) failed(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("asking Alertmanager at %s: %w", a.name, err)
}
