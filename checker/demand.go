package checker

import (
	"fmt"
	"strings"
	"time"
)

// demand describes the evidence that something may be started on.
type demand struct {
	Env    string
	MaxAge time.Duration
	// Subject is what is there now; the host is not compared.
	Subject Subject
	Now     time.Time
}

// notReadyError reports that the system was not ready in the run.
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

// clockTolerance is how far in the future a run may have ended: clocks are
// stepped.
const clockTolerance = 5 * time.Second

// meet returns nil when the evidence is of the same environment, commit and
// configuration, is young enough, and says that the system is ready. A
// [*notReadyError] is its word; other errors say why it proves nothing.
func (d demand) meet(e Evidence) error {
	age := d.Now.Sub(e.Finished)
	switch {
	case e.Env != d.Env:
		return fmt.Errorf("the evidence is of %s, not of %s", e.Env, d.Env)
	case e.ConfigDigest != d.Subject.ConfigDigest:
		return fmt.Errorf("the evidence belongs to another configuration: %s is not what it was in the run of %s (%s)",
			d.Subject.Config, stamp(e.Finished), e.Config)
	case e.Commit != d.Subject.Commit:
		return fmt.Errorf("the evidence belongs to another commit: it is of %s, and %s is checked out",
			orNone(e.Commit), orNone(d.Subject.Commit))
	case age < -clockTolerance:
		return fmt.Errorf("the evidence is of the future: the run ended at %s, and it is %s now: look at the clock", stamp(e.Finished), stamp(d.Now))
	case age > d.MaxAge:
		return fmt.Errorf("the evidence is too old: the run ended at %s, %s ago, and %s is allowed", stamp(e.Finished), age.Round(time.Second), d.MaxAge)
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
