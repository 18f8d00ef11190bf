package spool

import "time"

const (
	pruneInstances = `DELETE FROM instances WHERE id IN (SELECT i.id FROM instances i WHERE i.resolved_at < ?1
					AND NOT EXISTS (SELECT 1 FROM views v WHERE v.instance = i.id AND v.pending = 1) LIMIT ?2)`
	pruneArchived = `DELETE FROM instances WHERE id IN (SELECT i.id FROM instances i WHERE i.resolved_at < ?1
					AND NOT EXISTS (SELECT 1 FROM views v WHERE v.instance = i.id AND v.pending = 1)
					AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.instance = i.id) LIMIT ?2)`
	pruneMessages = `DELETE FROM messages WHERE id IN (SELECT m.id FROM messages m WHERE m.created_at < ?1 AND m.state = 'sent' AND m.edit = 0
					AND NOT EXISTS (SELECT 1 FROM views v WHERE v.first_message = m.id OR v.last_message = m.id) LIMIT ?2)`
	pruneJournal = `DELETE FROM journal WHERE seq IN (SELECT seq FROM journal WHERE at < ?1 LIMIT ?2)`
	pruneGroups  = `DELETE FROM groups WHERE key IN (SELECT g.key FROM groups g WHERE g.told_at < ?1
					AND NOT EXISTS (SELECT 1 FROM instances i WHERE i.scope = g.key AND i.resolved_at IS NULL) LIMIT ?2)`
)

// Prune removes rows older than a time, at most limit of each kind. It removes
// instances that every chat shows as resolved. With archived, these must also
// be in the history. It reports whether more such rows may exist.
// Chats that were removed from the configuration before the time are forgotten.
func (t *Tx) Prune(before time.Time, limit int, archived bool) (more bool, err error) {
	instances := pruneInstances
	if archived {
		instances = pruneArchived
	}
	for _, prune := range []string{instances, pruneMessages, pruneJournal, pruneGroups, pruneAside, pruneFlaps, pruneClusters} {
		r, err := t.exec(prune, before.UnixMicro(), limit)
		if err != nil {
			return false, err
		}
		n, err := r.RowsAffected()
		if err != nil {
			return false, err
		}
		more = more || n >= int64(limit)
	}
	return more, t.forgetRemoved(before)
}
