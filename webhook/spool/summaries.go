package spool

import (
	"database/sql"
	"encoding/json"
	"time"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/state"
)

const (
	selectUnlisted = `SELECT i.id, i.cluster, i.scope, i.alert, i.rank, i.notify, i.notification, i.received_at, i.resolved_at IS NOT NULL, v.ambiguous, COALESCE(v.first_message, 0)
		FROM views v JOIN instances i ON i.id = v.instance WHERE v.chat = ?1 AND i.own >= ?2 `
	// With the urgent ones that flap: a reply to the message about them is news too.
	unlistedNews = selectUnlisted + `AND v.pending = 1 AND (v.flap = 0 OR ?4 AND i.resolved_at IS NULL) AND v.shown = 0 AND (i.rank < ?3) = ?4 AND i.group_key NOT IN ('` +
		state.NoteGroup + `', '` + state.OwnGroup + `') LIMIT ?5`
	unlistedEnds     = selectUnlisted + `AND v.pending = 1 AND v.flap = 0 AND v.shown = 1 AND i.resolved_at IS NOT NULL AND (i.rank < ?3) = ?4 LIMIT ?5`
	unlistedReminded = selectUnlisted + `AND v.shown = 1 AND i.resolved_at IS NULL AND (i.rank < ?3) = ?4
		AND (i.scope IN (SELECT group_key FROM reminders WHERE chat = ?1)
			OR v.first_message IS NULL AND EXISTS (SELECT 1 FROM reminders WHERE chat = ?1 AND group_key = '')) LIMIT ?5`

	selectLines   = `SELECT id, cluster, group_key, name, rank, labels FROM lines WHERE message = ? ORDER BY id`
	countsOfLines = `SELECT line, count(*), sum(shows = 1) FROM summarized WHERE message = ? GROUP BY line`
	insertLine    = `INSERT INTO lines (message, cluster, group_key, name, rank, labels, at) VALUES (?, ?, ?, ?, ?, ?, ?)`
	updateLine    = `UPDATE lines SET labels = ? WHERE id = ?`
	addToLine     = `INSERT INTO summarized (message, instance, line, shows, ended) VALUES (?1, ?2, ?3, ?4, ?4 - 1) ON CONFLICT DO NOTHING`
	showEnded     = `UPDATE summarized SET shows = 2 WHERE message = ? AND ended = 1 AND shows = 1`
	endInLists    = `UPDATE summarized SET ended = 1 WHERE instance = ?`
	editLists     = `UPDATE messages SET edit = 1, refused = 0 WHERE shown_as IS NOT NULL AND id IN (SELECT message FROM summarized WHERE instance = ?)`
	linesSince    = `SELECT count(DISTINCT l.group_key) FROM lines l JOIN messages m ON m.id = l.message
		WHERE m.chat = ? AND m.kind = 'summary' AND m.created_at >= ? AND l.at BETWEEN ? AND ?`

	// What is planned and not yet in the message.
	unlistNews   = `DELETE FROM summarized WHERE message = ?1 AND instance IN (SELECT instance FROM views WHERE chat = ?2 AND pending = 1 AND shown = 0)`
	unlistEnds   = `DELETE FROM summarized WHERE message = ?1 AND instance IN (SELECT instance FROM views WHERE chat = ?2 AND pending = 1 AND shown = 1)`
	deleteListed = `DELETE FROM summarized WHERE message = ?`
	deleteLines  = `DELETE FROM lines WHERE message = ?`
	emptyLines   = `DELETE FROM lines WHERE message = ?1 AND id NOT IN (SELECT line FROM summarized WHERE message = ?1)`

	showNews = `UPDATE views SET shown = s.shows, first_message = COALESCE(first_message, ?1), last_message = ?1, ambiguous = 0,
		told_at = COALESCE(told_at, ?3), over_at = COALESCE(over_at, CASE WHEN s.shows = 2 THEN ?3 END), pending = s.shows < 1 + s.ended
		FROM summarized s WHERE s.message = ?1 AND views.chat = ?2 AND views.instance = s.instance AND views.shown = 0`
	showEnds = `UPDATE views SET shown = 2, ambiguous = 0, told_at = COALESCE(told_at, ?3), over_at = COALESCE(over_at, ?3), pending = 0
		FROM summarized s WHERE s.message = ?1 AND views.chat = ?2 AND views.instance = s.instance AND views.shown = 1 AND views.pending = 1`
	editEnded = `UPDATE messages SET edit = 1, refused = 0 WHERE shown_as IS NOT NULL AND id <> ?1 AND id IN (
		SELECT v.first_message FROM summarized s JOIN views v ON v.chat = ?2 AND v.instance = s.instance WHERE s.message = ?1 AND v.shown = 1 AND v.pending = 1
		UNION SELECT v.last_message FROM summarized s JOIN views v ON v.chat = ?2 AND v.instance = s.instance WHERE s.message = ?1 AND v.shown = 1 AND v.pending = 1)`
	showReminded = `UPDATE views SET first_message = COALESCE(first_message, ?1), last_message = ?1
		FROM summarized s WHERE s.message = ?1 AND views.chat = ?2 AND views.instance = s.instance`
	dropReminded = `DELETE FROM reminders WHERE chat = ?2 AND (received_at <= ?3 OR received_at > ?4) AND (group_key IN (SELECT group_key FROM lines WHERE message = ?1)
		OR NOT EXISTS (SELECT 1 FROM views v JOIN instances i ON i.id = v.instance WHERE v.chat = ?2 AND v.shown = 1 AND i.resolved_at IS NULL
			AND (i.scope = reminders.group_key OR reminders.group_key = '' AND v.first_message IS NULL)))`
	editIfEnded = `UPDATE messages SET edit = 1 WHERE id = ?1 AND EXISTS (SELECT 1 FROM summarized WHERE message = ?1 AND ended = 1 AND shows = 1)`

	ambiguousNews      = `UPDATE views SET ambiguous = ambiguous + 1 WHERE chat = ?2 AND pending = 1 AND instance IN (SELECT instance FROM summarized WHERE message = ?1)`
	ambiguousReminders = `UPDATE reminders SET ambiguous = ambiguous + 1 WHERE chat = ?2 AND group_key IN (SELECT group_key FROM lines WHERE message = ?1)`

	unshownKeys = `SELECT i.cluster, i.chat, i.group_key, i.fingerprint, i.starts_at, ` + episode + `, s.shows FROM summarized s
		JOIN views v ON v.chat = ?2 AND v.instance = s.instance JOIN instances i ON i.id = s.instance
		WHERE s.message = ?1 AND (?3 OR v.pending = 1 AND v.shown = CASE ?4 WHEN 'summary_ends' THEN 1 ELSE 0 END)`
	messageByID    = `SELECT id FROM messages WHERE chat = ? AND shown_as = ? AND kind = ? ORDER BY id DESC LIMIT 1`
	summaryContent = `UPDATE messages SET content = ? WHERE id = ?`
	contentOf      = `SELECT content FROM messages WHERE id = ?`
	listedByID     = `SELECT id, cluster, scope, alert, rank, notify, notification, received_at, 0, 0, 0 FROM instances WHERE id = ?`
	// This replica can know of an end before it learns of the message.
	endedMeanwhile = `UPDATE summarized SET ended = 1 WHERE message = ? AND instance IN (SELECT id FROM instances WHERE resolved_at IS NOT NULL)`
	editedInDoubt  = `SELECT id, chat, kind FROM messages WHERE edit = 2 AND instances = '[]'`
)

// Line is a line of a summary, see [message.Line].
type Line struct {
	ID int64 // 0 for a new one
	message.Line
	added []Unlisted
}

// Unlisted is an alert that a summary can list.
type Unlisted struct {
	ID           int64
	Cluster      string
	Group        string // see [state.Scope]
	Labels       template.KV
	Rank         int
	Notify       state.Loudness
	Notification int64
	ChangedAt    time.Time
	Resolved     bool
	Ambiguous    int
	First        int64 // the message that showed it first; 0 for none
}

// Unlisted returns the alerts for a summary. The kind decides which: alerts that
// the chat does not show, ended alerts that it shows as firing, or alerts with a
// reminder that is due. It returns at most limit, the urgent ones first.
func (t *Tx) Unlisted(chat string, kind message.Kind, ownOnly bool, urgent, limit int) (list []Unlisted, err error) {
	query := unlistedNews
	switch kind {
	case message.SummaryEnds:
		query = unlistedEnds
	case message.SummaryReminder:
		query = unlistedReminded
	}
	for _, isUrgent := range []bool{true, false} {
		rows, err := t.query(query, chat, ownOnly, urgent, isUrgent, limit-len(list))
		some, bad, err := collectGood(rows, err, scanUnlisted)
		if err != nil {
			return nil, err
		}
		if err := t.setAsideInstances(bad); err != nil {
			return nil, err
		}
		list = append(list, some...)
	}
	return list, nil
}

func scanUnlisted(rows *sql.Rows) (u Unlisted, err error) {
	var alert []byte
	var changed int64
	if err = rows.Scan(&u.ID, &u.Cluster, &u.Group, &alert, &u.Rank, &u.Notify, &u.Notification, &changed, &u.Resolved, &u.Ambiguous, &u.First); err != nil {
		return u, err
	}
	u.ChangedAt, u.Notify = time.UnixMicro(changed), u.Notify.Known()
	var a struct {
		Labels template.KV `json:"labels"`
	}
	err = json.Unmarshal(alert, &a)
	u.Labels = a.Labels
	return u, err
}

// ListOf adds alerts to the lines of a summary: to the known ones, and to new
// ones after them.
func ListOf(known []Line, list []Unlisted) []Line {
	type key struct {
		cluster, group, name string
		rank                 int
	}
	places := map[key]int{}
	lines := known
	for i, l := range lines {
		places[key{l.Cluster, l.Group, l.Name, l.Rank}] = i
	}
	for _, u := range list {
		k := key{u.Cluster, u.Group, u.Labels[model.AlertNameLabel], u.Rank}
		place, ok := places[k]
		if !ok {
			place = len(lines)
			places[k] = place
			lines = append(lines, Line{Line: message.Line{Cluster: k.cluster, Group: k.group, Name: k.name, Rank: u.Rank, Labels: message.NewSpread(u.Labels)}})
		}
		l := &lines[place]
		l.Labels.Add(u.Labels)
		l.Alerts++
		if !u.Resolved {
			l.Firing++
		}
		l.added = append(l.added, u)
	}
	return lines
}

// Lines returns the lines of a summary with the present state of their alerts,
// which its next text shows.
func (t *Tx) Lines(id int64) (list []Line, err error) {
	if _, err := t.exec(showEnded, id); err != nil {
		return nil, err
	}
	type counts struct{ alerts, firing int }
	of := map[int64]counts{}
	rows, err := t.query(countsOfLines, id)
	if _, err = collect(rows, err, func(rows *sql.Rows) (c counts, err error) {
		var line int64
		err = rows.Scan(&line, &c.alerts, &c.firing)
		of[line] = c
		return c, err
	}); err != nil {
		return nil, err
	}
	rows, err = t.query(selectLines, id)
	list, err = collect(rows, err, func(rows *sql.Rows) (l Line, err error) {
		var labels string
		if err = rows.Scan(&l.ID, &l.Cluster, &l.Group, &l.Name, &l.Rank, &labels); err != nil {
			return l, err
		}
		l.Alerts, l.Firing = of[l.ID].alerts, of[l.ID].firing
		return l, json.Unmarshal([]byte(labels), &l.Labels)
	})
	return list, err
}

// SetLines stores the lines of a summary and adds their new alerts.
func (t *Tx) SetLines(m *Message, lines []Line, now time.Time) error {
	for _, l := range lines {
		if len(l.added) == 0 {
			continue
		}
		labels, err := json.Marshal(l.Labels)
		if err != nil {
			return err
		}
		if l.ID == 0 {
			l.ID, err = t.insert(insertLine, m.ID, l.Cluster, l.Group, l.Name, l.Rank, string(labels), now.UnixMicro())
		} else {
			_, err = t.exec(updateLine, string(labels), l.ID)
		}
		if err != nil {
			return err
		}
		for _, u := range l.added {
			shows := ShownFiring
			if u.Resolved {
				shows = ShownResolved
			}
			if _, err := t.exec(addToLine, m.ID, u.ID, l.ID, shows); err != nil {
				return err
			}
		}
	}
	return nil
}

// Added returns the alerts that were added to lines.
func Added(lines []Line) (list []Unlisted) {
	for _, l := range lines {
		list = append(list, l.added...)
	}
	return list
}

// GroupsSummarized returns the number of groups that summaries took up since a
// time. What is later than now was stored before the clock was set back.
func (t *Tx) GroupsSummarized(chat string, began, since, now time.Time) (n int, err error) {
	err = t.queryRow(linesSince, chat, began.UnixMicro(), since.UnixMicro(), now.UnixMicro()).Scan(&n)
	return n, err
}

// Summarized records that the chat shows a summary with what was added to it.
func (t *Tx) Summarized(m *Message, now time.Time) error {
	statements := []string{showNews}
	switch m.Kind {
	case message.SummaryEnds:
		statements = []string{editEnded, showEnds}
	case message.SummaryReminder:
		statements = []string{showReminded}
	}
	for _, s := range statements {
		args := []any{m.ID, m.Chat, now.UnixMicro()}
		if s != showNews && s != showEnds {
			args = args[:2]
		}
		if _, err := t.exec(s, args...); err != nil {
			return err
		}
	}
	if m.Kind == message.SummaryReminder {
		if _, err := t.exec(dropReminded, m.ID, m.Chat, now.UnixMicro(), time.Now().UnixMicro()); err != nil {
			return err
		}
	}
	_, err := t.exec(editIfEnded, m.ID)
	return err
}

// unlist removes from a summary what was planned and is not shown.
func (t *Tx) unlist(m *Message) error {
	statement := unlistNews
	switch m.Kind {
	case message.SummaryEnds:
		statement = unlistEnds
	case message.SummaryReminder:
		return nil
	}
	if _, err := t.exec(statement, m.ID, m.Chat); err != nil {
		return err
	}
	_, err := t.exec(emptyLines, m.ID)
	return err
}

// EmptySummary records that the chat shows a new summary without what it was to
// name.
func (t *Tx) EmptySummary(m *Message) error {
	for _, s := range []string{deleteListed, deleteLines} {
		if _, err := t.exec(s, m.ID); err != nil {
			return err
		}
	}
	return nil
}

// unlistAll is unlist for all summaries that were being edited when the process
// died.
func (t *Tx) unlistAll() error {
	rows, err := t.query(editedInDoubt)
	list, err := collect(rows, err, func(rows *sql.Rows) (m Message, err error) { return m, rows.Scan(&m.ID, &m.Chat, &m.Kind) })
	if err != nil {
		return err
	}
	for _, m := range list {
		if err := t.unlist(&m); err != nil {
			return err
		}
	}
	return nil
}

// endInSummaries records the end of an instance in the summaries that list it.
func (t *Tx) endInSummaries(id int64) error {
	r, err := t.exec(endInLists, id)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); n == 0 || err != nil {
		return err
	}
	_, err = t.exec(editLists, id)
	return err
}

// ambiguousSummary is [Tx.Ambiguous] for a summary.
func (t *Tx) ambiguousSummary(m *Message) error {
	statement := ambiguousNews
	if m.Kind == message.SummaryReminder {
		statement = ambiguousReminders
	}
	_, err := t.exec(statement, m.ID, m.Chat)
	return err
}

// Content returns the content of a message as [Tx.SetContent] stored it.
func (t *Tx) Content(id int64) (content []byte, err error) {
	err = t.queryRow(contentOf, id).Scan(&content)
	return content, err
}

// SetContent stores the content of a message that was sent and can be edited often.
func (t *Tx) SetContent(m *Message) error {
	_, err := t.exec(summaryContent, string(m.Content), m.ID)
	return err
}
