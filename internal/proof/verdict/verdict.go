// Package verdict runs the tests of rules at generation. It runs them in
// process and in parallel, and caches passed tests.
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

// Case holds the tests of one alert or record, with the rules that they load.
type Case struct {
	Name   string // "alert X" or "record y"
	Where  string // place of the definition, for messages
	Groups []rulefmt.RuleGroup
	Tests  testfile.File
}

// Options configure a run of cases. The zero value is valid.
type Options struct {
	// NoCache runs every test and caches no verdict.
	NoCache bool
	// Dir is the folder of the cache. The default is preflight in the user's
	// cache folder.
	Dir string
	// Engine is the version of the engine under which verdicts are cached. The
	// default is the program's; without a known version there is no cache file.
	Engine string
	// Done, unless nil, is called after each test, in any order and never
	// concurrently.
	Done func(Outcome)
	// Progress, unless nil, is called after each test with the number of tests
	// that are done and the total, never concurrently.
	Progress func(done, total int)
}

// Outcome is the result of one test.
type Outcome struct {
	Case     *Case
	Test     string // name of the scenario
	Cached   bool   // the cache has it as passed, so it was not run
	Took     time.Duration
	Failures []Failure
}

// Failure is an expectation that is not met.
type Failure struct {
	Case  string // name of the case
	Where string
	ruletest.Failure
}

// String returns the failure as one line, without the place.
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
	Tests  int // tests of all cases
	Cached int // tests that the cache has as passed
	Failed int
}

// test is one test of a case.
type test struct {
	of     *Case
	file   testfile.File // file with this test alone
	digest digest
}

// Run runs the tests of all cases and returns the failures, ordered by case. If
// ctx is done, it returns an error and the failures so far.
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
		case out.Case == nil: // ctx was done before it ran
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

// Once calls run, unless the cache has that it passed with the same input: any
// values that JSON can encode, and tests. run reports whether it passed.
func Once(o Options, input []any, tests []testfile.File, run func() (passed bool, err error)) error {
	known := openCache(o)
	var id digest
	if known != nil {
		id = inputDigest(known.engine, input, tests)
	}
	if known.has(id) {
		return nil
	}
	passed, err := run()
	if passed && err == nil && known != nil && id != "" {
		known.save([]digest{id})
	}
	return err
}

// split returns the tests of the cases, with digests if there is a cache.
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

// run runs a test unless the cache has it as passed.
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
