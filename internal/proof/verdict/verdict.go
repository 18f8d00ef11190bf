// Package verdict runs the tests of rules when they are generated. It runs
// them in process, in parallel, and remembers those that passed.
package verdict

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/rulefmt"
	"golang.org/x/sync/errgroup"

	"github.com/alertnative/preflight/internal/proof/ruletest"
	"github.com/alertnative/preflight/internal/proof/testfile"
)

// Case is the tests of one alert or record, with the rules that they load.
type Case struct {
	Name   string // "alert X" or "record y"
	Where  string // of the definition, for a message
	Groups []rulefmt.RuleGroup
	Tests  testfile.File
}

// Options say how cases are run. The zero value serves.
type Options struct {
	// NoCache runs every test and remembers nothing.
	NoCache bool
	// Dir is the folder of the cache. Empty: preflight in the user's cache folder.
	Dir string
	// Engine is the version of the engine, by which passes are remembered. Empty:
	// that of the program, and no cache where it is not known.
	Engine string
	// Done, when set, is called after each test, in no order and never twice at
	// once.
	Done func(Outcome)
	// Progress, when set, is called after each test with how many of all are done,
	// never twice at once.
	Progress func(done, total int)
}

// Outcome is what became of one test.
type Outcome struct {
	Case     *Case
	Test     string // the name of the scenario
	Cached   bool   // it passed before and was not run
	Took     time.Duration
	Failures []Failure
}

// Failure is an expectation that was not met.
type Failure struct {
	Case  string // the name of the case
	Where string
	ruletest.Failure
}

// String returns the failure in one line, without the place.
func (f Failure) String() string {
	if f.Of == "" {
		return f.Case + ", " + f.Failure.String()
	}
	if strings.HasPrefix(f.Of, f.Case) {
		return f.Failure.String()
	}
	return f.Case + ": " + f.Failure.String()
}

// Stats counts tests.
type Stats struct {
	Tests  int // of all cases
	Cached int // passed before and were not run
	Failed int
}

// test is one test of a case.
type test struct {
	of     *Case
	file   testfile.File // with this test alone
	digest digest
}

// Run runs the tests of all cases and returns the expectations that are not
// met, in the order of the cases. The error says that the context ended: then
// the failures are those known so far.
func Run(ctx context.Context, cases []Case, o Options) ([]Failure, Stats, error) {
	known := openCache(o)
	tests := split(cases, known)
	outcomes := make([]Outcome, len(tests))
	loader := ruletest.NewLoader()
	var report sync.Mutex
	done := 0
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, t := range tests {
		work.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			outcomes[i] = t.run(loader, known)
			report.Lock()
			defer report.Unlock()
			if o.Done != nil {
				o.Done(outcomes[i])
			}
			if done++; o.Progress != nil {
				o.Progress(done, len(tests))
			}
			return nil
		})
	}
	err := work.Wait()
	var failures []Failure
	stats := Stats{Tests: len(tests)}
	var passed []digest
	for i, out := range outcomes {
		switch {
		case out.Case == nil: // the context ended before
		case len(out.Failures) > 0:
			stats.Failed++
			failures = append(failures, out.Failures...)
		default:
			passed = append(passed, tests[i].digest)
		}
		if out.Cached {
			stats.Cached++
		}
	}
	if known != nil && stats.Cached < len(passed) {
		known.save(passed)
	}
	return failures, stats, err
}

// split returns the tests of the cases, each with its digest if there is a
// cache.
func split(cases []Case, known *cache) []test {
	var out []test
	for i := range cases {
		c := &cases[i]
		var rules []byte
		if known != nil {
			rules = encodeRules(c)
		}
		for _, t := range c.Tests.Tests {
			file := c.Tests
			file.Tests = []testfile.Test{t}
			one := test{of: c, file: file}
			if known != nil {
				one.digest = newDigest(known.engine, rules, file)
			}
			out = append(out, one)
		}
	}
	return out
}

// run runs a test unless it is known to pass.
func (t test) run(loader *ruletest.Loader, known *cache) Outcome {
	out := Outcome{Case: t.of, Test: t.file.Tests[0].Name}
	if known.has(t.digest) {
		out.Cached = true
		return out
	}
	start := time.Now()
	fail := func(f ruletest.Failure) {
		out.Failures = append(out.Failures, Failure{Case: t.of.Name, Where: t.of.Where, Failure: f})
	}
	suites, err := loader.Load(t.file)
	if err != nil {
		fail(ruletest.Failure{Test: out.Test, Err: fmt.Errorf("the test cannot be read: %w", err)})
	}
	for _, s := range suites {
		for _, f := range s.RunAll(t.of.Groups) {
			fail(f)
		}
	}
	out.Took = time.Since(start)
	return out
}
