package state

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Source identifies the sender of a heartbeat.
type Source struct {
	// Sender is a digest of the Alertmanager's external URL, or "" if it is not
	// known.
	Sender string `json:"sender,omitempty"`
	// Since is the start of the alert Watchdog, in microseconds since 1970, or 0
	// if it is not known.
	Since int64 `json:"since,omitempty"`
}

// NewSource returns the source of a heartbeat by the Alertmanager with an external
// URL, whose alert Watchdog fires since a time.
func NewSource(externalURL string, since time.Time) (s Source) {
	if externalURL != "" {
		digest := sha256.Sum256([]byte(externalURL))
		s.Sender = hex.EncodeToString(digest[:8])
	}
	if !since.IsZero() {
		s.Since = since.UnixMicro()
	}
	return s
}

// SameStart reports whether both alerts started at the same moment. So they are of
// the same Prometheus, also if several Alertmanagers send them.
func (s Source) SameStart(o Source) bool { return s.Since != 0 && s.Since == o.Since }

// SameSender reports whether the external URLs are equal. Alertmanagers of several
// clusters can have equal ones.
func (s Source) SameSender(o Source) bool { return s.Sender != "" && s.Sender == o.Sender }
