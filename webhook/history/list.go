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

	// seenSince reads a page of those that started before a time, and fire or ended
	// later. The latter are few among those that started before, so the index of the
	// ends must find them: the planner could expect that the order of the starts
	// finds a page of them soon.
	seenSince = `WITH ended AS MATERIALIZED (
			SELECT a.starts_at, a.id FROM preflight.alerts a WHERE a.ends_at >= $6 AND a.starts_at < $6 AND ` + afterKey + `),
		page AS MATERIALIZED (
			(SELECT a.starts_at, a.id FROM preflight.alerts a WHERE a.ends_at IS NULL AND a.starts_at < $6 AND ` + afterKey + `
				ORDER BY starts_at, id LIMIT $5)
			UNION ALL (SELECT starts_at, id FROM ended ORDER BY starts_at, id LIMIT $5)
			ORDER BY starts_at, id LIMIT $5)
		SELECT ` + recordColumns + ` FROM page JOIN preflight.alerts a ON a.id = page.id AND a.starts_at = page.starts_at
		ORDER BY a.starts_at, a.id`
)

// Records yields the records that the filter selects, oldest first, as they are
// read: a page is in memory at a time, and no transaction stays open between two
// pages. The first error is the last element.
func (s *Store) Records(ctx context.Context, f Filter) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		if s.pages(ctx, seenSince, f, time.Time{}, yield, f.Since) {
			s.pages(ctx, startedSince, f, f.Since, yield)
		}
	}
}

// pages yields the records of a query that start at a time or later. The query has
// more arguments. It reports whether the caller wants more records.
func (s *Store) pages(ctx context.Context, query string, f Filter, from time.Time, yield func(Record, error) bool, more ...any) bool {
	startsAt, id := from, ""
	for {
		page, last, err := s.page(ctx, query, append([]any{startsAt, id, f.Env, f.Priority, pageRows}, more...))
		if err != nil {
			yield(Record{}, err)
			return false
		}
		for _, r := range page {
			if !yield(r, nil) {
				return false
			}
			startsAt = r.StartsAt
		}
		if id = last; len(page) < pageRows {
			return true
		}
	}
}

// page returns the records of a query, and the id of the last one.
func (s *Store) page(ctx context.Context, query string, args []any) (page []Record, last string, err error) {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	// Without a stored plan, which would not know the time.
	rows, err := s.pool.Query(ctx, query, append([]any{pgx.QueryExecModeDescribeExec}, args...)...)
	if err != nil {
		return nil, "", pg.Clean(err)
	}
	page, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Record, err error) {
		var deliveries []byte
		err = row.Scan(&last, &r.Group, &r.Fingerprint, &r.StartsAt, &r.Episode, &r.EndsAt, &r.Closed, &r.Priority, &r.Notify, &r.Labels,
			&r.Annotations, &r.ReceivedAt, &r.ResolutionAt, &r.Cluster, &deliveries)
		if err == nil && deliveries != nil {
			err = json.Unmarshal(deliveries, &r.Deliveries)
		}
		return r, err
	})
	return page, last, pg.Clean(err)
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
