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
	// firstRows is the number of records of the first page, which a person waits
	// for. The next ones have more, up to pageRows.
	firstRows = 100
	pageRows  = 2000
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
		page AS MATERIALIZED (SELECT starts_at, id FROM ended ORDER BY starts_at, id LIMIT $5)
		(SELECT ` + recordColumns + ` FROM preflight.alerts a WHERE a.ends_at IS NULL AND a.starts_at < $6 AND ` + afterKey + `
			ORDER BY a.starts_at, a.id LIMIT $5)
		UNION ALL (SELECT ` + recordColumns + ` FROM page JOIN preflight.alerts a ON a.id = page.id AND a.starts_at = page.starts_at)
		ORDER BY starts_at, id LIMIT $5`
)

// Records yields the records that the filter selects, oldest first, as they are
// read: a page is in memory at a time, and no transaction stays open between two
// pages. The first error is the last element.
func (s *Store) Records(ctx context.Context, f Filter) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		r := reader{s, ctx, f, firstRows, yield}
		if r.pages(seenSince, time.Time{}, f.Since) {
			r.pages(startedSince, f.Since)
		}
	}
}

// reader reads pages.
type reader struct {
	*Store
	ctx   context.Context
	f     Filter
	rows  int // of the next page
	yield func(Record, error) bool
}

// pages yields the records of a query that start at a time or later. The query has
// more arguments. It reports whether the caller wants more records.
func (r *reader) pages(query string, from time.Time, more ...any) bool {
	startsAt, id := from, ""
	for {
		page, last, err := r.page(r.ctx, query, append([]any{startsAt, id, r.f.Env, r.f.Priority, r.rows}, more...))
		if err != nil {
			r.yield(Record{}, err)
			return false
		}
		for _, record := range page {
			if !r.yield(record, nil) {
				return false
			}
			startsAt = record.StartsAt
		}
		if id = last; len(page) < r.rows {
			return true
		}
		r.rows = min(4*r.rows, pageRows)
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
