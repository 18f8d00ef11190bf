package checker

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/fatih/color"

	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/internal/columns"
)

// terminal shows a run to a person: one line per finished check, the problems,
// the summary, and the remedies.
type terminal struct {
	Out   io.Writer
	Color bool
	// Width is the number of columns of the terminal. It is 0 for other
	// outputs, which are not aligned, wrapped or overwritten.
	Width    int
	Specs    []spec.Spec // specs of the run's checks, in order
	Quiet    bool        // only problems and skipped checks, and no summary without problems
	Language string
}

// indent precedes the lines of a check's problems.
const indent = "      "

// start shows the first check.
func (t terminal) start() { t.await(0) }

// await shows the i-th check without its status, which overwrites it later.
func (t terminal) await(i int) {
	if t.Width > 0 && !t.Quiet && i < len(t.Specs) {
		fmt.Fprint(t.Out, t.heading(i))
	}
}

// heading returns the line of the i-th check without its status.
func (t terminal) heading(i int) string {
	name := t.Specs[i].In(t.Language).Name
	if t.Width > 0 {
		longest := 0
		for _, s := range t.Specs {
			longest = max(longest, columns.Of(s.In(t.Language).Name))
		}
		name = columns.Pad(name, longest)
	}
	return fmt.Sprintf("[%d/%d] %s … ", i+1, len(t.Specs), name)
}

// progress prints the line of the i-th check and of its problems.
func (t terminal) progress(i int, r Result) {
	if t.Quiet && r.Status != Warn && r.Status != Fail {
		return
	}
	if t.Width > 0 && !t.Quiet {
		fmt.Fprint(t.Out, "\r\x1b[K") // overwrite the line of [terminal.await]
	}
	measured := ""
	if len(r.Observations) == 1 && r.Status == Pass && r.Observations[0].Measured != nil {
		measured = " " + r.Observations[0].Measured.in(t.Language)
	}
	fmt.Fprintf(t.Out, "%s%s%s\n", t.heading(i), t.status(r.Status), measured)
	for _, o := range r.Observations {
		switch {
		case o.Status == Warn || o.Status == Fail:
			t.line(indent, t.problem(t.Specs[i], o))
		case measured != "":
		case o.Measured != nil:
			t.line(indent, o.Target+": "+o.Measured.in(t.Language))
		case o.Latency > 0:
			t.line(indent, fmt.Sprintf("%s: %s in %s", o.Target, o.Detail, o.Latency.Round(100*time.Microsecond)))
		}
	}
	if r.Why != "" {
		t.line(indent, t.why(r))
	}
	t.await(i + 1)
}

// why returns the reason for which a check was skipped.
func (t terminal) why(r Result) string {
	return cmp.Or(wordsIn(t.Language).why[r.Why], r.Why)
}

// skipped names the skipped checks, for a quiet run. They are why it exits with
// another status than a ready one.
func (t terminal) skipped(r Report, before string) {
	byReason := map[string][]string{}
	var reasons []string
	for i, result := range r.Results {
		if result.Status != Skip {
			continue
		}
		why := t.why(result)
		if byReason[why] == nil {
			reasons = append(reasons, why)
		}
		byReason[why] = append(byReason[why], t.Specs[i].In(t.Language).Name)
	}
	if len(reasons) == 0 {
		return
	}
	fmt.Fprintf(t.Out, "%s%s\n", before, wordsIn(t.Language).skipped)
	for _, why := range reasons {
		t.line("  ", fmt.Sprintf("%s (%s)", strings.Join(byReason[why], ", "), why))
	}
}

// problem describes a target's problem. The detail comes from the target or a
// library and is not translated.
func (t terminal) problem(s spec.Spec, o Observation) string {
	if t.Language == korean {
		return fmt.Sprintf("%s: %s (%s): %s", o.Target, s.In(korean).Reason(o.Reason).Meaning, o.Reason, o.Detail)
	}
	return fmt.Sprintf("%s: %s (%s)", o.Target, o.Detail, o.Reason)
}

// summary prints the counts, the verdict and the remedies.
func (t terminal) summary(r Report) {
	if t.Quiet && r.Count(Warn)+r.Count(Fail) == 0 {
		t.skipped(r, "")
		return
	}
	if t.Quiet {
		defer t.skipped(r, "\n")
	}
	w := wordsIn(t.Language)
	fmt.Fprintf(t.Out, "\n"+w.summary+"\n", len(r.Results), r.Count(Pass), r.Count(Fail), r.Count(Warn), r.Count(Skip))
	verdict := w.no
	if r.Ready() {
		verdict = w.yes
	}
	fmt.Fprintf(t.Out, w.ready+"\n", verdict)
	if r.Count(Warn)+r.Count(Fail) == 0 {
		return
	}
	fmt.Fprintf(t.Out, "\n%s\n", w.todo)
	for i, result := range r.Results {
		check := t.Specs[i].In(t.Language)
		for _, o := range result.Observations {
			if o.Status == Warn || o.Status == Fail {
				t.line("  ", fmt.Sprintf("%s, %s: %s", check.Name, o.Target, check.Reason(o.Reason).Remedy))
			}
		}
	}
}

// line prints a text in one write, wrapped at the terminal's width.
func (t terminal) line(indent, text string) {
	var b strings.Builder
	column := columns.Of(indent)
	b.WriteString(indent)
	for i, word := range strings.Split(text, " ") {
		n := columns.Of(word)
		switch {
		case i == 0:
		case t.Width > 0 && column+1+n > t.Width:
			b.WriteString("\n" + indent + "  ")
			column = columns.Of(indent) + 2
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	b.WriteByte('\n')
	_, _ = io.WriteString(t.Out, b.String())
}

// status returns the word for a status, coloured on a terminal.
func (t terminal) status(s Status) string {
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
