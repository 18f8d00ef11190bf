package routetree_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/proof/routetree"
)

func loadTimes(t *testing.T, intervals string) *routetree.Times {
	t.Helper()
	tree, err := routetree.Load([]byte("route: {receiver: r}\nreceivers: [{name: r}]\ntime_intervals:\n" + intervals))
	if err != nil {
		t.Fatalf("%v\n%s", err, intervals)
	}
	return tree.Times
}

// Some time intervals contain times only on a day on which the clocks change.
func TestChangeOfClocks(t *testing.T) {
	for _, tt := range []struct {
		interval   string
		idle, full bool
	}{
		// The clocks of Berlin skip the hour from 02:00 on the last Sunday of March.
		{`{times: [{start_time: '02:30', end_time: '03:10'}], weekdays: [sunday], days_of_month: ['25:31'], months: [march], location: Europe/Berlin}`, false, false},
		{`{times: [{start_time: '02:00', end_time: '03:00'}], weekdays: [sunday], days_of_month: ['25:31'], months: [march], location: Europe/Berlin}`, true, false},
		{`{times: [{start_time: '01:59', end_time: '03:00'}], weekdays: [sunday], days_of_month: ['25:31'], months: [march], location: Europe/Berlin}`, false, false},
		{`{weekdays: ['monday:sunday'], location: Australia/Lord_Howe}`, false, true},
		{`{days_of_month: ['31'], months: [february, april]}`, true, false},
		{`{days_of_month: ['-31'], months: [february, april]}`, true, false},
		{`{days_of_month: ['-31:-30'], months: [february, april]}`, false, false},
		{`{days_of_month: ['29'], months: [february], weekdays: [monday]}`, false, false},
		{`{years: ['2020']}`, true, false},
		{`{years: ['2090:2100']}`, false, false},
	} {
		times := loadTimes(t, "  - {name: x, time_intervals: ["+tt.interval+"]}\n")
		if idle, full := times.Idle("x"), times.Full("x"); idle != tt.idle || full != tt.full {
			t.Errorf("%s: idle %t, full %t, want %t and %t", tt.interval, idle, full, tt.idle, tt.full)
		}
	}
	// Clocks that are set back show 02:30 twice. Only the second of these hours is
	// after 01:20 in UTC.
	times := loadTimes(t, `
  - {name: active, time_intervals: [{times: [{start_time: '01:20', end_time: '01:40'}], days_of_month: ['25'], months: [october], years: ['2026:2040']}]}
  - {name: mute, time_intervals: [{times: [{start_time: '02:00', end_time: '02:30'}], location: Europe/Berlin}, {times: [{start_time: '02:35', end_time: '04:00'}], location: Europe/Berlin}]}
`)
	if times.Never([]string{"mute"}, []string{"active"}) {
		t.Error("a route that sends from 02:30 to 02:35 by the winter clock is said never to send")
	}
}

// What is said of all times holds at random times, and at all times near changes
// of the clocks.
func TestRandomTimes(t *testing.T) {
	g := &generator{Rand: rand.New(rand.NewPCG(3, 4))}
	now := time.Now()
	var near []time.Time
	for _, place := range places {
		zone, err := time.LoadLocation(place)
		if err != nil {
			t.Fatal(err)
		}
		for day := range 20 * 365 {
			from := time.Date(now.Year(), now.Month(), now.Day()+day, 0, 0, 0, 0, zone)
			_, at := from.ZoneBounds()
			if at.IsZero() || at.After(from.AddDate(0, 0, 1)) {
				continue
			}
			for minute := range 4 * 60 {
				near = append(near, at.Add(time.Duration(minute-120)*time.Minute))
			}
		}
	}
	for range 2_000 {
		near = append(near, now.Add(time.Duration(g.IntN(20*366*24*60))*time.Minute))
	}
	claimed := map[string]int{}
	intervals := 150
	if race {
		intervals = 10
	}
	for range intervals {
		var b strings.Builder
		for i := range 3 {
			g.interval(&b, fmt.Sprintf("t%d", i))
		}
		times := loadTimes(t, b.String())
		mute, active := []string{"t0"}, []string{"t1"}
		if g.one(3) {
			mute = nil
		}
		if g.one(3) {
			active = nil
		}
		sending, silent := times.Sending(mute, active, times, "t2"), times.Silent(mute, active, times, []string{"t2"})
		for claim, c := range map[string]struct {
			is    bool
			holds func(time.Time) bool
			not   time.Time // a time at which it is said not to hold
		}{
			"never":   {times.Never(mute, active), func(at time.Time) bool { return !times.Sends(mute, active, at) }, time.Time{}},
			"idle":    {times.Idle("t0"), func(at time.Time) bool { return times.Sends([]string{"t0"}, nil, at) }, time.Time{}},
			"full":    {times.Full("t0"), func(at time.Time) bool { return times.Sends(nil, []string{"t0"}, at) }, time.Time{}},
			"silent":  {sending.IsZero(), func(at time.Time) bool { return times.Sends([]string{"t2"}, nil, at) || !times.Sends(mute, active, at) }, sending},
			"covered": {silent.IsZero(), func(at time.Time) bool { return times.Sends(nil, []string{"t2"}, at) || times.Sends(mute, active, at) }, silent},
		} {
			if !c.not.IsZero() && c.holds(c.not) {
				t.Fatalf("mute %v and active %v: %s at %s, which the answer excludes:\n%s", mute, active, claim, c.not, b.String())
			}
			if !c.is {
				continue // the proof has found a time at which it is false
			}
			claimed[claim]++
			for _, at := range near {
				if !c.holds(at) {
					t.Fatalf("%s of mute %v and active %v is false at %s:\n%s", claim, mute, active, at.UTC(), b.String())
				}
			}
		}
	}
	for _, claim := range []string{"never", "idle", "full", "silent", "covered"} {
		if claimed[claim] == 0 && !race {
			t.Errorf("nothing was %s", claim)
		}
	}
}
