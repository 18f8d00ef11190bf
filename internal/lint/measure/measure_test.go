package measure_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/internal/lint/measure"
)

var kinds = []string{"", " time", " bytes", " %", " percentile", " runs", " intervals", " scrapes", " times"}

func TestRead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"for three intervals, in six runs, after two scrapes, three times", "3 intervals, 6 runs, 2 scrapes, 3 times"},
		{"the last six run intervals, two consecutive runs, a five-minute window", "6 runs, 2 runs, 5 time"},
		{"One minute; twelve hours; thirty seconds", "1 time, 12 time, 30 time"},
		{"세 주기 동안, 여섯 번 연속, 두 시간, 3주기, 5회", "3 intervals, 6 times, 2 time, 3 intervals, 5 times"},
		{"두시간 뒤, 한번, 네 시간마다", "2 time, 1 times, 4 time"},
		{"5~10분, 5-10 minutes", "5 time, 10 time, 5 time, 10 time"},

		{"one of them; the other two; two databases; one that runs; two run on a host", ""},
		{"one or two minutes, in a minute or two", ""},
		{"twenty four hours", ""},
		{"three times as slow, two times faster, ten times the load", ""},
		{"세 번째 시도, 3번째, 3분의 2, 한 일", ""},
		{"5 초과, 3 주의, 값이 7일 때", "5, 3, 7"},
		{"두 데이터베이스, 세션, 한국, 세일", ""},
		{"`two runs` and {{ two runs }}", ""},
	} {
		var got []string
		for _, n := range measure.Read(tt.text) {
			got = append(got, fmt.Sprint(n.Value, kinds[n.Unit.Kind]))
		}
		if d := cmp.Diff(tt.want, strings.Join(got, ", ")); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, d)
		}
	}
}

// A number after a comparison is a bound, but a duration is not.
func TestBound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want bool
	}{
		{"is over 5 minutes behind", true},
		{"takes longer than 5 minutes", true},
		{"has waited more than five minutes", true},
		{"below 5 minutes", true},
		{"down for more than 5 minutes", false},
		{"down for well over 5 minutes", false},
		{"has been slow for over 5 minutes", false},
		{"has been slow more than 5 minutes", false},
		{"over the last 5 minutes", false},
		{"in the past 5 minutes", false},
		{"for 5 minutes", false},
		{"5 minutes", false},
	} {
		got := measure.Read(tt.text)
		if len(got) != 1 || got[0].Bound != tt.want {
			t.Errorf("%s: got %+v, want Bound: %v", tt.text, got, tt.want)
		}
	}
}

// Contradict compares a translation with its text. The generator's tests have
// more cases.
func TestContradict(t *testing.T) {
	t.Parallel()
	text, translation := "over 5 minutes, for two runs", "15분 넘게, 세 번"
	var got []string
	for _, c := range measure.Contradict(text, translation) {
		got = append(got, translation[c.From:c.To]+": "+c.Has)
	}
	if want := []string{`15: "5 minutes"`, `세: "two runs"`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A translation into a language with unknown units is compared by value.
func TestContradictInOtherLanguages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, translation string
		want              int
	}{
		{"over 5 minutes", "seit über 5 Minuten", 0},
		{"over half an hour", "seit über 30 Minuten", 0},
		{"over 1.5 hours", "seit über 1,5 Stunden", 0},
		{"over 5 minutes, 7 errors", "über 5 Minuten, 8 Fehler", 1},
	} {
		if got := measure.Contradict(tt.text, tt.translation); len(got) != tt.want {
			t.Errorf("%s, %s: got %v", tt.text, tt.translation, got)
		}
	}
}
