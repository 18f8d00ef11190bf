package main

import (
	"errors"
	"fmt"
)

// held holds the peak values during some runs.
type held struct {
	runs, failed      int     // since the start
	memory            float64 // resident, in MB
	files, goroutines float64
}

// with adds the present values of the checker.
func (h held) with(m map[string]float64) held {
	return held{
		int(m["arbitrage_preflight_runs_total"]), int(m["failed"]),
		max(h.memory, m["process_resident_memory_bytes"]/1e6),
		max(h.files, m["process_open_fds"]), max(h.goroutines, m["go_goroutines"]),
	}
}

func (h held) String() string {
	return fmt.Sprintf("%10d %12d %9.1f MB %12.0f %10.0f", h.runs, h.failed, h.memory, h.files, h.goroutines)
}

// maxMemory is the limit of resident memory, in MB.
const maxMemory = 30

// judge compares the second half of the runs with the first, without the first
// tenth, which fills caches and pools. The values vary within a run; a leak in
// each run would add thousands.
func judge(tenths []held) error {
	half := len(tenths) / 2
	first, second := peak(tenths[:half]), peak(tenths[half:])
	var errs []error
	flat := func(what string, before, after, tolerance float64) {
		if after > before+tolerance {
			errs = append(errs, fmt.Errorf("%s grow: %.1f at most in the first half of the runs, %.1f in the second", what, before, after))
		}
	}
	flat("MB of resident memory", first.memory, second.memory, 0.1*first.memory)
	flat("open files", first.files, second.files, 10)
	flat("goroutines", first.goroutines, second.goroutines, 20)
	if most := max(first.memory, second.memory); most >= maxMemory {
		errs = append(errs, fmt.Errorf("%.1f MB are resident, %d is the limit", most, maxMemory))
	}
	if second.failed > 0 {
		errs = append(errs, fmt.Errorf("%d checks failed", second.failed))
	}
	if errs != nil {
		fmt.Println("FAIL")
		return errors.Join(errs...)
	}
	fmt.Printf("PASS: flat, %.1f MB, %.0f open files and %.0f goroutines at most, no check failed\n",
		max(first.memory, second.memory), max(first.files, second.files), max(first.goroutines, second.goroutines))
	return nil
}

// peak returns the highest values.
func peak(some []held) (most held) {
	for _, h := range some {
		most = held{h.runs, max(most.failed, h.failed), max(most.memory, h.memory), max(most.files, h.files), max(most.goroutines, h.goroutines)}
	}
	return most
}
