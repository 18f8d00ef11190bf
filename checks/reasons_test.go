package checks_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9/logging"

	"github.com/alertnative/preflight/checks"
	"github.com/alertnative/preflight/internal/stack/system"
)

// produced is what the tests have made happen: check and reason.
var produced sync.Map

// TestMain runs the tests and then looks whether every reason of every check
// has come from its real cause in one of them.
func TestMain(m *testing.M) {
	logging.Disable() // go-redis, as the command does
	code := m.Run()
	whole := true
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.fuzz", "test.bench"} {
		whole = whole && flag.Lookup(name).Value.String() == ""
	}
	if missing := unproduced(); code == 0 && whole && len(missing) > 0 {
		fmt.Printf("no test makes these happen: %q\n", missing)
		code = 1
	}
	os.Exit(code)
}

func unproduced() (missing []string) {
	for _, s := range slices.Concat(checks.Shipped(), ownSpecs()) {
		for _, r := range s.Reasons {
			if _, ok := produced.Load(s.Name + ": " + r.Name); !ok {
				missing = append(missing, s.Name+": "+r.Name)
			}
		}
	}
	return missing
}

// observe runs a check, as a run does, and returns what it says of a target.
func observe(t *testing.T, c checks.Check, target string) checks.Observation {
	t.Helper()
	report := checks.Runner{Checks: []checks.Check{c}, Real: true}.Run(t.Context())
	for _, o := range report.Results[0].Observations {
		produced.Store(c.Spec().Name+": "+o.Reason, true)
	}
	for _, o := range report.Results[0].Observations {
		if o.Target == target {
			return o
		}
	}
	t.Fatalf("%s says nothing of %s: %+v", c.Spec().Name, target, report.Results[0])
	return checks.Observation{}
}

// expect observes a target and compares its status and reason.
func expect(t *testing.T, c checks.Check, target string, status checks.Status, reason string) checks.Observation {
	t.Helper()
	o := observe(t, c, target)
	if o.Status != status || o.Reason != reason {
		t.Errorf("%s: %+v, want %s with the reason %q", c.Spec().Name, o, status, reason)
	}
	return o
}

// fromConfig returns the check of that name that a configuration declares.
func fromConfig(t *testing.T, text, name, env string, vars ...string) checks.Check {
	t.Helper()
	c, err := checks.ParseConfig("preflight.yml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return named(t, c.Checks(checks.Setting{Env: env, Lookup: system.Lookup(vars)}), name)
}

func named(t *testing.T, all []checks.Check, name string) checks.Check {
	t.Helper()
	i := slices.IndexFunc(all, func(c checks.Check) bool { return c.Spec().Name == name })
	if i < 0 {
		t.Fatalf("there is no check %q", name)
	}
	return all[i]
}

// ownCheck is the check that an entry under "checks" declares.
func ownCheck(entry string, vars ...string) checks.Check {
	c, err := checks.ParseConfig("preflight.yml", []byte("checks: ["+entry+"]"))
	if err != nil {
		panic(err)
	}
	all := c.Checks(checks.Setting{Lookup: system.Lookup(vars)})
	return all[len(all)-1]
}

// ownSpecs are the specs of one check of each kind.
func ownSpecs() (specs []checks.Spec) {
	for _, entry := range []string{
		"{name: HTTP, http: {url: 'http://h'}}", "{name: TCP, tcp: {address: 'h:1'}}",
		"{name: Command, command: [true]}", "{name: SQL, sql: {url_from: V, query: SELECT 1}, fail: {above: 1}}",
	} {
		specs = append(specs, ownCheck(entry).Spec())
	}
	return specs
}
