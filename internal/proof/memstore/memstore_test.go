package memstore_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/alertnative/preflight/internal/proof/memstore"
)

// read returns the samples of a series as a query reads them.
func read(s storage.Series) string {
	var out []string
	it := s.Iterator(nil)
	for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
		if kind == chunkenc.ValFloatHistogram {
			t, h := it.AtFloatHistogram(nil)
			out = append(out, fmt.Sprintf("%d:%s", t, h.TestExpression()))
			continue
		}
		t, v := it.At()
		out = append(out, fmt.Sprintf("%d:%v", t, v))
	}
	return strings.Join(out, " ")
}

func all(x *memstore.Series) string {
	return read(memstore.Entry(x.Labels, x.Between(math.MinInt64, memstore.Forever)))
}

func put(t *testing.T, x *memstore.Series, samples ...float64) {
	t.Helper()
	for i := 0; i < len(samples); i += 2 {
		if err := x.Put(int64(samples[i]), samples[i+1], nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEqualSamplesAreOneStretch(t *testing.T) {
	t.Parallel()
	x := &memstore.Series{}
	put(t, x, 0, 1, 10, 1, 20, 1, 30, 2, 40, 2, 60, 2, 80, 2)
	if got, want := all(x), "0:1 10:1 20:1 30:2 40:2 60:2 80:2"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if len(x.Stretches) != 3 {
		t.Errorf("%d stretches", len(x.Stretches))
	}
	put(t, x, 20, 1, 60, 2) // both samples exist already
	if err := x.Put(20, 2, nil); !errors.Is(err, storage.ErrDuplicateSampleForTimestamp) {
		t.Errorf("error %v", err)
	}
}

func TestPutBetweenSamples(t *testing.T) {
	t.Parallel()
	x := &memstore.Series{}
	put(t, x, 0, 1, 10, 1, 20, 1, 15, 7, 5, 1, 25, 1, -5, 3)
	if got, want := all(x), "-5:3 0:1 5:1 10:1 15:7 20:1 25:1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestBetween(t *testing.T) {
	t.Parallel()
	x := &memstore.Series{Stretches: []memstore.Stretch{
		{From: 0, Every: 10, Until: 45, Value: 1},
		{From: 45, Every: 10, Until: memstore.Forever, Value: 2},
	}}
	for _, tt := range []struct {
		mint, maxt int64
		want       string
	}{
		{0, 20, "0:1 10:1 20:1"},
		{1, 19, "10:1"},
		{11, 19, ""},
		{31, 66, "40:1 45:2 55:2 65:2"},
		{-50, -1, ""},
		{1000, 1010, "1005:2"},
	} {
		if got := read(memstore.Entry(labels.EmptyLabels(), x.Between(tt.mint, tt.maxt))); got != tt.want {
			t.Errorf("%d to %d: %s, want %s", tt.mint, tt.maxt, got, tt.want)
		}
	}
	x.Cut(50)
	if got, want := all(x), "0:1 10:1 20:1 30:1 40:1 45:2"; got != want {
		t.Errorf("cut: %s, want %s", got, want)
	}
	x.Cut(30)
	if got, want := all(x), "0:1 10:1 20:1"; got != want {
		t.Errorf("cut again: %s, want %s", got, want)
	}
}

func TestIteratorSeek(t *testing.T) {
	t.Parallel()
	x := &memstore.Series{}
	put(t, x, 0, 1, 10, 2, 20, 3, 30, 3, 40, 3, 50, 4)
	it := memstore.Entry(x.Labels, x.Between(0, 100)).Iterator(nil)
	for _, want := range []int64{10, 40, 50} {
		if kind := it.Seek(want - 3); kind != chunkenc.ValFloat || it.AtT() != want {
			t.Errorf("at %d, want %d", it.AtT(), want)
		}
	}
	if it.Seek(51) != chunkenc.ValNone {
		t.Error("there is a sample after the last")
	}
}

// Find returns copies of histograms, because queries may change them.
func TestHistogramsAreCopied(t *testing.T) {
	t.Parallel()
	x := &memstore.Series{}
	given := &histogram.FloatHistogram{Count: 4, Sum: 2}
	for at := range int64(3) {
		if err := x.Put(at, 0, given); err != nil {
			t.Fatal(err)
		}
	}
	given.Count = 1
	entry := memstore.Entry(x.Labels, x.Between(0, 10))
	it := entry.Iterator(nil)
	it.Next()
	_, h := it.AtFloatHistogram(nil)
	h.Count = 60
	const want = "0:{{count:4 sum:2}} 1:{{count:4 sum:2 counter_reset_hint:not_reset}} 2:{{count:4 sum:2 counter_reset_hint:not_reset}}"
	if got := read(entry); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestSelect(t *testing.T) {
	t.Parallel()
	set := memstore.NewSet()
	for _, l := range []labels.Labels{
		labels.FromStrings("__name__", "up", "job", "b"),
		labels.FromStrings("__name__", "up", "job", "a"),
		labels.FromStrings("__name__", "down", "job", "a"),
	} {
		put(t, set.Series(l), 0, 1)
	}
	querier := memstore.NewQuerier(0, 10, func(_ context.Context, hints *storage.SelectHints, matchers []*labels.Matcher) []storage.Series {
		var out []storage.Series
		for _, x := range set.Select(matchers) {
			out = append(out, memstore.Entry(x.Labels, x.Between(hints.Start, hints.End)))
		}
		return out
	})
	for _, tt := range []struct {
		matcher *labels.Matcher
		want    []string
	}{
		{labels.MustNewMatcher(labels.MatchEqual, "__name__", "up"), []string{`{__name__="up", job="a"}`, `{__name__="up", job="b"}`}},
		{labels.MustNewMatcher(labels.MatchEqual, "job", "a"), []string{`{__name__="down", job="a"}`, `{__name__="up", job="a"}`}},
		{labels.MustNewMatcher(labels.MatchRegexp, "__name__", "u.*"), []string{`{__name__="up", job="a"}`, `{__name__="up", job="b"}`}},
		{labels.MustNewMatcher(labels.MatchEqual, "__name__", "none"), nil},
	} {
		var got []string
		found := querier.Select(t.Context(), true, nil, tt.matcher)
		for found.Next() {
			got = append(got, found.At().Labels().String())
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.matcher, d)
		}
	}
	if x := set.Find(labels.FromStrings("__name__", "up", "job", "c")); x != nil {
		t.Errorf("found %s", x.Labels)
	}
}
