package checks_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/checks"
	shipped "github.com/alertnative/preflight/checks/spec"
	"github.com/alertnative/preflight/internal/stack/system"
)

// produced holds the reasons that the tests have produced, by check and reason.
var produced sync.Map

// TestMain runs the tests. Then it checks that some test produced every reason
// of every check by its real cause.
func TestMain(m *testing.M) {
	if os.Getenv(childConfig) != "" {
		runChild()
		return
	}
	code := m.Run()
	whole := true
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.fuzz", "test.bench"} {
		whole = whole && flag.Lookup(name).Value.String() == ""
	}
	if missing := unproduced(); code == 0 && whole && len(missing) > 0 {
		fmt.Printf("no test produces these reasons: %q\n", missing)
		code = 1
	}
	os.Exit(code)
}

func unproduced() (missing []string) {
	for _, s := range slices.Concat(shipped.Shipped(), declaredSpecs()) {
		for _, r := range s.Reasons {
			if _, ok := produced.Load(s.Name + ": " + r.Name); !ok {
				missing = append(missing, s.Name+": "+r.Name)
			}
		}
	}
	return missing
}

// subject is a check with its environment.
type subject struct {
	checker.Check
	env checker.Env
}

func (s subject) targets() []string { return s.Targets(s.env.For(s.Check)) }

// observe runs a check in a run and returns the observation of a target.
func observe(t *testing.T, s subject, target string) checker.Observation {
	t.Helper()
	report := checker.Runner{Checks: []checker.Check{s.Check}, Real: true}.Run(t.Context(), s.env)
	for _, o := range report.Results[0].Observations {
		produced.Store(s.Spec().Name+": "+o.Reason, true)
	}
	for _, o := range report.Results[0].Observations {
		if o.Target == target {
			return o
		}
	}
	t.Fatalf("%s has no observation of %s: %+v", s.Spec().Name, target, report.Results[0])
	return checker.Observation{}
}

// expect observes a target and compares its status and reason.
func expect(t *testing.T, s subject, target string, status checker.Status, reason string) checker.Observation {
	t.Helper()
	o := observe(t, s, target)
	if o.Status != status || o.Reason != reason {
		t.Errorf("%s: %+v, want %s with the reason %q", s.Spec().Name, o, status, reason)
	}
	return o
}

// parse parses a text as preflight.yml.
func parse(text string) (checker.Config, error) {
	return checker.ParseConfig("p.yml", []byte(text), checks.Shipped()...)
}

// declare parses a text as preflight.yml for an environment with variables.
func declare(t *testing.T, text, env string, vars ...string) (checker.Config, checker.Env) {
	t.Helper()
	c, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return c, c.Env(env, system.Lookup(vars))
}

// fromConfig returns the check with that name in a configuration.
func fromConfig(t *testing.T, text, name, env string, vars ...string) subject {
	t.Helper()
	c, e := declare(t, text, env, vars...)
	return named(t, c, e, name)
}

func named(t *testing.T, c checker.Config, env checker.Env, name string) subject {
	t.Helper()
	all := c.Checks()
	i := slices.IndexFunc(all, func(c checker.Check) bool { return c.Spec().Name == name })
	if i < 0 {
		t.Fatalf("there is no check %q", name)
	}
	return subject{all[i], env}
}

// declaredCheck returns the check for an entry of the section "checks".
func declaredCheck(entry string, vars ...string) subject {
	c, err := parse("checks: [" + entry + "]")
	if err != nil {
		panic(err)
	}
	all := c.Checks()
	return subject{all[len(all)-1], c.Env("paper", system.Lookup(vars))}
}

// declaredSpecs returns the specs of one check of each kind.
func declaredSpecs() (specs []spec.Spec) {
	for _, entry := range []string{
		"{name: HTTP, http: {url: 'http://h'}}", "{name: TCP, tcp: {address: 'h:1'}}",
		"{name: Command, command: [true]}", "{name: SQL, sql: {url_from: V, query: SELECT 1}, fail: {above: 1}}",
	} {
		specs = append(specs, declaredCheck(entry).Spec())
	}
	return specs
}
