package checks_test

import (
	"testing"

	"github.com/alertnative/preflight/checker"
)

func TestLiveSafety(t *testing.T) {
	t.Parallel()
	const config = "exchanges: {upbit: {}}\nlive_safety: {}\n"
	const (
		ro, ex, key = "read_only_guard", "executor_guard", "live_key_guard"
		keyVar      = "UPBIT_ACCESS_KEY=k"
		secretVar   = "UPBIT_SECRET_KEY=s"
	)
	for _, tt := range []struct {
		name, env string
		vars      []string
		want      map[string]string // reason by target; empty if all pass
	}{
		{"paper, all safe", "paper", []string{"READ_ONLY=true", "EXECUTOR=paper"}, nil},
		{"case does not matter", "paper", []string{"READ_ONLY=TRUE", "EXECUTOR=Paper"}, nil},
		{"paper, a space before the word", "paper", []string{"READ_ONLY= true", "EXECUTOR=paper"}, map[string]string{ro: "malformed"}},
		{"paper, armed but for a space", "paper", []string{"READ_ONLY=true", "EXECUTOR=live "}, map[string]string{ex: "malformed"}},
		{"live, a space after the word", "live", []string{"READ_ONLY=false ", "EXECUTOR=live", keyVar, secretVar}, map[string]string{ro: "malformed"}},
		{"paper, nothing set", "paper", nil, map[string]string{ro: "missing", ex: "missing"}},
		{"paper, a guard is armed", "paper", []string{"READ_ONLY=false", "EXECUTOR=paper"}, map[string]string{ro: "armed"}},
		{"paper, the executor is armed", "paper", []string{"READ_ONLY=true", "EXECUTOR=live"}, map[string]string{ex: "armed"}},
		{"paper, a word that is neither", "paper", []string{"READ_ONLY=yes", "EXECUTOR=paper"}, map[string]string{ro: "malformed"}},
		{"paper, with a live key", "paper", []string{"READ_ONLY=true", "EXECUTOR=paper", keyVar}, map[string]string{key: "live_keys"}},
		{"live, all armed", "live", []string{"READ_ONLY=false", "EXECUTOR=live", keyVar, secretVar}, nil},
		{"live, none armed", "live", []string{"READ_ONLY=true", "EXECUTOR=paper", keyVar, secretVar}, map[string]string{ro: "not_armed", ex: "not_armed"}},
		{"live, one armed", "live", []string{"READ_ONLY=false", "EXECUTOR=paper", keyVar, secretVar}, map[string]string{ex: "inconsistent"}},
		{"live, half a key", "live", []string{"READ_ONLY=false", "EXECUTOR=live", keyVar}, map[string]string{key: "missing_keys"}},
		{"live, blank", "live", []string{"READ_ONLY= ", "EXECUTOR=live", keyVar, secretVar}, map[string]string{ro: "missing"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			check := fromConfig(t, config, "Live Safety", tt.env, tt.vars...)
			for _, target := range []string{ro, ex, key} {
				status, reason := checker.Pass, tt.want[target]
				if reason != "" {
					status = checker.Fail
				}
				expect(t, check, target, status, reason)
			}
		})
	}
}

// Declared variables, values, keys and environments.
func TestLiveSafetyDeclared(t *testing.T) {
	t.Parallel()
	const config = `
live_envs: [prod]
live_safety:
  read_only_guard: {variable: DRY, safe: "on", armed: "off"}
  executor_guard: {variable: MODE}
  live_keys: [PROD_KEY]
`
	check := fromConfig(t, config, "Live Safety", "prod", "DRY=off", "MODE=live", "PROD_KEY=k")
	for _, target := range check.targets() {
		expect(t, check, target, checker.Pass, "")
	}
	check = fromConfig(t, config, "Live Safety", "live", "DRY=off", "MODE=paper", "PROD_KEY=k")
	expect(t, check, "read_only_guard", checker.Fail, "armed")
	expect(t, check, "live_key_guard", checker.Fail, "live_keys")
}
