package checker

import (
	"fmt"
	"strings"
	"time"
)

// demand holds the requirements on evidence.
type demand struct {
	Env    string
	MaxAge time.Duration
	// Subject is the present subject. The host is compared only with SameHost.
	Subject  Subject
	SameHost bool
	Now      time.Time
}

// notReadyError reports that the run found the system not ready.
type notReadyError struct{ Evidence Evidence }

func (e *notReadyError) Error() string {
	return fmt.Sprintf("%s is not ready:\n  %s", e.Evidence.Env, strings.Join(e.why(), "\n  "))
}

func (e *notReadyError) why() []string {
	why := e.Evidence.problems()
	if !e.Evidence.RealCheck {
		why = append(why, "the run was without --real-check")
	}
	return why
}

// clockTolerance is the allowed time by which a run may have ended in the
// future, because clocks are adjusted.
const clockTolerance = 5 * time.Second

// meet returns nil if the evidence has the same environment, commit and
// configuration, is young enough, and reports a ready system. It returns a
// [*notReadyError] if the system was not ready; other errors explain why the
// evidence is not valid.
func (d demand) meet(e Evidence) error {
	age := d.Now.Sub(e.Finished)
	switch {
	case e.Env != d.Env:
		return fmt.Errorf("the evidence is for %s, not for %s", e.Env, d.Env)
	case e.ConfigDigest != d.Subject.ConfigDigest:
		return fmt.Errorf("the evidence is for another configuration: %s has changed since the run of %s (%s)",
			d.Subject.Config, stamp(e.Finished), e.Config)
	case e.Commit != d.Subject.Commit:
		return fmt.Errorf("the evidence is for another commit: it is for %s, but %s is checked out",
			orNone(e.Commit), orNone(d.Subject.Commit))
	case e.Tree != d.Subject.Tree:
		return fmt.Errorf("the evidence is for other files: files of the checkout that differ from the commit %s have changed since the run of %s", orNone(e.Commit), stamp(e.Finished))
	case d.SameHost && e.Host != d.Subject.Host:
		return fmt.Errorf("the evidence is of another machine: of %s, and this is %s", e.Host, d.Subject.Host)
	case age < -clockTolerance:
		return fmt.Errorf("the evidence is from the future: the run ended at %s, but now is %s: check the clock", stamp(e.Finished), stamp(d.Now))
	case age > d.MaxAge:
		return fmt.Errorf("the evidence is too old: the run ended at %s, %s ago, but only %s is allowed", stamp(e.Finished), age.Round(time.Second), d.MaxAge)
	case !e.ReadyForLive:
		return &notReadyError{e}
	}
	return nil
}

// changed returns an error if a check that the gate repeated has a worse result
// than in the evidence.
func changed(e Evidence, again Report) error {
	then := map[string]Status{}
	for _, r := range e.Results {
		for _, t := range r.Targets {
			then[r.Check+"\x00"+t.Target] = t.Status
		}
	}
	var worse []string
	for _, r := range again.Results {
		for _, o := range r.Observations {
			before, known := then[r.Check+"\x00"+o.Target]
			if o.Status == Fail || o.Status == Warn && known && before == Pass {
				worse = append(worse, fmt.Sprintf("%s: %s: %s (%s)", r.Check, o.Target, o.Detail, o.Reason))
			}
		}
	}
	if len(worse) == 0 {
		return nil
	}
	return fmt.Errorf("the checkout has changed since the run of %s:\n  %s", stamp(e.Finished), strings.Join(worse, "\n  "))
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func orNone(commit string) string {
	if commit == "" {
		return "no commit"
	}
	return commit
}
