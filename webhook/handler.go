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
	case strings.HasPrefix(clean+"/", api.PathPrefix):
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
	known := r.Method == http.MethodPost && (r.URL.Path == api.AlertsPath || r.URL.Path == api.WatchdogPath)
	list, err := in.notifications(r, body, known)
	switch {
	case err != nil && !strings.HasPrefix(clean, "/api/"):
		http.NotFound(w, r) // it is for another program
	case err != nil:
		in.setAside(w, r, api.Invalid, body, err)
	}
	for _, n := range list {
		take := in.accept
		if clean == api.WatchdogPath {
			take = in.heartbeat
		}
		if !take(w, r, n, known) {
			return
		}
	}
}

// notifications decodes a notification of Alertmanager, or the alerts that
// Prometheus posts to an Alertmanager. Those at the path of the heartbeats have
// only a payload.
func (in *intake) notifications(r *http.Request, body []byte, known bool) (list []notification, err error) {
	cluster := cluster(r.URL.Query().Get(api.ClusterParam))
	heartbeats := path.Clean("/"+r.URL.Path) == api.WatchdogPath
	var n notification
	if heartbeats {
		n.cluster = cluster
		n.Payload, err = state.ParsePayload(body)
	} else {
		n, err = in.parse(body, cluster, in.marks(r, known))
	}
	if err == nil {
		return []notification{n}, nil
	}
	payloads, ok := state.ParseList(body, time.Now())
	if !ok {
		return nil, err
	}
	for _, p := range payloads {
		n := notification{Payload: p, cluster: cluster}
		if !heartbeats {
			if n, err = in.encode(p, cluster, in.marks(r, known)); err != nil {
				return nil, err
			}
		}
		list = append(list, n)
	}
	return list, nil
}

// marks returns the function that marks the alerts of a request to an unknown
// path, or nil.
func (in *intake) marks(r *http.Request, known bool) func(*state.Payload) {
	if known {
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
func (in *intake) accept(w http.ResponseWriter, r *http.Request, n notification, known bool) bool {
	outcome := api.Accepted
	if !known {
		outcome = api.UnknownPath
		in.config.Log.Error("notification to an unknown path: delivered to the default chats: compare the versions of the webhook and of Alertmanager's configuration",
			"method", r.Method, "path", shownPath(r, in.tokens()), "receiver", n.Receiver)
	}
	sound := in.sound(r.URL.Query().Get(api.NotifyParam), n.Payload)
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

// maxCluster is the maximum length of the name of a cluster that counts.
const maxCluster = 100

// cluster returns the name of a cluster as it is stored.
func cluster(name string) string {
	name = strings.ReplaceAll(name, "\x00", "")
	return strings.ToValidUTF8(name[:min(len(name), maxCluster)], "")
}

// sound returns the sound of a notification: the one that the receiver's URL
// names, or else that of the alerts' levels.
func (s *Service) sound(named string, p state.Payload) api.Sound {
	switch sound, known := api.ParseSound(named); {
	case known:
		return sound
	case named != "":
		// Refusing it would lose the alert.
		s.config.Log.Error("the receiver's URL has an unknown notify: delivering as loud: use loud, silent or none", "group", p.GroupKey)
	case s.config.LevelSounds:
		return s.scale().Sound(p.Alerts)
	}
	return api.Loud
}

// heartbeat stores a heartbeat. A resolved Watchdog is a missing one. An alert
// with another name and a level is no heartbeat: it was routed here by mistake,
// and is accepted as a notification. It returns false if it refused it.
func (in *intake) heartbeat(w http.ResponseWriter, r *http.Request, n notification, known bool) bool {
	p := n.Payload
	scale, alerts := in.scale(), p.Alerts
	isAlert := func(a template.Alert) bool {
		return a.Labels[model.AlertNameLabel] != api.Watchdog && scale.HasLevel(a.Labels)
	}
	if slices.ContainsFunc(alerts, isAlert) {
		in.config.Log.Error("alerts at the path of the heartbeats: delivered as notifications: route only the alert Watchdog to it", "receiver", p.Receiver)
		p.Alerts = slices.DeleteFunc(slices.Clone(alerts), func(a template.Alert) bool { return !isAlert(a) })
		strays, err := in.encode(p, n.cluster, in.marks(r, known))
		if err != nil {
			return in.setAside(w, r, api.Invalid, nil, err)
		}
		if !in.accept(w, r, strays, known) {
			return false
		}
		p.Alerts = slices.DeleteFunc(alerts, isAlert)
	} else if !known {
		in.metrics.received.WithLabelValues(api.UnknownPath).Inc()
	}
	beat, alive := heartbeat(p, n.cluster)
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
