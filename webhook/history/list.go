package history

import (
	"context"
	"encoding/json"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/alertnative/preflight/webhook/internal/pg"
)

const (
	// pageRows is the number of records that are in memory at a time.
	pageRows = 2000
	// pageTimeout limits the query of a page. A filter that few of the records
	// pass makes it slow.
	pageTimeout = time.Minute

	recordColumns = `a.id, a.group_key, a.fingerprint, a.starts_at, a.episode, a.ends_at, a.closed, a.priority, a.notify, a.labels, a.annotations,
		a.received_at, a.resolution_at, a.cluster,
		(SELECT json_agg(json_build_object('chat', d.chat, 'told_at', d.told_at, 'over_at', d.over_at) ORDER BY d.chat)
			FROM preflight.deliveries d WHERE d.alert = a.id)`

	// afterKey selects the records after a key that pass the filters.
	afterKey = `a.starts_at >= $1 AND (a.starts_at, a.id) > ($1, $2) AND ($3 = '' OR a.env = $3) AND ($4 = '' OR a.priority = $4)`

	// startedSince reads a page in the order of the index on starts_at.
	startedSince = `SELECT ` + recordColumns + ` FROM preflight.alerts a WHERE ` + afterKey + ` ORDER BY a.starts_at, a.id LIMIT $5`

	// stillSeen reads a page of the records that started before a time, and fired
	// at it or ended later. There are few of them among those that started before,
	// so the index on ends_at must find them: the planner could expect that the
	// order of starts_at finds a page of them soon.
	stillSeen = `WITH seen AS MATERIALIZED (
			SELECT a.starts_at, a.id FROM preflight.alerts a
			WHERE a.starts_at < $6 AND (a.ends_at IS NULL OR a.ends_at >= $6) AND ` + afterKey + `),
		page AS MATERIALIZED (SELECT starts_at, id FROM seen ORDER BY starts_at, id LIMIT $5)
		SELECT ` + recordColumns + ` FROM page JOIN preflight.alerts a ON a.id = page.id AND a.starts_at = page.starts_at
		ORDER BY a.starts_at, a.id`
)

// Records yields the records that the filter selects, oldest first, as they are
// read: a page is in memory at a time, and no transaction stays open between two
// pages. The first error is the last element.
func (s *Store) Records(ctx context.Context, f Filter) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		pages := []struct {
			query string
			after time.Time
			args  []any
		}{{stillSeen, time.Time{}, []any{f.Since}}, {startedSince, f.Since, nil}}
		for _, p := range pages {
			key := place{startsAt: p.after}
			for more := true; more; {
				args := append([]any{key.startsAt, key.id, f.Env, f.Priority, pageRows}, p.args...)
				records, last, err := s.page(ctx, p.query, args)
				if err != nil {
					yield(Record{}, err)
					return
				}
				for _, r := range records {
					if !yield(r, nil) {
						return
					}
				}
				key, more = last, len(records) == pageRows
			}
		}
	}
}

// place is the place of a record in the order of [Store.Records].
type place struct {
	startsAt time.Time
	id       string
}

// page returns the records of a query, and the place of the last one.
func (s *Store) page(ctx context.Context, query string, args []any) (records []Record, last place, err error) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	// Without a stored plan, which would not know the time.
	rows, err := s.pool.Query(ctx, query, append([]any{pgx.QueryExecModeDescribeExec}, args...)...)
	if err != nil {
		return nil, last, pg.Clean(err)
	}
	records, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Record, err error) {
		var deliveries []byte
		err = row.Scan(&last.id, &r.Group, &r.Fingerprint, &r.StartsAt, &r.Episode, &r.EndsAt, &r.Closed, &r.Priority, &r.Notify, &r.Labels,
			&r.Annotations, &r.ReceivedAt, &r.ResolutionAt, &r.Cluster, &deliveries)
		if err == nil && deliveries != nil {
			err = json.Unmarshal(deliveries, &r.Deliveries)
		}
		last.startsAt = r.StartsAt
		return r, err
	})
	return records, last, pg.Clean(err)
}

// List returns the records that [Store.Records] yields.
func (s *Store) List(ctx context.Context, f Filter) ([]Record, error) {
	return collect(s.Records(ctx, f))
}

// collect returns the records of a sequence.
func collect(seq iter.Seq2[Record, error]) (records []Record, err error) {
	for r, err := range seq {
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}
