package spool

import (
	"time"
)

const (
	noteCluster = `INSERT INTO chat_clusters (chat, cluster, at) SELECT ?1, cluster, ?3 FROM instances WHERE id = ?2 AND cluster <> ''
		ON CONFLICT DO UPDATE SET at = excluded.at WHERE excluded.at > at + 86400000000`
	clustersOfChat = `SELECT count(*) FROM chat_clusters WHERE chat = ?`
	openElsewhere  = `SELECT i.id FROM views v JOIN instances i ON i.id = v.instance WHERE v.chat = ?1 AND v.shown = 1 AND i.resolved_at IS NULL
		AND i.cluster <> (SELECT cluster FROM instances WHERE id = ?2)`
	noteAllClusters = `INSERT INTO chat_clusters (chat, cluster, at) SELECT v.chat, i.cluster, ?2 FROM views v JOIN instances i ON i.id = v.instance
		WHERE v.chat = ?1 AND i.cluster <> '' GROUP BY i.cluster ON CONFLICT DO NOTHING`
	renameClusters = `UPDATE OR REPLACE chat_clusters SET chat = ?1 WHERE chat = ?2`
	deleteClusters = `DELETE FROM chat_clusters WHERE chat = ?`
	pruneClusters  = `DELETE FROM chat_clusters WHERE at < ?1 AND ?2 > 0`
)

// noteCluster records that a chat is to show an alert of a cluster. If that is the
// second one, the messages about the first get its name by an edit.
func (t *Tx) noteCluster(chat string, instance int64) error {
	var before, after int
	if err := t.queryRow(clustersOfChat, chat).Scan(&before); err != nil {
		return err
	}
	r, err := t.exec(noteCluster, chat, instance, time.Now().UnixMicro())
	if err != nil || before != 1 {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return err
	}
	if err := t.queryRow(clustersOfChat, chat).Scan(&after); err != nil || after != 2 {
		return err
	}
	rows, err := t.query(openElsewhere, chat, instance)
	list, err := collect(rows, err, scanID)
	if err != nil {
		return err
	}
	for _, id := range list {
		if err := t.showAgain(id, []string{chat}); err != nil {
			return err
		}
	}
	return nil
}

// noteClusters records the clusters of all alerts that a chat is to show.
func (t *Tx) noteClusters(chat string) error {
	_, err := t.exec(noteAllClusters, chat, time.Now().UnixMicro())
	return err
}

// SeveralClusters reports whether a chat was to show alerts of more than one cluster of
// Alertmanagers within the retention.
func (t *Tx) SeveralClusters(chat string) (bool, error) {
	var n int
	err := t.queryRow(clustersOfChat, chat).Scan(&n)
	return n > 1, err
}
