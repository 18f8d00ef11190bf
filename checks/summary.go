package checks

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/fatih/color"
)

// Terminal shows a run to a person: a line a check as it finishes, what is
// wrong with what, and the summary.
type Terminal struct {
	Out   io.Writer
	Color bool
	Total int  // checks
	Quiet bool // only what is wrong, and no summary when nothing is
}

// Progress prints the line of the i-th check and of its problems.
func (t Terminal) Progress(i int, r Result) {
	if t.Quiet && r.Status != Warn && r.Status != Fail {
		return
	}
	fmt.Fprintf(t.Out, "[%d/%d] %s … %s\n", i+1, t.Total, r.Check, t.status(r.Status))
	for _, o := range r.Observations {
		switch {
		case o.Status == Warn || o.Status == Fail:
			fmt.Fprintf(t.Out, "      %s: %s (%s)\n", o.Target, o.Detail, o.Reason)
			if o.Remedy != "" {
				fmt.Fprintf(t.Out, "        → %s\n", o.Remedy)
			}
		case o.Latency > 0:
			fmt.Fprintf(t.Out, "      %s: %s in %s\n", o.Target, o.Detail, o.Latency.Round(100*time.Microsecond))
		}
	}
	if r.Why != "" {
		fmt.Fprintf(t.Out, "      %s\n", r.Why)
	}
}

// Summary prints the counts and the verdict.
func (t Terminal) Summary(r Report) {
	if t.Quiet && r.Count(Warn)+r.Count(Fail) == 0 {
		return
	}
	fmt.Fprintf(t.Out, "\nTotal: %d / PASS: %d / FAIL: %d / WARN: %d / SKIP: %d\n",
		len(r.Results), r.Count(Pass), r.Count(Fail), r.Count(Warn), r.Count(Skip))
	verdict := "False"
	if r.Ready() {
		verdict = "True"
	}
	fmt.Fprintf(t.Out, "Ready for LIVE: %s\n", verdict)
}

// status is the word for a status, coloured on a terminal.
func (t Terminal) status(s Status) string {
	c := color.New(map[Status][]color.Attribute{
		Pass: {color.FgGreen, color.Bold}, Warn: {color.FgYellow, color.Bold}, Fail: {color.FgRed, color.Bold}, Skip: {color.Faint},
	}[s]...)
	if t.Color {
		c.EnableColor()
	} else {
		c.DisableColor()
	}
	return c.Sprint(strings.ToUpper(string(s)))
}
