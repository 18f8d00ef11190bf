package verdict_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/proof/verdict"
)

const (
	holds = `alert_rule_test: [{eval_time: 2m, alertname: Down, exp_alerts: [` + jobA + `, ` + jobB + `]}]`
	fails = `alert_rule_test: [{eval_time: 2m, alertname: Down}]`
)

func run(t *testing.T, o verdict.Options, cases ...verdict.Case) verdict.Stats {
	t.Helper()
	if o.Engine == "" {
		o.Engine = "engine 1"
	}
	_, stats, err := verdict.Run(t.Context(), cases, o)
	if err != nil {
		t.Fatal(err)
	}
	return stats
}

func TestPassesAreRemembered(t *testing.T) {
	t.Parallel()
	o := verdict.Options{Dir: filepath.Join(t.TempDir(), "a", "b")}
	cases := []verdict.Case{one(t, holds), one(t, fails)}
	if got, want := run(t, o, cases...), (verdict.Stats{Tests: 2, Failed: 1}); got != want {
		t.Errorf("first: %+v, want %+v", got, want)
	}
	if got, want := run(t, o, cases...), (verdict.Stats{Tests: 2, Cached: 1, Failed: 1}); got != want {
		t.Errorf("then: %+v, want %+v", got, want)
	}
	if got, want := run(t, verdict.Options{Engine: "engine 2", Dir: o.Dir}, cases...), (verdict.Stats{Tests: 2, Failed: 1}); got != want {
		t.Errorf("by another engine: %+v, want %+v", got, want)
	}
	if got, want := run(t, verdict.Options{NoCache: true, Dir: o.Dir}, cases...), (verdict.Stats{Tests: 2, Failed: 1}); got != want {
		t.Errorf("without the cache: %+v, want %+v", got, want)
	}
}

func TestEveryChangeRunsATestAgain(t *testing.T) {
	t.Parallel()
	o := verdict.Options{Dir: t.TempDir()}
	run(t, o, one(t, holds))
	for name, change := range map[string]func(c *verdict.Case){
		"expr":       func(c *verdict.Case) { c.Groups[0].Rules[1].Expr = "up < 1" },
		"for":        func(c *verdict.Case) { c.Groups[0].Rules[1].For = model.Duration(time.Second) },
		"annotation": func(c *verdict.Case) { c.Groups[0].Rules[1].Annotations["title"] = "Down!" },
		"label":      func(c *verdict.Case) { c.Groups[0].Rules[1].Labels["priority"] = "P1" },
		"interval":   func(c *verdict.Case) { c.Groups[0].Interval = model.Duration(time.Second) },
		"evaluation": func(c *verdict.Case) { c.Tests.EvaluationInterval *= 2 },
		"values":     func(c *verdict.Case) { c.Tests.Tests[0].Series[0].Values = "1 0x8" },
		"moment":     func(c *verdict.Case) { c.Tests.Tests[0].Alerts[0].At *= 2 },
		"expected":   func(c *verdict.Case) { c.Tests.Tests[0].Alerts[0].Expected[0].Labels["env"] = "y" },
		"fuzzy":      func(c *verdict.Case) { c.Tests.FuzzyCompare = true },
	} {
		c := one(t, holds)
		change(&c)
		if got := run(t, o, c); got.Cached != 0 {
			t.Errorf("%s: the changed test was not run: %+v", name, got)
		}
	}
	if got := run(t, o, one(t, holds)); got.Cached != 1 {
		t.Errorf("the test as it was: %+v", got)
	}
}

// An unusable cache only costs time.
func TestBrokenCacheIsNoError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{file, filepath.Join(file, "below"), "/proc/none"} {
		if got, want := run(t, verdict.Options{Dir: d}, one(t, holds)), (verdict.Stats{Tests: 1}); got != want {
			t.Errorf("%s: %+v, want %+v", d, got, want)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "verdicts"), []byte("something else\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, want := range []verdict.Stats{{Tests: 1}, {Tests: 1, Cached: 1}} {
		if got := run(t, verdict.Options{Dir: dir}, one(t, holds)); got != want {
			t.Errorf("over another file: %+v, want %+v", got, want)
		}
	}
}

func TestTheCacheIsBoundedAndDropsTheOldest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "verdicts")
	run(t, verdict.Options{Dir: dir}, one(t, holds))
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.Write(kept)
	for i := range 40000 {
		b.WriteString(strings.Repeat(string(rune('a'+i%26)), 8+i%20))
		b.WriteString(strings.Repeat("0", i/26/20%100))
		b.WriteString("\n")
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	other := one(t, holds)
	other.Groups[0].Rules[1].Expr = "up < 1"
	run(t, verdict.Options{Dir: dir}, other)
	now, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(now), "\n"); n > 30001 {
		t.Errorf("%d entries", n)
	}
	if got := run(t, verdict.Options{Dir: dir}, one(t, holds), other); got.Cached != 2 {
		t.Errorf("the latest are gone: %+v", got)
	}
}

func TestRunsAtOnceShareTheCache(t *testing.T) {
	t.Parallel()
	o := verdict.Options{Dir: t.TempDir()}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { run(t, o, one(t, holds)) })
	}
	all.Wait()
	if got, want := run(t, o, one(t, holds)), (verdict.Stats{Tests: 1, Cached: 1}); got != want {
		t.Errorf("afterwards: %+v, want %+v", got, want)
	}
}
