package spool

import (
	"cmp"
	"slices"
	"time"
)

// Others selects the calls that are due of other groups.
type Others struct {
	Groups []string // the groups to leave out
	News   bool     // only new messages that are no replies
	Newest bool     // the latest first, instead of the most urgent
}

// Of returns the calls that o selects.
func (o Others) Of(dues Dues) (list Dues) {
	for _, d := range dues {
		news := d.Class == DuePart || d.Class == DueAlert || d.Class == DueReminder
		if (news || !o.News) && !slices.Contains(o.Groups, d.Group) {
			list = append(list, d)
		}
	}
	if !o.Newest || len(list) == 0 {
		return list
	}
	return Dues{slices.MaxFunc(list, func(a, b Due) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.order, b.order)) })}
}

// AnyOther reports whether a call that o selects is due.
func (t *Tx) AnyOther(chat string, ownOnly bool, urgent int, o Others) (bool, error) {
	dues, _, err := t.Dues(chat, ownOnly, urgent, time.Now())
	return len(o.Of(dues)) > 0, err
}
