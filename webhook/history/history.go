// Package history keeps what alerts fired, when, and when who was told, in
// PostgreSQL.
//
// The history is a copy of what the webhook's spool knows. It is off the path
// of every alert: it can be away for any time, and is caught up with later.
package history

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alertnative/preflight/webhook/api"
)

// Record is one time that an alert fired in a group.
type Record struct {
	Group       string            `json:"group"`
	Fingerprint string            `json:"fingerprint"`
	StartsAt    time.Time         `json:"starts_at"`
	Episode     int               `json:"episode,omitempty"`  // of those with the same start, from 0
	EndsAt      *time.Time        `json:"ends_at,omitempty"`  // nil while it fires
	Closed      string            `json:"closed,omitempty"`   // why it ended without a resolution
	Priority    string            `json:"priority,omitempty"` // the value of the label that holds the severity
	Notify      string            `json:"notify"`             // none, silent or loud
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	// ReceivedAt is the receipt of the first notification, ResolutionAt that
	// of the resolution.
	ReceivedAt   time.Time  `json:"received_at"`
	ResolutionAt *time.Time `json:"resolution_at,omitempty"`
	Deliveries   []Delivery `json:"deliveries,omitempty"` // by chat
}

// Delivery says when a chat was told.
type Delivery struct {
	Chat   string     `json:"chat"`
	ToldAt *time.Time `json:"told_at,omitempty"`
	OverAt *time.Time `json:"over_at,omitempty"` // told of the end
}

// Filter chooses records.
type Filter struct {
	Since    time.Time // fired or ended after it, or still fires
	Env      string    // of that label; empty for any
	Priority string    // likewise
}

// Match reports whether the filter chooses the record.
func (f Filter) Match(r Record) bool {
	return (r.EndsAt == nil || !r.EndsAt.Before(f.Since) || !r.StartsAt.Before(f.Since)) &&
		(f.Env == "" || r.Labels[api.Env] == f.Env) && (f.Priority == "" || r.Priority == f.Priority)
}

// Sort puts records in the order of [Store.List].
func Sort(records []Record) {
	slices.SortStableFunc(records, func(a, b Record) int {
		return cmp.Or(a.StartsAt.Compare(b.StartsAt), strings.Compare(a.id(), b.id()))
	})
}

// id identifies the record in every replica.
func (r Record) id() string {
	h := sha256.New()
	for _, part := range []string{r.Group, r.Fingerprint, strconv.FormatInt(r.StartsAt.UnixMicro(), 10), strconv.Itoa(r.Episode)} {
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// storable takes out the one character that PostgreSQL can't store.
func storable(s string) string { return strings.ReplaceAll(s, "\x00", "\uFFFD") }

func storableJSON(m map[string]string) (string, error) {
	clean := make(map[string]string, len(m))
	for k, v := range m {
		clean[storable(k)] = storable(v)
	}
	data, err := json.Marshal(clean)
	return string(data), err
}
