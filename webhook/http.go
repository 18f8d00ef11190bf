package webhook

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/state"
)

// HandlerOptions configure the HTTP interface.
type HandlerOptions struct {
	// Token returns the bearer token that posts must carry, or "" for no token.
	Token func() string
	// MaxBody is the maximum size of a notification in bytes. 0 means 32 MiB.
	MaxBody int64
	// Metrics serves /metrics.
	Metrics http.Handler
	// Reload reads secrets and templates again.
	Reload func() error
}

// Handler returns the HTTP interface:
//
//	POST /api/v1/alerts?notify=loud|silent|none   a notification of Alertmanager; see [Config.LevelSounds]
//	POST /api/v1/watchdog                         a heartbeat
//	POST /-/reload
//	GET  /-/healthy   /-/ready   /metrics
//
// A notification is answered 200 once it is committed. Alertmanager retries after a
// 5xx only, so the answer is 503 while the spool cannot be written. A 4xx is the
// answer only to a body that Alertmanager cannot have sent.
func (s *Service) Handler(o HandlerOptions) http.Handler {
	if o.MaxBody == 0 {
		o.MaxBody = 32 << 20
	}
	mux := http.NewServeMux()
	mux.Handle("POST "+api.AlertsPath, s.authorized(o.Token, s.handleAlerts(o.MaxBody)))
	mux.Handle("POST "+api.WatchdogPath, s.authorized(o.Token, s.handleHeartbeat(o.MaxBody)))
	mux.Handle("POST /-/reload", s.authorized(o.Token, func(w http.ResponseWriter, _ *http.Request) {
		if err := o.Reload(); err != nil {
			s.config.Log.Error("reload failed: the previous configuration stays in use", "err", err)
			http.Error(w, "reload failed: the previous configuration stays in use: "+err.Error(), http.StatusInternalServerError)
			return
		}
		s.config.Log.Info("reloaded")
	}))
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "healthy\n") })
	mux.HandleFunc("GET /-/ready", s.handleReady)
	mux.Handle("GET /metrics", o.Metrics)
	return mux
}

// authorized requires the bearer token. The time of the comparison reveals nothing of
// the token, not even its length.
func (s *Service) authorized(token func() string, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if want := token(); want != "" {
			got, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
			if subtle.ConstantTimeCompare(a[:], b[:]) != 1 || !bearer {
				s.metrics.received.WithLabelValues(api.Unauthorized).Inc()
				s.config.Log.Warn("post refused: the bearer token is missing or wrong", "from", r.RemoteAddr, "path", r.URL.Path)
				w.Header().Set("WWW-Authenticate", "Bearer")
				http.Error(w, "the bearer token is missing or wrong: set http_config.authorization.credentials_file of the receiver to WEBHOOK_TOKEN", http.StatusUnauthorized)
				return
			}
		}
		next(w, r)
	})
}

func (s *Service) handleAlerts(maxBody int64) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, ok := s.readBody(w, r, maxBody)
		if !ok {
			return
		}
		payload, err := state.ParsePayload(body)
		if err != nil {
			s.refuse(w, api.Invalid, http.StatusBadRequest, err)
			return
		}
		sound := s.sound(r.URL.Query().Get(api.NotifyParam), payload)
		id, err := s.Accept(body, sound)
		if err != nil {
			s.refuse(w, api.Unwritable, http.StatusServiceUnavailable, err)
			return
		}
		s.accepted(id, payload, sound)
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

func (s *Service) handleHeartbeat(maxBody int64) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, ok := s.readBody(w, r, maxBody)
		if !ok {
			return
		}
		payload, err := state.ParsePayload(body)
		if err != nil {
			s.refuse(w, api.Invalid, http.StatusBadRequest, err)
			return
		}
		beat, alive := heartbeat(payload)
		if !alive {
			return // a resolved Watchdog is a missing heartbeat
		}
		if err := s.Heartbeat(beat); err != nil {
			s.refuse(w, api.Unwritable, http.StatusServiceUnavailable, err)
		}
	}
}

func (s *Service) readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		s.refuse(w, api.TooLarge, http.StatusRequestEntityTooLarge,
			errors.New("the notification is larger than --web.max-body: raise it, or set max_alerts of the receiver"))
	case err != nil:
		// Half a request: Alertmanager tries again.
		http.Error(w, "the request broke off", http.StatusServiceUnavailable)
	}
	return body, err == nil
}

func (s *Service) refuse(w http.ResponseWriter, outcome string, status int, err error) {
	s.metrics.received.WithLabelValues(outcome).Inc()
	s.config.Log.Error("notification refused", "outcome", outcome, "err", err)
	text := err.Error()
	if status == http.StatusServiceUnavailable {
		text = "the spool cannot be written: try again"
	}
	http.Error(w, text, status)
}

// handleReady proves that a notification would be accepted.
func (s *Service) handleReady(w http.ResponseWriter, _ *http.Request) {
	if s.draining.Load() {
		http.Error(w, "stopping", http.StatusServiceUnavailable)
		return
	}
	if err := s.spool.Check(); err != nil {
		s.config.Log.Error("not ready: the spool cannot be written", "err", err)
		http.Error(w, "the spool cannot be written", http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "ready\n")
}
