// Package checks holds the shipped checks, one per file, and the kinds of
// checks that preflight.yml can declare without Go. Their specs are in package
// checks/spec.
package checks

import (
	"context"
	"sync"
	"time"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/checks/internal/declared"
	shipped "github.com/alertnative/preflight/checks/spec"
)

// Shipped returns the eight shipped checks in the order in which they run,
// followed by the checks in the section "checks" of preflight.yml.
func Shipped() []checker.Check {
	return []checker.Check{
		check[environmentConfig]{shipped.Environment()},
		check[secretsConfig]{shipped.Secrets()},
		check[*liveSafetyConfig]{shipped.LiveSafety()},
		check[databaseConfig]{shipped.Database()},
		check[*exchangeHealthConfig]{shipped.ExchangeHealth()},
		check[*openPositionsConfig]{shipped.OpenPositions()},
		gitCheck{check[*gitSafetyConfig]{shipped.GitSafety()}},
		check[migrationsConfig]{shipped.Migrations()},
		declaredChecks{},
	}
}

// check is a check whose section of preflight.yml has the type C.
type check[C section] struct{ spec spec.Spec }

// section is the section of preflight.yml that declares a check. An empty
// section gives an observer without targets.
type section interface {
	observer(checker.Env) observer
}

// observer observes the targets of a section in one environment.
type observer interface {
	targets() []string
	run(context.Context, checker.Env) []checker.Observation
}

func (c check[C]) Spec() spec.Spec { return c.spec }

func (c check[C]) Targets(env checker.Env) []string {
	o := c.observer(env)
	if _, ok := o.(addressed); ok {
		waiversIn(env)
	}
	return o.targets()
}

func (c check[C]) Run(ctx context.Context, env checker.Env) []checker.Observation {
	o := c.observer(env)
	return trusted(env, o, o.run(ctx, env))
}

// MaxDuration returns the time that the section allows the check.
func (c check[C]) MaxDuration(env checker.Env) time.Duration {
	if patient, ok := c.observer(env).(interface{ maxDuration() time.Duration }); ok {
		return patient.maxDuration()
	}
	return 0
}

func (c check[C]) observer(env checker.Env) observer {
	return onceInRun(env, func() (config C) {
		_ = env.Config(&config) // the command reports the error
		return config
	}).observer(env)
}

// onceInRun returns what decode makes of preflight.yml. In a run it decodes each
// type once: a check is asked for its targets, its timeout and its observations.
func onceInRun[T any](env checker.Env, decode func() T) T {
	type decoded struct {
		once  sync.Once
		value T
	}
	it := checker.Shared(env, func() *decoded { return &decoded{} })
	it.once.Do(func() { it.value = decode() }) // not in Shared, because decode calls it, too
	return it.value
}

const defaultTimeout = 2 * time.Second

// wrong returns a problem with the value at a path of keys and indexes.
func wrong(text string, path ...any) checker.Problem { return checker.Problem{Path: path, Text: text} }

// variableProblem returns a problem if a key does not name an environment
// variable.
func variableProblem(name, holds, example string, path ...any) []checker.Problem {
	return problems(declared.VariableProblem(name, holds, example, path...))
}

func timeoutProblem(d time.Duration, path ...any) []checker.Problem {
	return problems(declared.TimeoutProblem(d, path...))
}

func problems(list []declared.Problem) []checker.Problem {
	var out []checker.Problem
	for _, p := range list {
		out = append(out, checker.Problem(p))
	}
	return out
}
