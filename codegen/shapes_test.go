package codegen_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/packs/trading"
	"github.com/alertnative/preflight/routing"
)

// shape is the shipped site with one change.
type shape struct {
	change func(s *preflight.Site)
	// tests limits the rule tests that promtool runs, if all would take long.
	// nil selects those that the shipped site does not have. Generation runs
	// every test.
	tests []string
}

var shapes = map[string]shape{
	"three environments": {change: threeEnvs, tests: []string{"PreflightCheckFailed", "PreflightMissing", "PreflightStale"}},
	"runs of 1m":         {change: runs(time.Minute)},
	"runs of 1h":         {change: runs(time.Hour), tests: []string{"PreflightSlow", "PreflightMissing", "PreflightFlapping"}},
	"runs of 24h":        {change: runs(24 * time.Hour), tests: []string{"PreflightSlow", "PreflightStale-generated", "PreflightFlapping"}},
	"another namespace": {
		change: func(s *preflight.Site) {
			s.Packs[0] = s.Packs[0].With(preflight.Rename{From: trading.Namespace, To: "acme"})
		},
		tests: []string{"PreflightCheckFailed", "PreflightSlow", "PreflightStale"},
	},
	"scrapes and evaluations of 30s": {change: scrapes(30 * time.Second)},
	"scrapes and evaluations of 1m":  {change: scrapes(time.Minute)},
	"a check less": {change: func(s *preflight.Site) {
		p := &s.Packs[0]
		p.Checks = slices.DeleteFunc(p.Checks, func(c spec.Spec) bool { return c.Name == "Git Safety" })
		p.Metrics = spec.Metrics(trading.Namespace, p.Checks...)
	}},
	"a job more": {change: func(s *preflight.Site) {
		s.Jobs = append(s.Jobs, preflight.Job{Name: "gateway", Targets: []string{"gateway:9200"}})
	}},
	"one receiver fewer": {change: func(s *preflight.Site) { replaceReceiver(s, "fallback-begin", "fallback-loud") }},
}

func threeEnvs(s *preflight.Site) {
	s.Envs = []string{"paper", "live", "dr"}
	job("arbitrage_exporter", func(j *preflight.Job) {
		j.ByEnv = map[string][]string{"paper": {"paper:9100"}, "live": {"live:9100"}, "dr": {"dr:9100"}}
	})(s)
}

func runs(every time.Duration) func(*preflight.Site) {
	return func(s *preflight.Site) { s.Timing.Run = every }
}

func scrapes(every time.Duration) func(*preflight.Site) {
	return func(s *preflight.Site) { s.Timing.Scrape, s.Timing.Evaluation = every, every }
}

// replaceReceiver replaces a receiver by another one.
func replaceReceiver(s *preflight.Site, name, by string) {
	s.Routing.Receivers = slices.DeleteFunc(s.Routing.Receivers, func(r routing.Receiver) bool { return r.Name == name })
	for i := range s.Routing.Route.Routes {
		if r := &s.Routing.Route.Routes[i]; r.Receiver == name {
			r.Receiver = by
		}
	}
	for i := range s.Routing.Promises {
		if p := &s.Routing.Promises[i]; p.Receiver == name {
			p.Receiver, p.FiringOnly = by, false
		}
	}
}

// A changed site generates, and promtool and amtool accept its files.
func TestShapesOfTheSite(t *testing.T) {
	t.Parallel()
	usual := files(t, shipped())
	for name, tt := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := shipped()
			tt.change(&s)
			dir := t.TempDir()
			mustGenerate(t, s, "--out="+dir)
			made := tree(t, dir)
			var rules, tests []string
			for path, text := range made {
				switch {
				case strings.HasPrefix(path, "prometheus/rules/"):
					rules = append(rules, filepath.Join(dir, path))
				case strings.HasPrefix(path, "prometheus/tests/") && tt.wants(path, text != usual[path]):
					tests = append(tests, filepath.Join(dir, path))
				}
			}
			accepted(t, "promtool", append([]string{"check", "rules", "--lint=all", "--lint-fatal"}, rules...)...)
			accepted(t, "promtool", "check", "config", "--syntax-only", filepath.Join(dir, "prometheus/prometheus.yml"))
			accepted(t, "amtool", "check-config", filepath.Join(dir, "alertmanager/alertmanager.yml"))
			if len(tests) < len(tt.tests) {
				t.Errorf("of the tests of %q only %q are there", tt.tests, tests)
			}
			if len(tests) > 0 {
				accepted(t, "promtool", append([]string{"test", "rules"}, tests...)...)
			}
		})
	}
}

// wants reports whether promtool runs a test file.
func (s shape) wants(path string, changed bool) bool {
	if s.tests == nil {
		return changed
	}
	return slices.Contains(s.tests, strings.TrimSuffix(filepath.Base(path), ".yml"))
}

// accepted runs a program of bin and reports a failure.
func accepted(t *testing.T, program string, args ...string) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("../bin", program))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
		t.Errorf("%s %q: %v\n%s", program, args[:2], err, out)
	}
}

// refused runs a program of bin and reports a success.
func refused(t *testing.T, program string, args ...string) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("../bin", program))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err == nil {
		t.Errorf("%s %q accepts:\n%s", program, args[:2], out)
	}
}
