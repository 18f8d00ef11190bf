package history

import (
	"context"
	"iter"

	"github.com/alertnative/preflight/webhook/spool"
)

// Spooled yields the records of a spool while it reads them, in the order of the
// starts. Label is the label of alerts that holds the severity. After an error
// no record follows. Spooled only reads and creates no file. It
// works while the webhook uses the spool.
func Spooled(ctx context.Context, path, label string, f Filter) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for r, err := range spool.EachRecord(ctx, path, label, f.Since) {
			if err == nil && !f.Match(r) {
				continue
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// FromSpool returns the records that [Spooled] yields, in the order of
// [Store.List].
func FromSpool(ctx context.Context, path, label string, f Filter) ([]Record, error) {
	records, err := collect(Spooled(ctx, path, label, f))
	Sort(records)
	return records, err
}
