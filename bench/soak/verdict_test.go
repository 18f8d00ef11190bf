package main

import (
	"strings"
	"testing"
)

func TestVerdict(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(tenth int, h *held)
		want   string // part of the error; "" for no error
	}{
		"flat":              {func(int, *held) {}, ""},
		"it varies":         {func(i int, h *held) { h.memory, h.files = 27+float64(i%2), 30+float64(i%2*5) }, ""},
		"memory grows":      {func(i int, h *held) { h.memory = 15 + float64(i) }, "MB of resident memory grow: 19.0 at most in the first half of the runs, 24.0"},
		"files grow":        {func(i int, h *held) { h.files += 1000 * float64(i) }, "open files grow"},
		"goroutines grow":   {func(i int, h *held) { h.goroutines += 1000 * float64(i) }, "goroutines grow"},
		"too much, if flat": {func(_ int, h *held) { h.memory = 31 }, "31.0 MB are resident, 30 is the limit"},
		"a check failed":    {func(i int, h *held) { h.failed = i / 9 }, "1 checks failed"},
	} {
		var tenths []held
		for i := range 10 {
			h := held{runs: 1000 * (i + 1), memory: 28, files: 36, goroutines: 58}
			tt.change(i, &h)
			tenths = append(tenths, h)
		}
		err := judge(tenths)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
	}
}
