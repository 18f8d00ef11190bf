package checker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/alertnative/preflight/internal/outfile"
)

// A complete run withdraws the standing evidence before it starts, by renaming
// it. So a run that is killed, or cannot write its result, leaves no evidence
// of an earlier success. Renaming needs no space.

// marker is the file of a run that is under way, or that did not finish. The
// run holds a lock on it, which the kernel releases when the run dies.
type marker struct {
	path  string
	start time.Time
	lock  *flock.Flock // of this process's own run
}

// withdraw renames the standing evidence to the marker of a run that starts now.
// Without evidence it creates an empty marker, so that a gate can wait for the
// run.
func withdraw(evidence, run string, start time.Time) (*marker, error) {
	path := fmt.Sprintf("%s%d-%s", besideEvidence(evidence, running), start.UnixNano(), run)
	err := os.Rename(evidence, path)
	if errors.Is(err, fs.ErrNotExist) {
		err = outfile.Create(path, nil, outfile.Umask)
	}
	if err != nil {
		return nil, err
	}
	m := &marker{path, start, flock.New(path, flock.SetFlag(os.O_RDONLY))}
	ctx, cancel := context.WithTimeout(context.Background(), 5*poll)
	defer cancel()
	_, _ = m.lock.TryLockContext(ctx, poll/20) // a gate may test it; without the lock the gate does not wait
	return m, nil
}

// underWay reports whether the run of the marker is alive.
func (m marker) underWay() bool {
	lock := flock.New(m.path, flock.SetFlag(os.O_RDONLY))
	defer func() { _ = lock.Close() }()
	free, err := lock.TryRLock()
	return err == nil && !free
}

// running is the name of markers after that of the environment.
const running = ".running-"

// besideEvidence returns the start of the paths of an environment's other files,
// which are beside its evidence.
func besideEvidence(evidence, name string) string {
	return strings.TrimSuffix(evidence, ".json") + name
}

// filesBeside returns the environment's other files with that name.
func filesBeside(evidence, name string) []string {
	dir, start := filepath.Split(besideEvidence(evidence, name))
	entries, _ := os.ReadDir(filepath.Clean(dir)) // without a folder there are none
	var out []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), start) {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out
}

// markers returns the markers of an environment, oldest first.
func markers(evidence string) []marker {
	var out []marker
	for _, path := range filesBeside(evidence, running) {
		_, rest, _ := strings.Cut(filepath.Base(path), running)
		number, _, _ := strings.Cut(rest, "-")
		if nanos, err := strconv.ParseInt(number, 10, 64); err == nil {
			out = append(out, marker{path: path, start: time.Unix(0, nanos)})
		}
	}
	slices.SortFunc(out, func(a, b marker) int { return a.start.Compare(b.start) })
	return out
}

// finish ends the run. It removes the markers of runs that died, and its own if
// its evidence is written. Otherwise its own stays, and says that the result of
// the last run is not known.
func (m *marker) finish(evidence string, written bool) {
	for _, other := range markers(evidence) {
		if !other.underWay() {
			_ = os.Remove(other.path) // a leftover marker is removed by a later run
		}
	}
	if written {
		_ = os.Remove(m.path)
	}
	_ = m.lock.Close()
}

// poll is the interval at which the gate looks for the end of a run.
const poll = 20 * time.Millisecond

// settled waits for the runs that are under way, at most for the duration of a
// run. It returns an error for a run that left no evidence.
func settled(ctx context.Context, evidence string, longest time.Duration, waiting func()) error {
	deadline := time.Now().Add(longest)
	atStart := markers(evidence)
	var unlocked []marker // at the look before, when no run was under way
	for announced := false; ; {
		// A run that starts in between renames the evidence to its marker, so the
		// markers are read after it.
		exists := present(evidence)
		now := markers(evidence)
		idle := !slices.ContainsFunc(now, marker.underWay)
		if idle && (present(evidence) != exists || !slices.Equal(markers(evidence), now)) {
			continue // a run ended or started in between
		}
		if !exists && idle && !slices.Equal(now, unlocked) { // a run locks its marker after it made it
			unlocked = now
			time.Sleep(poll)
			continue
		}
		earlier := slices.ContainsFunc(atStart, func(m marker) bool { return slices.Contains(now, m) && m.underWay() })
		switch {
		case exists && !earlier:
			return nil
		case idle || time.Now().After(deadline):
			if len(now) == 0 || exists {
				return nil // reading the evidence reports what is missing
			}
			return fmt.Errorf("there is no evidence: the run of %s did not finish, or could not write its result", stamp(now[len(now)-1].start))
		}
		if !announced {
			announced = true
			waiting()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(poll):
		}
	}
}

// present reports whether there is evidence.
func present(evidence string) bool {
	_, err := os.Stat(evidence)
	return !errors.Is(err, fs.ErrNotExist)
}

// withdrawn reports whether a run withdrew the evidence since it was there.
func withdrawn(evidence string, err error) bool {
	return errors.Is(err, fs.ErrNotExist) && (slices.ContainsFunc(markers(evidence), marker.underWay) || present(evidence))
}

// longest returns the time that a run with these checks may take.
func (d declared) longest() time.Duration {
	out := lockPatience
	for _, c := range d.checks {
		e := execution{Check: c, env: d.env.For(c), spec: c.Spec()}
		out = max(out, e.timeout()+grace+lockPatience)
	}
	return out
}
