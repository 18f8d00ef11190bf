package checks

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/alertnative/preflight/checker"
)

// liveSafetyConfig configures the check Live Safety.
type liveSafetyConfig struct {
	ReadOnly guardConfig `yaml:"read_only_guard"` // by default READ_ONLY, safe value true, armed value false
	Executor guardConfig `yaml:"executor_guard"`  // by default EXECUTOR, safe value paper, armed value live
	// LiveKeys are the variables that only a live environment may have. The
	// default is the exchanges' keys.
	LiveKeys []string `yaml:"live_keys"`
}

// guardConfig declares a variable that prevents trading.
type guardConfig struct {
	Variable string `yaml:"variable"`
	Safe     string `yaml:"safe"`  // value that prevents trading
	Armed    string `yaml:"armed"` // value that allows trading
}

func (g guardConfig) or(instead guardConfig) guardConfig {
	return guardConfig{cmp.Or(g.Variable, instead.Variable), cmp.Or(g.Safe, instead.Safe), cmp.Or(g.Armed, instead.Armed)}
}

// Targets of Live Safety: its guards.
const (
	targetReadOnlyGuard = "read_only_guard"
	targetExecutorGuard = "executor_guard"
	targetLiveKeyGuard  = "live_key_guard"
)

func (c *liveSafetyConfig) guards() (readOnly, executor guard) {
	r := c.ReadOnly.or(guardConfig{"READ_ONLY", "true", "false"})
	e := c.Executor.or(guardConfig{"EXECUTOR", "paper", "live"})
	return guard{targetReadOnlyGuard, r.Variable, r.Safe, r.Armed}, guard{targetExecutorGuard, e.Variable, e.Safe, e.Armed}
}

func (c *liveSafetyConfig) observer(env checker.Env) observer {
	if c == nil {
		return liveSafety{}
	}
	readOnly, executor := c.guards()
	keys := c.LiveKeys
	if keys == nil {
		keys = exchangesIn(env).keys()
	}
	return liveSafety{Live: env.Live, Guards: []guard{readOnly, executor}, Keys: keys, Lookup: env.Lookup}
}

func (c *liveSafetyConfig) Problems(env checker.Env) (problems []checker.Problem) {
	if c == nil {
		return nil
	}
	readOnly, executor := c.guards()
	for _, g := range []guard{readOnly, executor} {
		problems = append(problems, variableProblem(g.Variable, "guard", "READ_ONLY", g.Target, "variable")...)
		if strings.EqualFold(g.Safe, g.Armed) {
			problems = append(problems, wrong(fmt.Sprintf("safe and armed are both %q", g.Safe), g.Target))
		}
	}
	for i, name := range c.LiveKeys {
		problems = append(problems, variableProblem(name, "key", "UPBIT_ACCESS_KEY", "live_keys", i)...)
	}
	if c.LiveKeys == nil && len(exchangesIn(env).keys()) == 0 {
		problems = append(problems, wrong("name the variables in live_keys, or declare exchanges"))
	}
	return problems
}

// liveSafety checks that a system trades for real only in a live environment:
// there every guard is armed, elsewhere none.
type liveSafety struct {
	Live   bool // the environment is live
	Guards []guard
	Keys   []string // variables that only a live environment may have
	Lookup func(name string) (string, bool)
}

// guard is a variable that prevents trading until it is armed.
type guard struct {
	Target      string
	Variable    string
	Safe, Armed string // its possible values
}

// targets returns the guards.
func (l liveSafety) targets() []string {
	var names []string
	for _, g := range l.Guards {
		names = append(names, g.Target)
	}
	if l.Keys != nil {
		names = append(names, targetLiveKeyGuard)
	}
	return names
}

// run compares the guards with the environment, and with each other.
func (l liveSafety) run(_ context.Context, _ checker.Env) []checker.Observation {
	armed := 0
	for _, g := range l.Guards {
		if v, _ := l.Lookup(g.Variable); strings.EqualFold(strings.TrimSpace(v), g.Armed) {
			armed++
		}
	}
	var out []checker.Observation
	for _, g := range l.Guards {
		out = append(out, l.observe(g, armed > 0))
	}
	return append(out, l.observeKeys())
}

func (l liveSafety) observe(g guard, othersArmed bool) checker.Observation {
	value, set := l.Lookup(g.Variable)
	switch {
	case !set || strings.TrimSpace(value) == "":
		return checker.Failed(g.Target, "missing", g.Variable+" is not set")
	case strings.EqualFold(value, g.Armed) && l.Live:
		return checker.Passed(g.Target, g.Variable+" is armed, as live trading needs")
	case strings.EqualFold(value, g.Armed):
		return checker.Failed(g.Target, "armed", fmt.Sprintf("%s is %s", g.Variable, g.Armed))
	case !strings.EqualFold(value, g.Safe):
		return checker.Failed(g.Target, "malformed", fmt.Sprintf("%s is neither %s nor %s%s", g.Variable, g.Safe, g.Armed, spaces(value)))
	case l.Live && othersArmed:
		return checker.Failed(g.Target, "inconsistent", fmt.Sprintf("%s is still %s", g.Variable, g.Safe))
	case l.Live:
		return checker.Failed(g.Target, "not_armed", fmt.Sprintf("%s is %s", g.Variable, g.Safe))
	}
	return checker.Passed(g.Target, g.Variable+" is safe")
}

func (l liveSafety) observeKeys() checker.Observation {
	var set, missing []string
	for _, name := range l.Keys {
		if v, _ := l.Lookup(name); strings.TrimSpace(v) != "" {
			set = append(set, name)
		} else {
			missing = append(missing, name)
		}
	}
	switch {
	case l.Live && len(missing) > 0:
		return checker.Failed(targetLiveKeyGuard, "missing_keys", strings.Join(missing, ", ")+" not set")
	case !l.Live && len(set) > 0:
		return checker.Failed(targetLiveKeyGuard, "live_keys", strings.Join(set, ", ")+" set")
	case l.Live:
		return checker.Passed(targetLiveKeyGuard, "every key is set")
	}
	return checker.Passed(targetLiveKeyGuard, "no live key is set")
}
