package spool

import "encoding/json"

// The classes up to DueReminder are new messages.
const otherCalls = selectDue + ` WHERE (class <= 2 OR NOT ?5) AND group_key NOT IN (SELECT value FROM json_each(?6))
	ORDER BY CASE WHEN ?7 THEN -at END, CASE WHEN ?7 THEN -id END, urgency, class, at, id LIMIT 1`

// Others selects the calls that are due of other groups.
type Others struct {
	Groups []string // the groups to leave out
	News   bool     // only new messages that are no replies
	Newest bool     // the latest first, instead of the most urgent
}

// MostUrgentOther is [Tx.MostUrgent] for the calls that o selects.
func (t *Tx) MostUrgentOther(chat string, ownOnly bool, urgent int, o Others) (d Due, ok bool, err error) {
	groups, err := json.Marshal(o.Groups)
	if err != nil {
		return d, false, err
	}
	return t.firstDue(otherCalls, chat, ownOnly, urgent, LowestRank, o.News, string(groups), o.Newest)
}
