package lease

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/alertnative/preflight/webhook/state"
)

// storedHeartbeat is a heartbeat in the column heartbeats.
type storedHeartbeat struct {
	// Age is sent to the database, which stores At instead. Both are in seconds.
	Age float64 `json:"age,omitempty"`
	At  float64 `json:"at,omitempty"` // since 1970, by the clock of the database
	state.Source
}

// datedHeartbeats is the column for the heartbeats with ages that parameter $7
// holds.
const datedHeartbeats = `(SELECT jsonb_object_agg(key, (value - 'age') ||
	jsonb_build_object('at', extract(epoch FROM clock_timestamp())::float8 - (value->>'age')::float8)) FROM jsonb_each($7::text::jsonb))`

// encodeHeartbeats returns the heartbeats of a replica for the database, and the
// age of the newest one in seconds, nil if there is none.
func encodeHeartbeats(list map[string]Heartbeat) (newest *float64, encoded string, err error) {
	out := map[string]storedHeartbeat{}
	for cluster, h := range list {
		age := max(h.Age, time.Nanosecond).Seconds()
		out[cluster] = storedHeartbeat{Age: age, Source: h.Source}
		if newest == nil || age < *newest {
			newest = &age
		}
	}
	body, err := json.Marshal(out)
	return newest, string(body), err
}

// heartbeats reads the newest heartbeats at any replica.
func (s *Store) heartbeats(ctx context.Context, tx pgx.Tx, standing *Standing) error {
	rows, err := tx.Query(ctx, `SELECT extract(epoch FROM clock_timestamp())::float8, extract(epoch FROM watchdog_at)::float8, heartbeats::text
		FROM preflight.replicas WHERE bot = $1 AND (watchdog_at IS NOT NULL OR heartbeats IS NOT NULL)`, s.bot)
	if err != nil {
		return err
	}
	standing.Heartbeats = map[string]Heartbeat{}
	var now float64
	var newest *float64
	var encoded *string
	_, err = pgx.ForEachRow(rows, []any{&now, &newest, &encoded}, func() error {
		standing.take(now, newest, encoded)
		return nil
	})
	return err
}

// take adds the heartbeats of a replica. The newest one is that of an earlier
// version if it is newer than those of the clusters. The database computed their
// times one after the other.
func (s *Standing) take(now float64, newest *float64, encoded *string) {
	const apart = 1 // second
	age := func(at float64) time.Duration {
		return max(time.Duration((now-at)*float64(time.Second)), time.Nanosecond)
	}
	var list map[string]storedHeartbeat
	if encoded != nil && json.Unmarshal([]byte(*encoded), &list) != nil {
		list = nil // a later version writes another form
	}
	earlier := newest != nil
	for cluster, h := range list {
		if before, known := s.Heartbeats[cluster]; !known || age(h.At) < before.Age {
			s.Heartbeats[cluster] = Heartbeat{Age: age(h.At), Source: h.Source}
		}
		earlier = earlier && *newest > h.At+apart
	}
	if earlier && (s.Unnamed == 0 || age(*newest) < s.Unnamed) {
		s.Unnamed = age(*newest)
	}
}
