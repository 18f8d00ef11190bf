package webhook

import (
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/telegram"
)

// call is one call of the Bot API that brings a chat nearer to the present
// state. It is written to the spool before it is made.
type call struct {
	message  int64 // its row
	batch    int64
	part     int
	kind     message.Kind
	severity string
	edits    int // the id of the message that it edits; 0 sends a new one
	content  telegram.Message
	listed   []listed

	notifications []int64   // that brought what it tells
	waiting       time.Time // since when the oldest of it waits to be told
}

// listed is an instance in a message, and how it is shown there.
type listed struct {
	ID       int64 `json:"id"`
	Resolved bool  `json:"resolved,omitempty"`
	News     bool  `json:"news,omitempty"` // the chat did not know
}

// The classes of what can be due, in the order in which they are delivered
// among equal severities.
const (
	classPart       = iota // the next part of a message
	classAlert             // an alert fires, or an urgent one did and nobody was told
	classReminder          // it still fires
	classResolution        // it is over
	classEdit              // a message shows an old state
	classDigest            // others fired and ended untold
)

// planner chooses the next call for a chat, in a transaction.
type planner struct {
	tx        *txn
	chat      string
	now       time.Time
	formatter *message.Formatter
	ownOnly   bool // leave what only other replicas were notified of to them
}

// next plans the most urgent call and writes it down; nil when the chat shows
// the present state.
func (p planner) next() (*call, error) {
	for {
		class, group, id, err := p.urgent()
		if errors.Is(err, sql.ErrNoRows) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		var c *call
		switch class {
		case classPart:
			c, err = p.part(id)
		case classAlert:
			c, err = p.alert(group)
		case classReminder:
			c, err = p.reminder(group)
		case classResolution:
			c, err = p.resolution(group)
		case classEdit:
			c, err = p.edit(id)
		case classDigest:
			c, err = p.digest()
		}
		if c != nil || err != nil {
			return c, err
		}
		// It turned out to be settled, and was marked so.
	}
}

// lowestRank is below that of every severity.
const lowestRank = 1000

// urgentRanks returns how many ranks are urgent.
func (p planner) urgentRanks() int { return p.formatter.Scale().Urgent() }

func (p planner) urgent() (class int, group string, id int64, err error) {
	var rank, at int64
	err = p.tx.QueryRow(`
		SELECT class, CASE class WHEN 5 THEN ?4 ELSE rank END AS urgency, at, id, group_key FROM (
			SELECT 0 AS class, rank, created_at AS at, id, group_key FROM messages WHERE chat = ?1 AND state = 'queued'
			UNION ALL
			SELECT CASE
					WHEN v.shown = 0 AND (i.resolved_at IS NULL OR i.rank < ?3) THEN 1
					WHEN v.shown = 1 THEN 3
					ELSE 5
				END, i.rank, i.received_at, i.id, i.group_key
				FROM views v JOIN instances i ON i.id = v.instance WHERE v.chat = ?1 AND v.pending = 1 AND i.own >= ?2
			UNION ALL
			SELECT 2, COALESCE((SELECT MIN(i.rank) FROM instances i WHERE i.group_key = r.group_key AND i.resolved_at IS NULL), ?4),
				r.received_at, 0, r.group_key FROM reminders r WHERE r.chat = ?1 AND r.own >= ?2
			UNION ALL
			SELECT 4, rank, created_at, id, group_key FROM messages WHERE chat = ?1 AND edit = 1
		) ORDER BY urgency, class, at, id LIMIT 1`, p.chat, p.ownOnly, p.urgentRanks(), lowestRank).Scan(&class, &rank, &at, &id, &group)
	return class, group, id, err
}

// viewed is an instance as a chat sees it.
type viewed struct {
	*instance
	shown int // 0 nothing, 1 firing, 2 resolved
	first sql.NullInt64
}

// mine leaves out what another replica is to tell.
func (p planner) mine(list []viewed) []viewed {
	return slices.DeleteFunc(list, func(v viewed) bool {
		untold := v.shown == 0 || v.shown == 1 && !v.firing()
		return p.ownOnly && !v.own && untold
	})
}

// open returns the instances of a group that fire, and due those whose end
// the chat does not show.
func (p planner) open(group string) (open, due []viewed, err error) {
	open, err = p.views(`FROM instances i JOIN views v ON v.instance = i.id AND v.chat = ?1
		WHERE i.group_key = ?2 AND i.resolved_at IS NULL ORDER BY i.id`, group)
	if err != nil {
		return nil, nil, err
	}
	due, err = p.views(`FROM views v JOIN instances i ON i.id = v.instance
		WHERE v.chat = ?1 AND v.pending = 1 AND i.group_key = ?2 AND i.resolved_at IS NOT NULL ORDER BY i.id`, group)
	return p.mine(open), p.mine(due), err
}

func (p planner) views(from string, args ...any) ([]viewed, error) {
	rows, err := p.tx.Query(`SELECT `+instanceColumns+`, v.shown, v.first_message `+from, append([]any{p.chat}, args...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []viewed
	for rows.Next() {
		var v viewed
		if v.instance, err = scanInstance(rows, &v.shown, &v.first); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// alert tells of what newly fires in a group, with what fires there already if
// all of it fits in one message, and of each urgent
// alert that came and went untold.
func (p planner) alert(group string) (*call, error) {
	open, due, err := p.open(group)
	if err != nil {
		return nil, err
	}
	var fresh, others []viewed
	for _, v := range open {
		if v.shown == 0 {
			fresh = append(fresh, v)
		} else {
			others = append(others, v)
		}
	}
	for _, v := range due {
		if v.shown == 0 && v.rank < p.urgentRanks() {
			fresh = append(fresh, v)
		}
	}
	n := message.Notice{Kind: message.Alert, Now: p.now, Truncated: p.truncated(group)}
	list := append(fresh, others...)
	n.Items = items(list)
	messages, err := p.formatter.Format(n)
	if err != nil {
		return nil, err
	}
	if len(messages) > 1 && len(others) > 0 {
		list, n.More = fresh, len(others)
		n.Items = items(list)
		if messages, err = p.formatter.Format(n); err != nil {
			return nil, err
		}
	}
	// A message that lists all that fires is a reminder too.
	if _, err := p.tx.Exec(`DELETE FROM reminders WHERE chat = ? AND group_key = ?`, p.chat, group); err != nil {
		return nil, err
	}
	return p.write(draft{notice: n, messages: messages, group: group, list: list, news: fresh, silent: quiet(fresh)})
}

func (p planner) reminder(group string) (*call, error) {
	open, _, err := p.open(group)
	if err != nil {
		return nil, err
	}
	var notify loudness
	if err := p.tx.QueryRow(`DELETE FROM reminders WHERE chat = ? AND group_key = ? RETURNING notify`, p.chat, group).Scan(&notify); err != nil {
		return nil, err
	}
	if len(open) == 0 {
		return nil, nil
	}
	n := message.Notice{Kind: message.Reminder, Now: p.now, Truncated: p.truncated(group), Items: items(open)}
	messages, err := p.formatter.Format(n)
	if err != nil {
		return nil, err
	}
	return p.write(draft{notice: n, messages: messages, group: group, list: open, silent: notify != loud})
}

// resolution replies to the newest message that told of what is over now.
func (p planner) resolution(group string) (*call, error) {
	open, due, err := p.open(group)
	if err != nil {
		return nil, err
	}
	var over []viewed
	var first int64
	for _, v := range due {
		if v.shown == 1 {
			over = append(over, v)
			first = max(first, v.first.Int64)
		}
	}
	var firing []viewed
	for _, v := range open {
		if v.shown == 1 {
			firing = append(firing, v)
		}
	}
	n := message.Notice{Kind: message.Resolution, Now: p.now, Items: items(over), Firing: items(firing)}
	messages, err := p.formatter.Format(n)
	if err != nil {
		return nil, err
	}
	var reply sql.NullInt64
	if err := p.tx.QueryRow(`SELECT telegram_id FROM messages WHERE id = ?`, first).Scan(&reply); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	return p.write(draft{notice: n, messages: messages, group: group, list: over, news: over, silent: true, replyTo: int(reply.Int64)})
}

// digest tells of everything that came and went untold and was not urgent.
func (p planner) digest() (*call, error) {
	list, err := p.views(`FROM views v JOIN instances i ON i.id = v.instance
		WHERE v.chat = ?1 AND v.pending = 1 AND v.shown = 0 AND i.resolved_at IS NOT NULL AND i.rank >= ?2 ORDER BY i.id`, p.urgentRanks())
	if err != nil {
		return nil, err
	}
	list = p.mine(list)
	n := message.Notice{Kind: message.Digest, Now: p.now, Items: items(list)}
	messages, err := p.formatter.Format(n)
	if err != nil {
		return nil, err
	}
	return p.write(draft{notice: n, messages: messages, list: list, news: list, silent: true})
}

func (p planner) truncated(group string) (n uint64) {
	// An unknown number is no reason not to tell the rest.
	_ = p.tx.QueryRow(`SELECT truncated FROM groups WHERE key = ?`, group).Scan(&n)
	return n
}

func items(list []viewed) []message.Item {
	items := make([]message.Item, len(list))
	for i, v := range list {
		items[i] = message.Item{Alert: v.alert, Resolved: !v.firing(), Closed: v.closed}
	}
	return items
}

// quiet reports whether none of the instances asks for a sound.
func quiet(list []viewed) bool {
	for _, v := range list {
		if v.notify == loud {
			return false
		}
	}
	return true
}

// part sends the next part of a message that was begun.
func (p planner) part(id int64) (*call, error) {
	c := &call{message: id}
	var content, list string
	if err := p.tx.QueryRow(`UPDATE messages SET state = 'sending' WHERE id = ? RETURNING batch, part, kind, content, instances`, id).
		Scan(&c.batch, &c.part, &c.kind, &content, &list); err != nil {
		return nil, err
	}
	return c, errors.Join(json.Unmarshal([]byte(content), &c.content), json.Unmarshal([]byte(list), &c.listed))
}

// edit shows the present state in a message that was sent before.
func (p planner) edit(id int64) (*call, error) {
	c := &call{message: id}
	var list string
	n := message.Notice{Now: p.now}
	if err := p.tx.QueryRow(`UPDATE messages SET edit = 2 WHERE id = ? RETURNING telegram_id, kind, part, parts, instances`, id).
		Scan(&c.edits, &n.Kind, &n.Part, &n.Parts, &list); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(list), &c.listed); err != nil {
		return nil, err
	}
	c.kind, c.part = n.Kind, n.Part
	var seen []viewed
	for _, l := range c.listed {
		v, err := p.views(`FROM instances i JOIN views v ON v.instance = i.id AND v.chat = ?1 WHERE i.id = ?2`, l.ID)
		if err != nil {
			return nil, err
		}
		seen = append(seen, v...)
	}
	if len(seen) == 0 {
		_, err := p.tx.Exec(`UPDATE messages SET edit = 0 WHERE id = ?`, id)
		return nil, err
	}
	n.Items = items(seen)
	m, err := p.formatter.Edit(n)
	c.content = outgoing(m)
	return c, err
}
