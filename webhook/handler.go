package webhook

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"
	"golang.org/x/sync/semaphore"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

// bodiesAtOnce is the number of bodies of the maximum size that fit in memory.
const bodiesAtOnce = 8

// intake answers requests with notifications.
type intake struct {
	*Service
	maxBody int64
	tokens  func() []string
	memory  *semaphore.Weighted // bytes of bodies that may be read at a time
	post    http.HandlerFunc
}

func newIntake(s *Service, o HandlerOptions) *intake {
	in := &intake{Service: s, maxBody: o.MaxBody, tokens: o.Tokens, memory: semaphore.NewWeighted(bodiesAtOnce * o.MaxBody)}
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
	need := in.maxBody
	if r.ContentLength >= 0 && r.ContentLength < need && r.Header.Get("Content-Encoding") == "" {
		need = r.ContentLength
	}
	if !in.memory.TryAcquire(need) {
		in.refuse(w, api.Overloaded, errors.New("the memory for notifications is used up"))
		return
	}
	defer in.memory.Release(need)

	body, tooLarge, err := in.read(r)
	if err != nil { // half a request: Alertmanager tries again
		http.Error(w, "the request broke off", http.StatusServiceUnavailable)
		return
	}
	if tooLarge {
		in.setAside(w, r, api.TooLarge, body, errors.New("the notification is larger than --web.max-body: raise it, or set max_alerts of the receiver"))
		return
	}
	payloads, err := parse(body)
	known := r.Method == http.MethodPost && (r.URL.Path == api.AlertsPath || r.URL.Path == api.WatchdogPath)
	clean := path.Clean("/" + r.URL.Path)
	switch {
	case err != nil && !strings.HasPrefix(clean, "/api/"):
		http.NotFound(w, r) // it is for another program
	case err != nil:
		in.setAside(w, r, api.Invalid, body, err)
	}
	for _, p := range payloads {
		take := in.accept
		if clean == api.WatchdogPath {
			take = in.heartbeat
		}
		if !take(w, r, body, p, known) {
			return
		}
	}
}

// parse decodes a notification of Alertmanager, or the alerts that Prometheus
// posts to an Alertmanager.
func parse(body []byte) ([]state.Payload, error) {
	p, err := state.ParsePayload(body)
	if err == nil {
		return []state.Payload{p}, nil
	}
	if list, ok := state.ParseList(body, time.Now()); ok {
		return list, nil
	}
	return nil, err
}

// read returns the body, decompressed. If the body is larger than the limit, it
// returns its beginning, and reads the rest: a client whose post is cut off sees
// no answer.
func (in *intake) read(r *http.Request) (body []byte, tooLarge bool, err error) {
	if body, tooLarge, err = readAtMost(r.Body, in.maxBody); err != nil {
		return nil, false, err
	}
	if _, err = io.Copy(io.Discard, r.Body); err != nil {
		return nil, false, err
	}
	text, larger, err := in.unpack(body, r.Header.Get("Content-Encoding"))
	if err != nil {
		return body, tooLarge, nil // it cannot be read
	}
	return text, tooLarge || larger, nil
}

// unpack decompresses a body. Some senders of gzip do not name the encoding.
func (in *intake) unpack(body []byte, encoding string) (text []byte, tooLarge bool, err error) {
	var unpacked io.Reader
	switch {
	case bytes.HasPrefix(body, []byte{0x1f, 0x8b}):
		unpacked, err = gzip.NewReader(bytes.NewReader(body))
	case strings.EqualFold(strings.TrimSpace(encoding), "deflate"):
		if unpacked, err = zlib.NewReader(bytes.NewReader(body)); err != nil { // some senders leave the frame out
			unpacked, err = flate.NewReader(bytes.NewReader(body)), nil
		}
	default:
		return body, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	return readAtMost(unpacked, in.maxBody)
}

// readAtMost reads up to a limit, and reports whether there is more.
func readAtMost(r io.Reader, limit int64) (body []byte, more bool, err error) {
	body, err = io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil || int64(len(body)) <= limit {
		return body, false, err
	}
	return body[:limit], true, nil
}

// accept commits a notification. It returns false if it refused it.
func (in *intake) accept(w http.ResponseWriter, r *http.Request, body []byte, p state.Payload, known bool) bool {
	outcome := api.Accepted
	if !known {
		outcome = api.UnknownPath
		for i := range p.Alerts {
			if p.Alerts[i].Annotations == nil {
				p.Alerts[i].Annotations = map[string]string{}
			}
			p.Alerts[i].Annotations[api.PostedTo] = shownPath(r, in.tokens())
		}
		in.config.Log.Error("notification to an unknown path: delivered to the default chats: compare the versions of the webhook and of Alertmanager's configuration",
			"method", r.Method, "path", shownPath(r, in.tokens()), "receiver", p.Receiver)
	}
	if p.Repaired || !known {
		var err error
		if body, err = json.Marshal(p); err != nil {
			return in.setAside(w, r, api.Invalid, body, err)
		}
	}
	sound := in.sound(r.URL.Query().Get(api.NotifyParam), p)
	id, err := in.Accept(body, sound, cluster(r.URL.Query().Get(api.ClusterParam)))
	if err != nil {
		in.refuse(w, api.Unwritable, err)
		return false
	}
	in.metrics.received.WithLabelValues(outcome).Inc()
	in.accepted(id, p, sound)
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
func (in *intake) heartbeat(w http.ResponseWriter, r *http.Request, _ []byte, p state.Payload, known bool) bool {
	scale, alerts := in.scale(), p.Alerts
	isAlert := func(a template.Alert) bool {
		return a.Labels[model.AlertNameLabel] != api.Watchdog && scale.HasLevel(a.Labels)
	}
	if slices.ContainsFunc(alerts, isAlert) {
		in.config.Log.Error("alerts at the path of the heartbeats: delivered as notifications: route only the alert Watchdog to it", "receiver", p.Receiver)
		p.Alerts = slices.DeleteFunc(slices.Clone(alerts), func(a template.Alert) bool { return !isAlert(a) })
		p.Repaired = true
		if !in.accept(w, r, nil, p, known) {
			return false
		}
		p.Alerts = slices.DeleteFunc(alerts, isAlert)
	} else if !known {
		in.metrics.received.WithLabelValues(api.UnknownPath).Inc()
	}
	beat, alive := heartbeat(p)
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
