package webhook

import (
	"cmp"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/state"
	"github.com/alertnative/preflight/webhook/transport"
)

// Settings are the part of a [Config] that can be replaced while the service runs.
type Settings struct {
	// Chats are the default chats: of notifications whose URL names no receiver, or
	// one that is not configured, and of the webhook's own alerts.
	Chats     []transport.Chat
	Receivers []Receiver
	// Transports show the messages, each by its name. Every chat needs one.
	Transports map[string]Transport
	// Formatter writes the messages, and has the scale of severities.
	Formatter *message.Formatter
	// Formatters write the messages of some chats instead, by the chat's text.
	Formatters map[string]*message.Formatter
	// HeartbeatTimeout is the time without a heartbeat that reports a new
	// evaluation after which the default chats get an alert. With 0 no heartbeat is
	// expected.
	HeartbeatTimeout time.Duration
}

// Receiver is a receiver of Alertmanager, which its URL names.
type Receiver struct {
	Name string
	// Chats are its chats. Without any, only the history keeps its alerts.
	Chats []transport.Chat
	Sound api.Sound // of its messages; empty: the severities of the alerts decide
}

// settings are the present ones, and what follows from them.
type settings struct {
	Settings
	chats   state.Chats
	expects time.Time // since when heartbeats are expected, if a reload began it
}

func newSettings(s Settings) *settings {
	out := &settings{Settings: s, chats: state.Chats{Default: keys(s.Chats)}}
	for _, r := range s.Receivers {
		out.chats.Receivers = append(out.chats.Receivers, state.ReceiverChats{Name: r.Name, Chats: keys(r.Chats)})
	}
	return out
}

func keys(list []transport.Chat) (keys []string) {
	for _, c := range list {
		keys = append(keys, c.String())
	}
	return keys
}

// all returns the chats, each once.
func (s *settings) all() (list []transport.Chat) {
	add := func(chats []transport.Chat) {
		for _, c := range chats {
			if !slices.Contains(list, c) {
				list = append(list, c)
			}
		}
	}
	add(s.Chats)
	for _, r := range s.Receivers {
		add(r.Chats)
	}
	return list
}

// receiver returns a receiver, or false if it is not configured.
func (s *settings) receiver(name string) (Receiver, bool) {
	if i := slices.IndexFunc(s.Receivers, func(r Receiver) bool { return r.Name == name }); i >= 0 {
		return s.Receivers[i], true
	}
	return Receiver{}, false
}

// formatter returns the formatter of a chat.
func (s *settings) formatter(chat string) *message.Formatter {
	return cmp.Or(s.Formatters[chat], s.Formatter)
}

// present has the present settings.
type present struct{ atomic.Pointer[settings] }

// chats returns the keys of the present chats.
func (p *present) chats() state.Chats { return p.Load().chats }

// timeout returns [Settings.HeartbeatTimeout].
func (p *present) timeout() time.Duration { return p.Load().HeartbeatTimeout }

// SetSettings replaces the settings. A new chat is due to show the alerts that fire
// for its receivers. A removed one gets no more messages; the alerts that it was
// still to show are due in the default chats. It keeps its state for
// [Config.Retention], and continues when it is added again. SetSettings changes
// nothing if it returns an error.
func (s *Service) SetSettings(next Settings) error {
	s.setting.Lock()
	defer s.setting.Unlock()
	after, before := newSettings(next), s.present.Load()
	if after.expects = before.expects; after.HeartbeatTimeout > 0 && before.HeartbeatTimeout == 0 {
		after.expects = time.Now()
	}
	s.present.Store(after) // a new chat needs its formatter
	if err := s.workers.SetChats(after.all(), after.chats); err != nil {
		s.present.Store(before)
		return err
	}
	for _, chat := range after.chats.All() {
		s.metrics.duplicated.WithLabelValues(chat)
	}
	s.strangers.clear()
	s.wakeWatch()
	s.workers.Wake()
	s.wakeReplicas()
	return nil
}

// SetTransport replaces the transport of a name.
func (s *Service) SetTransport(name string, t Transport) {
	s.setting.Lock()
	defer s.setting.Unlock()
	next := *s.present.Load()
	next.Transports = maps.Clone(next.Transports)
	next.Transports[name] = t
	s.present.Store(&next)
}
