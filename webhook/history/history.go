// Package history keeps in PostgreSQL which alerts fired, and when each chat showed
// them.
//
// The history is a copy of the webhook's spool. No alert waits for it: if the
// archive is unavailable, [Copier] copies the changes later.
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
	"github.com/alertnative/preflight/webhook/state"
)

// Record is one episode of an alert.
type Record = state.Record

// Delivery is when a chat showed an alert.
type Delivery = state.Delivery

// Filter chooses records.
type Filter struct {
	Since    time.Time // fired or ended after it, or still fires
	Env      string    // of that label; empty for any
	Priority string    // likewise
}

// Match reports whether the filter selects the record.
func (f Filter) Match(r Record) bool {
	return (r.EndsAt == nil || !r.EndsAt.Before(f.Since) || !r.StartsAt.Before(f.Since)) &&
		(f.Env == "" || r.Labels[api.Env] == f.Env) && (f.Priority == "" || r.Priority == f.Priority)
}

// Sort puts records in the order of [Store.List].
func Sort(records []Record) {
	slices.SortStableFunc(records, func(a, b Record) int {
		return cmp.Or(a.StartsAt.Compare(b.StartsAt), strings.Compare(id(a), id(b)))
	})
}

// id identifies the record in every replica. Records of earlier versions keep
// their ids.
func id(r Record) string {
	h := sha256.New()
	of := r.OldGroup
	if of == "" {
		of = "cluster/" + r.Cluster
	}
	if r.Chat != "" {
		of = "chat/" + r.Chat + "/" + of
	}
	for _, part := range []string{of, r.Fingerprint, strconv.FormatInt(r.StartsAt.UnixMicro(), 10), strconv.Itoa(r.Episode)} {
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// storable replaces the one character that PostgreSQL can't store.
func storable(s string) string { return strings.ReplaceAll(s, "\x00", "\uFFFD") }

func storableJSON(m map[string]string) (string, error) {
	clean := make(map[string]string, len(m))
	for k, v := range m {
		clean[storable(k)] = storable(v)
	}
	data, err := json.Marshal(clean)
	return string(data), err
}
