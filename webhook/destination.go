package webhook

import (
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/config"
	"github.com/alertnative/preflight/webhook/state"
)

// destination is the receiver or path that the URL of a request names.
type destination struct {
	known      bool   // the webhook has the path, and the receiver
	stranger   bool   // it does not have the receiver
	heartbeats bool   // it is the path of the heartbeats
	receiver   string // or ""
}

// destination reads the path of a request, and logs query keys without effect.
func (in *intake) destination(r *http.Request) (to destination) {
	keys := []string{api.ClusterParam}
	name, isReceiver := api.ReceiverOf(r.URL.EscapedPath())
	switch {
	case isReceiver:
		to.receiver = storedName(name, maxReceiver)
		_, to.known = in.present.Load().receiver(to.receiver)
		to.stranger = !to.known
	case path.Clean("/"+r.URL.Path) == api.WatchdogPath:
		to.heartbeats, to.known = true, r.URL.Path == api.WatchdogPath
	default:
		keys, to.known = append(keys, api.NotifyParam), r.URL.Path == api.AlertsPath
	}
	to.known = to.known && r.Method == http.MethodPost
	for key := range r.URL.Query() {
		if !slices.Contains(keys, key) && in.strangers.add("key", key) {
			in.config.Log.Error("the receiver's URL has an unknown query key: it has no effect: remove it", "key", key, "path", shownPath(r, in.tokens()))
		}
	}
	return to
}

// The maximum lengths of names that count, in bytes.
const (
	maxCluster  = 100
	maxReceiver = config.MaxName
)

// cluster returns the name of a cluster as it is stored.
func cluster(name string) string { return storedName(name, maxCluster) }

func storedName(name string, limit int) string {
	name = strings.ReplaceAll(name, "\x00", "")
	return strings.ToValidUTF8(name[:min(len(name), limit)], "")
}

// stranger counts a notification to a receiver that is not configured, and logs the
// first of each receiver.
func (in *intake) stranger(receiver string) {
	in.metrics.strangers.WithLabelValues().Inc()
	if in.strangers.add("receiver", receiver) {
		in.config.Log.Error("notification to an unknown receiver: delivered to the default chats: add it to receivers in --config.file, and reload", "receiver", receiver)
	}
}

// soundOf returns the sound of a notification: that of its receiver, or the one that
// the URL names, or else that of the alerts' levels. The alerts of an unknown
// receiver are shown in any case.
func (in *intake) soundOf(r *http.Request, p state.Payload, to destination) api.Sound {
	if to.receiver == "" {
		return in.sound(r.URL.Query().Get(api.NotifyParam), p)
	}
	if _, known := in.present.Load().receiver(to.receiver); !known {
		return state.Loudness.Sound(max(state.Silent, state.LoudnessOf(in.sound("", p))))
	}
	return in.soundFor(to.receiver, p.Alerts).Sound()
}

// soundFor returns the sound of alerts for a receiver that is configured.
func (s *Service) soundFor(receiver string, alerts template.Alerts) state.Loudness {
	r, _ := s.present.Load().receiver(receiver)
	switch {
	case len(r.Chats) == 0:
		return state.None
	case r.Sound != "":
		return state.LoudnessOf(r.Sound)
	default:
		return state.LoudnessOf(s.scale().Sound(alerts))
	}
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

// maxStrangers bounds the number of names that are remembered, because anybody with
// the token chooses them.
const maxStrangers = 1000

// strangers are the unknown names that were logged.
type strangers struct {
	mu   sync.Mutex
	seen map[[2]string]bool
}

// add reports whether a name of a kind is to be logged.
func (s *strangers) add(kind, name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[[2]string{kind, name}] || len(s.seen) >= maxStrangers {
		return false
	}
	if s.seen == nil {
		s.seen = map[[2]string]bool{}
	}
	s.seen[[2]string{kind, name}] = true
	return true
}

// clear forgets the names, so that they are logged again.
func (s *strangers) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = nil
}
