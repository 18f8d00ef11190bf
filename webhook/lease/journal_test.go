package lease_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/testing/testservers"
	"github.com/alertnative/preflight/webhook/lease"
)

func theJournalHasOneOrder(t *testing.T, postgres *testservers.Postgres) {
	const replicas, each, readers = 4, 50, 2
	stores := open(t, postgres, replicas)
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	var writing, reading sync.WaitGroup
	for i, s := range stores {
		writing.Go(func() {
			for seq := range each {
				e := lease.Event{Replica: fmt.Sprint(i), Seq: int64(seq + 1), At: at, Kind: "k", Body: []byte{0, byte(seq)}}
				// A second time changes nothing.
				if err := errors.Join(s.Push(t.Context(), []lease.Event{e}), s.Push(t.Context(), []lease.Event{e})); err != nil {
					t.Error(err)
				}
			}
		})
	}
	// Concurrent readers miss no event.
	got := make([][]lease.Event, readers)
	for r := range readers {
		reading.Go(func() {
			for place := int64(0); len(got[r]) < (replicas-1)*each && t.Context().Err() == nil; {
				events, upTo, err := stores[r].Pull(t.Context(), fmt.Sprint(r), place)
				if err != nil {
					t.Error(err)
					return
				}
				got[r], place = append(got[r], events...), upTo
			}
		})
	}
	writing.Wait()
	reading.Wait()
	for r, events := range got {
		next := map[string]int64{}
		for _, e := range events {
			if next[e.Replica]++; e.Seq != next[e.Replica] || e.Replica == fmt.Sprint(r) || !e.At.Equal(at) || int64(e.Body[1]) != e.Seq-1 {
				t.Fatalf("reader %d got %+v, not event %d", r, e, next[e.Replica])
			}
		}
		if !slices.IsSortedFunc(events, func(a, b lease.Event) int { return int(a.ID - b.ID) }) {
			t.Errorf("reader %d got them in no order", r)
		}
	}
	other, err := stores[0].Beat(t.Context(), lease.Beat{Replica: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if err := stores[0].Prune(t.Context(), at.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if events, upTo, err := stores[0].Pull(t.Context(), "x", 0); err != nil || len(events) != 0 || upTo != 0 {
		t.Errorf("after pruning %d events up to %d are left, %v", len(events), upTo, err)
	}
	if other.Last < replicas*each || other.Journal == 0 {
		t.Errorf("the journal is %d, its last entry %d", other.Journal, other.Last)
	}
}

func largeEventsComeInPages(t *testing.T, postgres *testservers.Postgres) {
	s := open(t, postgres, 1)[0]
	for seq := range 3 {
		if err := s.Push(t.Context(), []lease.Event{{Replica: "a", Seq: int64(seq), Kind: "k", Body: make([]byte, 3<<20)}}); err != nil {
			t.Fatal(err)
		}
	}
	var pages []int
	for place := int64(0); ; {
		events, upTo, err := s.Pull(t.Context(), "b", place)
		if err != nil {
			t.Fatal(err)
		}
		if upTo == place {
			break
		}
		pages, place = append(pages, len(events)), upTo
	}
	if !slices.Equal(pages, []int{2, 1}) {
		t.Errorf("the pages have %v events", pages)
	}
}

func additionsAreAnnounced(t *testing.T, postgres *testservers.Postgres) {
	stores := open(t, postgres, 2)
	ctx, cancel := context.WithCancel(t.Context())
	added := make(chan struct{}, 100)
	listening := make(chan error)
	go func() { listening <- stores[0].Listen(ctx, func() { added <- struct{}{} }) }()
	for seq := int64(1); ; seq++ { // until it listens
		if err := stores[1].Push(t.Context(), []lease.Event{{Replica: "b", Seq: seq, Kind: "k", Body: []byte("{}")}}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-added:
			cancel()
			if err := <-listening; err == nil {
				t.Error("it ended without a reason")
			}
			return
		case err := <-listening:
			t.Fatal(err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
