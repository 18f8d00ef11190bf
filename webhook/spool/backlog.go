package spool

import (
	"database/sql"
	"time"
)

const selectBacklog = `SELECT v.chat, COUNT(*), MIN(i.received_at) FROM views v JOIN instances i ON i.id = v.instance
			WHERE v.pending = 1 GROUP BY v.chat`

// Backlog has the number of alerts whose present state is not yet shown or
// copied, and the age of the oldest.
type Backlog struct {
	Alerts int
	Age    time.Duration
}

// Backlogs returns the backlog of each chat that has one.
func (t *Tx) Backlogs(now time.Time) (map[string]Backlog, error) {
	chats := map[string]Backlog{}
	rows, err := t.query(selectBacklog)
	_, err = collect(rows, err, func(rows *sql.Rows) (chat string, err error) {
		var b Backlog
		var oldest any // of any type in a damaged row
		err = rows.Scan(&chat, &b.Alerts, &oldest)
		b.Age = age(oldest, now)
		chats[chat] = b
		return chat, err
	})
	return chats, err
}

// age returns the age of a stored time, or 0 if there is none.
func age(stored any, now time.Time) time.Duration {
	at, ok := stored.(int64)
	if !ok {
		return 0
	}
	return max(0, now.Sub(time.UnixMicro(at)))
}
