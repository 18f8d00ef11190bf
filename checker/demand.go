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
	// Subject is the present subject; the host is not compared.
	Subject Subject
	Now     time.Time
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
	case age < -clockTolerance:
		return fmt.Errorf("the evidence is from the future: the run ended at %s, but now is %s: check the clock", stamp(e.Finished), stamp(d.Now))
	case age > d.MaxAge:
		return fmt.Errorf("the evidence is too old: the run ended at %s, %s ago, but only %s is allowed", stamp(e.Finished), age.Round(time.Second), d.MaxAge)
	case !e.ReadyForLive:
		return &notReadyError{e}
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func orNone(commit string) string {
	if commit == "" {
		return "no commit"
	}
	return commit
}
