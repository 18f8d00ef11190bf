package spool

const (
	markTouched   = `UPDATE touched SET before = 1 WHERE instance NOT IN (SELECT instance FROM outbox)`
	recopyTouched = `INSERT INTO outbox (instance) SELECT instance FROM touched WHERE before = 1 ON CONFLICT DO NOTHING`
	untouched     = `DELETE FROM touched WHERE instance = ?1 AND (before = 0 OR ?2) AND instance NOT IN (SELECT instance FROM outbox)`

	// The version before stored an instance as if it had no chat. Its record has no
	// other end once the alert is over in all chats.
	overEverywhere = `SELECT EXISTS (SELECT 1 FROM touched WHERE instance = i.id AND before = 1) AND NOT EXISTS (SELECT 1 FROM instances o
		WHERE o.fingerprint = i.fingerprint AND o.starts_at = i.starts_at AND o.cluster = i.cluster AND o.resolved_at IS NULL)
		FROM instances i WHERE i.id = ?`
)

// Recopy makes the instances due for the history that a version before copied under
// another id. It must be called before the first [Tx.Changes].
func (t *Tx) Recopy() error {
	if _, err := t.exec(markTouched); err != nil {
		return err
	}
	_, err := t.exec(recopyTouched)
	return err
}

// overEverywhere reports whether an instance that a version before copied is over in
// all chats.
func (t *Tx) overEverywhere(instance int64) (over bool, err error) {
	return over, t.queryRow(overEverywhere, instance).Scan(&over)
}
