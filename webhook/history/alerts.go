package history

import (
	"cmp"
	"iter"
	"slices"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/state"
)

// Alerts yields each episode of an alert once, with the deliveries to all of its chats.
// The history has a record of it for each chat. The records must be in the order of
// their starts. An alert that is open in a chat has no end.
func Alerts(records iter.Seq2[Record, error]) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		var same []Record // with one start
		places := map[key]int{}
		flush := func() bool {
			for _, r := range same {
				if !yield(r, nil) {
					return false
				}
			}
			same = same[:0]
			clear(places)
			return true
		}
		for r, err := range records {
			if err != nil {
				if flush() {
					yield(r, err)
				}
				return
			}
			if len(same) > 0 && !same[0].StartsAt.Equal(r.StartsAt) && !flush() {
				return
			}
			k := key{r.Cluster, r.Fingerprint, r.Episode}
			if i, known := places[k]; known {
				same[i] = merged(same[i], r)
				continue
			}
			places[k] = len(same)
			same = append(same, r)
		}
		flush()
	}
}

// key identifies an episode among those with its start.
type key struct {
	cluster, fingerprint string
	episode              int
}

// merged returns the record of an episode in the chats of two.
func merged(a, b Record) Record {
	if b.EndsAt == nil || a.EndsAt != nil && b.EndsAt.After(*a.EndsAt) { // the state that lasts longest
		a.EndsAt, a.Closed, a.ResolutionAt = b.EndsAt, b.Closed, b.ResolutionAt
	}
	if b.ReceivedAt.Before(a.ReceivedAt) {
		a.ReceivedAt = b.ReceivedAt
	}
	if loudness(b.Notify) > loudness(a.Notify) {
		a.Notify = b.Notify
	}
	a.Deliveries = slices.SortedFunc(slices.Values(slices.Concat(a.Deliveries, b.Deliveries)), func(x, y Delivery) int {
		return cmp.Or(cmp.Compare(x.Chat, y.Chat), cmp.Compare(overAt(x), overAt(y)))
	})
	// A version before has a record of its own of a chat.
	a.Deliveries = slices.CompactFunc(a.Deliveries, func(x, y Delivery) bool { return x.Chat == y.Chat })
	return a
}

// overAt orders deliveries: those of an end first.
func overAt(d Delivery) int {
	if d.ResolvedAt == nil {
		return 1
	}
	return 0
}

func loudness(notify string) state.Loudness { return state.LoudnessOf(api.Sound(notify)) }
