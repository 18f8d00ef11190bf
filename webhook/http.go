package webhook

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
)

// HandlerOptions configure the HTTP interface.
type HandlerOptions struct {
	// Tokens returns the bearer tokens of which a post must carry one. Without
	// any, every post is accepted.
	Tokens func() []string
	// Exposed means that other hosts reach the interface, and that nothing but the
	// tokens protects it.
	Exposed bool
	// MaxBody is the maximum size of a notification in bytes. 0 means 32 MiB.
	MaxBody int64
	// Metrics serves /metrics.
	Metrics http.Handler
	// Reload reads configuration, secrets and templates again, see [Service.Reload].
	Reload func() error
}

// Handler returns the HTTP interface:
//
//	POST /api/v1/alerts?notify=loud|silent|none   a notification of Alertmanager; see [Config.LevelSounds]
//	                   &cluster=NAME              of this cluster of Alertmanagers
//	POST /api/v1/watchdog?cluster=NAME            a heartbeat of this cluster
//	POST /-/reload
//	GET  /-/healthy   /-/ready   /metrics
//
// A notification is answered 200 once it is committed. Alertmanager retries after a
// 5xx only, so the answer is 503 while the spool cannot be written. A 4xx loses
// alerts, so the only one for a notification is 401. Other paths below /api/v1
// and other methods accept a notification too. A notification that cannot be
// read is set aside and reported in the chats.
func (s *Service) Handler(o HandlerOptions) http.Handler {
	if o.MaxBody == 0 {
		o.MaxBody = 32 << 20
	}
	if o.Exposed {
		s.exposed.Store(&o)
	}
	in := newIntake(s, o)
	mux := http.NewServeMux()
	mux.Handle("POST /-/reload", s.authorized(o.Tokens, func(w http.ResponseWriter, _ *http.Request) {
		if err := s.Reload(o.Reload); err != nil {
			http.Error(w, "reload failed: the previous configuration stays in use: "+err.Error(), http.StatusInternalServerError)
		}
	}))
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "healthy\n") })
	mux.HandleFunc("GET /-/ready", s.handleReady)
	mux.Handle("GET /metrics", o.Metrics)
	// Before the mux, which redirects unclean paths: a redirected POST is a GET.
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if in.takes(r) {
			in.ServeHTTP(w, r)
		} else {
			mux.ServeHTTP(w, r)
		}
	})
}

// Reload reads the configuration again by calling read, which applies all of it or
// returns an error. It logs and counts the outcome.
func (s *Service) Reload(read func() error) error {
	err := read()
	if err != nil {
		s.config.Log.Error("reload failed: the previous configuration stays in use", "err", err)
	} else {
		s.config.Log.Info("reloaded")
	}
	s.metrics.reloaded(err == nil)
	return err
}

// unprotected reports whether other hosts can post without a token or password.
func (s *Service) unprotected() bool {
	o := s.exposed.Load()
	return o != nil && len(o.Tokens()) == 0
}

// authorized requires one of the bearer tokens.
func (s *Service) authorized(tokens func() []string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !hasToken(r, tokens()) {
			s.metrics.received.WithLabelValues(api.Unauthorized).Inc()
			log := s.config.Log.With("from", r.RemoteAddr, "path", shownPath(r, tokens()))
			if hasEveryToken(r, tokens()) {
				log.Error("post refused: the sender presents a list of tokens as one: give it a file with one token, and the webhook the next token in WEBHOOK_TOKEN_NEXT_FILE")
			} else {
				log.Warn("post refused: the bearer token is missing or wrong")
			}
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "the bearer token is missing or wrong: set http_config.authorization.credentials_file of the receiver to WEBHOOK_TOKEN", http.StatusUnauthorized)
			return
		}
		next(w, r)
	}
}

const (
	// readyEvery is the time for which the answer to /-/ready holds. Each test
	// waits for the disk as a notification does, and anybody may ask.
	readyEvery = time.Second
	// Above readyRate questions a second, each waits readyWait for its answer, so
	// that clients which ask without a pause leave time for notifications.
	readyRate = 50
	readyWait = 50 * time.Millisecond
)

// writable knows whether the spool can be written.
type writable struct {
	mu  sync.Mutex
	at  time.Time // of the last test
	err error
}

// check tests the spool if the last test is too old, or if a write failed since.
func (w *writable) check(s *spool.Spool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	since := time.Since(w.at)
	if since < 0 || since >= readyEvery || w.err == nil && !s.Writable() {
		w.err = s.Check()
		w.at = time.Now()
	}
	return w.err
}

// handleReady proves that a notification would be accepted.
func (s *Service) handleReady(w http.ResponseWriter, r *http.Request) {
	if !s.asked.Allow() {
		select {
		case <-time.After(readyWait):
		case <-r.Context().Done():
		}
	}
	if s.draining.Load() {
		http.Error(w, "stopping", http.StatusServiceUnavailable)
		return
	}
	if err := s.writable.check(s.spool); err != nil {
		s.config.Log.Error("not ready: the spool cannot be written", "err", err)
		http.Error(w, "the spool cannot be written", http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "ready\n")
}
