package pipelinetest_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	engine "github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checker/spec"
	shipped "github.com/alertnative/preflight/checks/spec"
	"github.com/alertnative/preflight/pipelinetest"
	"github.com/alertnative/preflight/site"
)

// checker runs the preflight every ten minutes: the checker's real runner and
// textfile, with checks that observe the values that the story sets.
type checker struct {
	t        *testing.T
	p        *pipelinetest.Pipeline
	textfile engine.Textfile
	runner   engine.Runner
	runs     *pipelinetest.Repeat
	observed map[string]engine.Observation // by target; missing targets pass
}

// targets are the targets of the shipped checks in the stories.
var targets = map[string][]string{
	"Environment":     {"REDIS_URL", "POSTGRES_DSN"},
	"Secrets":         {"UPBIT_SECRET_KEY"},
	"Live Safety":     {"READ_ONLY"},
	"Database":        {"redis", "postgres"},
	"Exchange Health": {"upbit", "binance"},
	"Open Positions":  {"upbit"},
	"Git Safety":      {".env.paper"},
	"Migrations":      {"schema"},
}

func newChecker(t *testing.T, p *pipelinetest.Pipeline) *checker {
	specs := shipped.Shipped()
	c := &checker{t: t, p: p, observed: map[string]engine.Observation{}, runner: engine.Runner{Real: true}}
	c.textfile = engine.Textfile{
		Path: filepath.Join(t.TempDir(), "preflight.prom"), Specs: specs,
		Namespace: "arbitrage",
	}
	for _, s := range specs {
		c.runner.Checks = append(c.runner.Checks, standIn{s, c})
	}
	c.start()
	return c
}

// standIn has the spec of a shipped check and returns the story's observations.
type standIn struct {
	spec spec.Spec
	*checker
}

func (s standIn) Spec() spec.Spec             { return s.spec }
func (s standIn) Targets(engine.Env) []string { return targets[s.spec.Name] }
func (s standIn) Run(_ context.Context, env engine.Env) (out []engine.Observation) {
	time.Sleep(3 * time.Millisecond)
	for _, target := range s.Targets(env) {
		o, ok := s.observed[target]
		if !ok {
			o = engine.Passed(target, "")
			o.Latency = 2 * time.Millisecond
		}
		out = append(out, o)
	}
	return out
}

// start runs the preflight now and every ten minutes.
func (c *checker) start() { c.runs = c.p.Every(site.Site().Timing.Run, c.run) }

func (c *checker) run() {
	report := c.runner.Run(context.Background(), engine.Env{})
	for _, r := range report.Results {
		for _, o := range r.Observations {
			if o.Reason == spec.InternalError {
				c.t.Errorf("check %q, target %q: %s", r.Check, o.Target, o.Detail)
			}
		}
	}
	if _, err := c.textfile.Write(context.Background(), "paper", report); err != nil {
		c.t.Error(err)
	}
	file, err := os.ReadFile(c.textfile.Path)
	if err != nil {
		c.t.Error(err)
	}
	c.p.Expose("node_exporter", "# TYPE node_textfile_scrape_error gauge\nnode_textfile_scrape_error 0\n"+string(file))
}

// fail sets the outcome of targets from the next run on.
func (c *checker) fail(target, reason string) {
	c.observed[target] = engine.Failed(target, reason, "")
}

func (c *checker) warn(target, reason string) {
	c.observed[target] = engine.Warned(target, reason, "")
}

func (c *checker) pass(targets ...string) {
	for _, target := range targets {
		delete(c.observed, target)
	}
}
