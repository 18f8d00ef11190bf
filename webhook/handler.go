package webhook

import (
	"errors"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

// intake answers requests with notifications.
type intake struct {
	*Service
	bodies *bodies
	tokens func() []string
	post   http.HandlerFunc
}

func newIntake(s *Service, o HandlerOptions) *intake {
	in := &intake{Service: s, bodies: newBodies(o.MaxBody), tokens: o.Tokens}
	in.post = s.authorized(o.Tokens, in.handle)
	return in
}

// takes reports whether a request is below /api/v1, also with an unclean path,
// or a post to a path that the webhook does not have at all.
func (in *intake) takes(r *http.Request) bool {
	clean := path.Clean("/" + r.URL.Path)
	switch {
	case strings.HasPrefix(r.URL.EscapedPath(), api.ReceiverPrefix), strings.HasPrefix(clean+"/", api.PathPrefix):
		return true
	case clean == "/metrics", strings.HasPrefix(clean, "/-/"):
		return false
	default:
		return !reads(r.Method)
	}
}

// reads reports whether requests with the method have no body.
func reads(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

func (in *intake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if reads(r.Method) && r.ContentLength == 0 {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "post notifications of Alertmanager here", http.StatusMethodNotAllowed)
		return
	}
	in.post(w, r)
}

// handle accepts the notification or heartbeat of an authorized request.
func (in *intake) handle(w http.ResponseWriter, r *http.Request) {
	memory := reservation{bodies: in.bodies}
	defer memory.release()
	body, tooLarge, err := memory.readBody(r)
	if errors.Is(err, errNoMemory) {
		in.refuse(w, api.Overloaded, err)
		return
	}
	if err != nil { // half a request: Alertmanager tries again
		http.Error(w, "the request broke off", http.StatusServiceUnavailable)
		return
	}
	if tooLarge {
		in.setAside(w, r, api.TooLarge, body, errors.New("the notification is larger than --web.max-body: raise it, or set max_alerts of the receiver"))
		return
	}
	parsed, err := in.bodies.parse(r.Context(), body)
	if err != nil {
		http.Error(w, "the request broke off", http.StatusServiceUnavailable)
		return
	}
	defer parsed()
	clean := path.Clean("/" + r.URL.Path)
	to := in.destination(r)
	list, err := in.notifications(r, body, to)
	switch {
	case err != nil && to.receiver == "" && !strings.HasPrefix(clean, "/api/"):
		http.NotFound(w, r) // it is for another program
	case err != nil:
		in.setAside(w, r, api.Invalid, body, err)
	}
	for _, n := range list {
		take := in.accept
		if to.heartbeats {
			take = in.heartbeat
		}
		if !take(w, r, n, to) {
			return
		}
	}
}

// notifications decodes a notification of Alertmanager, or the alerts that
// Prometheus posts to an Alertmanager. Those at the path of the heartbeats have
// only a payload.
func (in *intake) notifications(r *http.Request, body []byte, to destination) (list []notification, err error) {
	from := spool.Sender{Cluster: cluster(r.URL.Query().Get(api.ClusterParam)), Receiver: to.receiver}
	var n notification
	if to.heartbeats {
		n.from = from
		n.Payload, err = state.ParsePayload(body)
	} else {
		n, err = in.parse(body, from, in.marks(r, to))
	}
	if err == nil {
		return []notification{n}, nil
	}
	payloads, ok := state.ParseList(body, time.Now())
	if !ok {
		return nil, err
	}
	for _, p := range payloads {
		n := notification{Payload: p, from: from}
		if !to.heartbeats {
			if n, err = in.encode(p, from, in.marks(r, to)); err != nil {
				return nil, err
			}
		}
		list = append(list, n)
	}
	return list, nil
}

// marks returns the function that marks the alerts of a request to an unknown
// path, or nil.
func (in *intake) marks(r *http.Request, to destination) func(*state.Payload) {
	if to.known {
		return nil
	}
	return func(p *state.Payload) {
		p.Repaired = true
		for i := range p.Alerts {
			if p.Alerts[i].Annotations == nil {
				p.Alerts[i].Annotations = map[string]string{}
			}
			p.Alerts[i].Annotations[api.PostedTo] = shownPath(r, in.tokens())
		}
	}
}

// accept commits a notification. It returns false if it refused it.
func (in *intake) accept(w http.ResponseWriter, r *http.Request, n notification, to destination) bool {
	outcome := api.Accepted
	switch {
	case to.known:
	case to.stranger:
		in.stranger(to.receiver)
	default:
		outcome = api.UnknownPath
		in.config.Log.Error("notification to an unknown path or by an unknown method: delivered all the same: compare the versions of the webhook and of Alertmanager's configuration",
			"method", r.Method, "path", shownPath(r, in.tokens()), "receiver", n.Receiver)
	}
	sound := in.soundOf(r, n.Payload, to)
	id, err := in.commit(n, sound)
	switch {
	case errors.Is(err, errBusy):
		in.refuse(w, api.Overloaded, err)
		return false
	case err != nil:
		in.refuse(w, api.Unwritable, err)
		return false
	}
	in.metrics.received.WithLabelValues(outcome).Inc()
	in.accepted(id, n, sound)
	return true
}

// heartbeat stores a heartbeat. A resolved Watchdog is a missing one. An alert
// with another name and a level is no heartbeat: it was routed here by mistake,
// and is accepted as a notification. It returns false if it refused it.
func (in *intake) heartbeat(w http.ResponseWriter, r *http.Request, n notification, to destination) bool {
	p := n.Payload
	scale, alerts := in.scale(), p.Alerts
	isAlert := func(a template.Alert) bool {
		return a.Labels[model.AlertNameLabel] != api.Watchdog && scale.HasLevel(a.Labels)
	}
	if slices.ContainsFunc(alerts, isAlert) {
		in.config.Log.Error("alerts at the path of the heartbeats: delivered as notifications: route only the alert Watchdog to it", "receiver", p.Receiver)
		p.Alerts = slices.DeleteFunc(slices.Clone(alerts), func(a template.Alert) bool { return !isAlert(a) })
		strays, err := in.encode(p, n.from, in.marks(r, to))
		if err != nil {
			return in.setAside(w, r, api.Invalid, nil, err)
		}
		if !in.accept(w, r, strays, to) {
			return false
		}
		p.Alerts = slices.DeleteFunc(alerts, isAlert)
	} else if !to.known {
		in.metrics.received.WithLabelValues(api.UnknownPath).Inc()
	}
	beat, alive := heartbeat(p, n.from.Cluster)
	if !alive {
		return true
	}
	err := in.Heartbeat(beat)
	if err != nil {
		in.refuse(w, api.Unwritable, err)
	}
	return err == nil
}

// setAside commits that a notification could not be read. The answer is 200,
// because a retry would bring the same. It returns false if it refused it.
func (in *intake) setAside(w http.ResponseWriter, r *http.Request, outcome string, body []byte, reason error) bool {
	a := spool.Aside{Kind: api.AsideNotification, Reason: reason.Error(), Path: shownPath(r, in.tokens()), Body: body}
	a.Receiver, a.Alerts = state.Glean(body)
	if err := in.Service.setAside(a); err != nil {
		in.refuse(w, api.Unwritable, err)
		return false
	}
	in.metrics.received.WithLabelValues(outcome).Inc()
	return true
}

// refuse answers 503, after which Alertmanager tries again.
func (in *intake) refuse(w http.ResponseWriter, outcome string, err error) {
	in.metrics.received.WithLabelValues(outcome).Inc()
	in.config.Log.Error("notification refused: Alertmanager tries again", "outcome", outcome, "err", err)
	text := "the spool cannot be written: try again"
	if outcome == api.Overloaded {
		text = err.Error() + ": try again"
	}
	http.Error(w, text, http.StatusServiceUnavailable)
}
