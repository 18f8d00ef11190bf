package checks

import (
	"cmp"
	"context"
	"fmt"
	"strings"
)

// LiveSafetyConfig declares what the check Live Safety looks at.
type LiveSafetyConfig struct {
	ReadOnly GuardConfig `yaml:"read_only_guard"` // READ_ONLY, safe at true, armed at false, when not given
	Executor GuardConfig `yaml:"executor_guard"`  // EXECUTOR, safe at paper, armed at live, when not given
	// LiveKeys are the variables that only an environment that trades for real
	// may hold; the exchanges' keys when not given.
	LiveKeys []string `yaml:"live_keys"`
}

// GuardConfig declares a variable that keeps a system from trading.
type GuardConfig struct {
	Variable string `yaml:"variable"`
	Safe     string `yaml:"safe"`  // its value when nothing is traded
	Armed    string `yaml:"armed"` // its value when the system may trade
}

func (g GuardConfig) or(instead GuardConfig) GuardConfig {
	return GuardConfig{cmp.Or(g.Variable, instead.Variable), cmp.Or(g.Safe, instead.Safe), cmp.Or(g.Armed, instead.Armed)}
}

// The guards of Live Safety are its targets.
const (
	TargetReadOnlyGuard = "read_only_guard"
	TargetExecutorGuard = "executor_guard"
	TargetLiveKeyGuard  = "live_key_guard"
)

func (c *LiveSafetyConfig) guards() (readOnly, executor Guard) {
	r := c.ReadOnly.or(GuardConfig{"READ_ONLY", "true", "false"})
	e := c.Executor.or(GuardConfig{"EXECUTOR", "paper", "live"})
	return Guard{TargetReadOnlyGuard, r.Variable, r.Safe, r.Armed}, Guard{TargetExecutorGuard, e.Variable, e.Safe, e.Armed}
}

func (c *LiveSafetyConfig) check(s Setting) Check {
	if c == nil {
		return LiveSafety{}
	}
	readOnly, executor := c.guards()
	keys := c.LiveKeys
	if keys == nil {
		keys = s.exchanges.keys()
	}
	return LiveSafety{Live: s.live, Guards: []Guard{readOnly, executor}, Keys: keys, Lookup: s.Lookup}
}

func (c *LiveSafetyConfig) problems(all Config) (problems []problem) {
	if c == nil {
		return nil
	}
	readOnly, executor := c.guards()
	for _, g := range []Guard{readOnly, executor} {
		problems = append(problems, variableProblem(g.Variable, "guard", "READ_ONLY", g.Target, "variable")...)
		if strings.EqualFold(g.Safe, g.Armed) {
			problems = append(problems, wrong(fmt.Sprintf("safe and armed are both %q", g.Safe), g.Target))
		}
	}
	for i, name := range c.LiveKeys {
		problems = append(problems, variableProblem(name, "key", "UPBIT_ACCESS_KEY", "live_keys", i)...)
	}
	if c.LiveKeys == nil && len(all.Exchanges.keys()) == 0 {
		problems = append(problems, wrong("name the variables in live_keys, or declare exchanges"))
	}
	return problems
}

// LiveSafety checks that a system trades for real only where it is meant to:
// an environment that does has every guard armed, any other has none.
type LiveSafety struct {
	Live   bool // the environment trades for real
	Guards []Guard
	Keys   []string // variables that only a live environment may hold
	Lookup func(name string) (string, bool)
}

// Guard is a variable that keeps a system from trading until it is armed.
type Guard struct {
	Target      string
	Variable    string
	Safe, Armed string // the values that it can have
}

// Spec describes the check.
func (LiveSafety) Spec() Spec {
	return Spec{
		Name:  "Live Safety",
		Looks: "live trading cannot start by accident: read-only guard, executor guard and live keys agree with the environment",
		Reasons: []Reason{
			{"missing", "the variable of the guard is not set, so the program decides for itself", "set it: to its safe value, or where live trading is meant to its armed one"},
			{"malformed", "the variable is at neither its safe nor its armed value", "write one of the two values that preflight.yml declares"},
			{"armed", "a guard is armed in an environment that does not trade for real", "set it back to its safe value; find out who armed it"},
			{"not_armed", "no guard is armed in an environment that trades for real", "arm every guard when live trading is meant to start, and only then"},
			{"inconsistent", "some guards are armed in an environment that trades for real and this one is not", "arm all of them, or none"},
			{"live_keys", "keys of live trading are set in an environment that does not trade for real", "take them out; make new keys if they were somewhere they do not belong"},
			{"missing_keys", "keys are not set in an environment that trades for real", "set the exchanges' keys in the live environment"},
		},
	}
}

// Targets are the guards.
func (l LiveSafety) Targets() []string {
	var names []string
	for _, g := range l.Guards {
		names = append(names, g.Target)
	}
	if l.Keys != nil {
		names = append(names, TargetLiveKeyGuard)
	}
	return names
}

// Run compares the guards with the environment, and with each other.
func (l LiveSafety) Run(context.Context) []Observation {
	armed := 0
	for _, g := range l.Guards {
		if v, _ := l.Lookup(g.Variable); strings.EqualFold(strings.TrimSpace(v), g.Armed) {
			armed++
		}
	}
	var out []Observation
	for _, g := range l.Guards {
		out = append(out, l.observe(g, armed > 0))
	}
	return append(out, l.observeKeys())
}

func (l LiveSafety) observe(g Guard, othersArmed bool) Observation {
	value, set := l.Lookup(g.Variable)
	value = strings.TrimSpace(value)
	switch {
	case !set || value == "":
		return Failed(g.Target, "missing", g.Variable+" is not set")
	case strings.EqualFold(value, g.Armed) && l.Live:
		return Passed(g.Target, g.Variable+" is armed, as live trading needs")
	case strings.EqualFold(value, g.Armed):
		return Failed(g.Target, "armed", fmt.Sprintf("%s is %s", g.Variable, g.Armed))
	case !strings.EqualFold(value, g.Safe):
		return Failed(g.Target, "malformed", fmt.Sprintf("%s is neither %s nor %s", g.Variable, g.Safe, g.Armed))
	case l.Live && othersArmed:
		return Failed(g.Target, "inconsistent", fmt.Sprintf("%s is still %s", g.Variable, g.Safe))
	case l.Live:
		return Failed(g.Target, "not_armed", fmt.Sprintf("%s is %s", g.Variable, g.Safe))
	}
	return Passed(g.Target, g.Variable+" is safe")
}

func (l LiveSafety) observeKeys() Observation {
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
		return Failed(TargetLiveKeyGuard, "missing_keys", strings.Join(missing, ", ")+" not set")
	case !l.Live && len(set) > 0:
		return Failed(TargetLiveKeyGuard, "live_keys", strings.Join(set, ", ")+" set")
	case l.Live:
		return Passed(TargetLiveKeyGuard, "every key is set")
	}
	return Passed(TargetLiveKeyGuard, "no live key is set")
}
