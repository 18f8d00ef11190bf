package checker_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checker/spec"
)

// stub is a check made of functions.
type stub struct {
	spec    spec.Spec
	targets func(checker.Env) []string
	run     func(checker.Env) []checker.Observation
}

func (s stub) Spec() spec.Spec                                              { return s.spec }
func (s stub) Targets(env checker.Env) []string                             { return s.targets(env) }
func (s stub) Run(_ context.Context, env checker.Env) []checker.Observation { return s.run(env) }

// always returns a check of the target "t" that passes after 3 ms.
func always(s spec.Spec) stub {
	return stub{s, func(checker.Env) []string { return []string{"t"} }, func(checker.Env) []checker.Observation {
		o := checker.Passed("t", "answered")
		o.Latency = 3 * time.Millisecond
		return []checker.Observation{o}
	}}
}

// command runs the command in a folder with a preflight.yml.
func command(t *testing.T, namespace, config string, checks ...checker.Check) (dir string, code int, stderr string) {
	t.Helper()
	dir = t.TempDir()
	file := filepath.Join(dir, "preflight.yml")
	if err := os.WriteFile(file, []byte(config+"envs: [paper]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	code = checker.Run(t.Context(), namespace, []string{
		"--real-check", "--config.file=" + file, "--metrics-output=" + filepath.Join(dir, "preflight.prom"), "--evidence.dir=" + dir,
	}, io.Discard, &out, checks...)
	return dir, code, out.String()
}

// All metrics of the runs have the namespace.
func TestAnotherNamespace(t *testing.T) {
	t.Parallel()
	s := spec.Spec{Name: "Router", Latencies: []spec.Latency{{Target: "t", Metric: "router_latency_seconds", Help: "How long the router took."}}}
	dir, code, stderr := command(t, "acme", "live_envs: []\n", always(s))
	if code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	file, err := os.Open(filepath.Join(dir, "preflight.prom"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(file)
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, d := range spec.NewRunFamilies("acme", s).All() {
		if d.Name != "acme_preflight_check_problem" { // the run has no problem
			want = append(want, d.Name)
		}
	}
	for name := range families {
		got = append(got, name)
	}
	slices.Sort(want)
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if n := families["acme_preflight_router_latency_seconds"].Metric[0].Histogram.GetSampleCount(); n != 1 {
		t.Errorf("the latency was counted %d times", n)
	}
}

// expands is a check that expands to a nil check.
type expands struct{ stub }

func (expands) Expand(checker.Env) []checker.Check { return []checker.Check{nil} }

// A failure takes precedence over a check's other observations: in the exit
// code, the metrics and the evidence.
func TestWorstObservationDecides(t *testing.T) {
	t.Parallel()
	for name, observed := range map[string][]checker.Observation{
		"after a pass":          {checker.Passed("t", ""), checker.Failed("t", "full", "d")},
		"before a pass":         {checker.Failed("t", "full", "d"), checker.Passed("t", "")},
		"of an unlisted target": {checker.Passed("t", ""), checker.Failed("u", "full", "d")},
	} {
		check := always(spec.Spec{Name: "Disk", Reasons: []spec.Reason{{Name: "full"}}})
		check.run = func(checker.Env) []checker.Observation { return observed }
		dir, code, stderr := command(t, "acme", "live_envs: []\n", check)
		if code != 1 {
			t.Errorf("%s: exit %d: %s", name, code, stderr)
		}
		data, err := os.ReadFile(filepath.Join(dir, "preflight.prom"))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{
			`acme_preflight_check_status{check="Disk",env="paper",status="fail"} 1`,
			`acme_preflight_last_success{env="paper"} 0`,
			`acme_preflight_ready_for_live{env="paper"} 0`,
		} {
			if !strings.Contains(string(data), line+"\n") {
				t.Errorf("%s: the metrics lack %s:\n%s", name, line, data)
			}
		}
		if n := strings.Count(string(data), "acme_preflight_check_problem{"); n != 1 {
			t.Errorf("%s: %d problems:\n%s", name, n, data)
		}
		e, err := checker.ReadEvidence(filepath.Join(dir, "paper.json"), nil)
		if err != nil || e.ReadyForLive || e.Summary.Fail != 1 {
			t.Errorf("%s: %+v (%v)", name, e, err)
		}
	}
}

func TestMistakesInTeamChecks(t *testing.T) {
	t.Parallel()
	latency := func(name string) spec.Spec {
		return spec.Spec{Name: "Router", Latencies: []spec.Latency{{Target: "t", Metric: name, Help: "How long it took."}}}
	}
	for name, tt := range map[string]struct {
		namespace string
		checks    []checker.Check
		want      string
	}{
		"no namespace":              {"", []checker.Check{always(spec.Spec{Name: "A"})}, `the namespace "" cannot start a metric's name`},
		"a dash":                    {"my-team", []checker.Check{always(spec.Spec{Name: "A"})}, `the namespace "my-team" cannot`},
		"a colon":                   {"acme:x", []checker.Check{always(spec.Spec{Name: "A"})}, `the namespace "acme:x" cannot`},
		"a nil check":               {"acme", []checker.Check{always(spec.Spec{Name: "A"}), nil}, "check 2 is nil"},
		"a check without a name":    {"acme", []checker.Check{always(spec.Spec{})}, `the check "" has no letter or digit`},
		"one section for two":       {"acme", []checker.Check{always(spec.Spec{Name: "Disk Space"}), always(spec.Spec{Name: "disk_space"})}, `the checks "Disk Space" and "disk_space" both have the section disk_space`},
		"the checker's own section": {"acme", []checker.Check{always(spec.Spec{Name: "Live Envs"})}, `the check "Live Envs" cannot have the section live_envs`},
		"an expansion to nil":       {"acme", []checker.Check{expands{always(spec.Spec{Name: "A"})}}, `check "A" expands to a check that is nil`},
		"two checks of one name":    {"acme", []checker.Check{always(spec.Spec{Name: "A"}), always(spec.Spec{Name: "A"})}, `there are two checks "A"`},
		"a latency without a unit":  {"acme", []checker.Check{always(latency("router_latency"))}, "its name ends in _seconds"},
		"a latency that is another": {"acme", []checker.Check{always(latency("duration_seconds"))}, "belongs to another check"},
	} {
		dir, code, stderr := command(t, tt.namespace, "live_envs: []\n", tt.checks...)
		if code != 2 || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: exit %d, %s, want %q", name, code, stderr, tt.want)
		}
		var out bytes.Buffer // list reports the mistakes too
		code = checker.Run(t.Context(), tt.namespace, []string{"list", "--config.file=" + filepath.Join(dir, "preflight.yml")}, io.Discard, &out, tt.checks...)
		if code != 2 || !strings.Contains(out.String(), tt.want) {
			t.Errorf("%s: list: exit %d, %s, want %q", name, code, out.String(), tt.want)
		}
	}
}

// Teams' checks have separate sections.
func TestSections(t *testing.T) {
	t.Parallel()
	type config struct {
		Hosts []string `yaml:"hosts"`
	}
	section := func(name string, shared bool) stub {
		s := stub{spec: spec.Spec{Name: name}}
		if shared {
			s.spec.Sections = []string{"cluster"}
		}
		s.targets = func(env checker.Env) []string {
			var own, cluster config
			_ = env.Config(&own)
			if shared {
				_ = env.Section("cluster", &cluster)
			}
			return append(own.Hosts, cluster.Hosts...)
		}
		return s
	}
	checks := []checker.Check{section("Order Book", false), section("Risk", true)}
	const text = "live_envs: [prod]\ncluster: {hosts: [c]}\norder_book: {hosts: [a, b]}\n"
	c, err := checker.ParseConfig("/etc/p.yml", []byte(text), checks...)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]string{{"a", "b"}, {"c"}} {
		if got := checks[i].Targets(c.Env("prod", nil).For(checks[i])); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", checks[i].Spec().Name, got, want)
		}
	}
	env := c.Env("prod", func(name string) (string, bool) { return " " + name + "\n", true })
	if !env.Live || c.Env("paper", nil).Live {
		t.Error("live_envs does not select the live environments")
	}
	if got := env.Path("x/y"); got != "/etc/x/y" {
		t.Errorf("a relative path is %s", got)
	}
	if got := env.Path("/x"); got != "/x" {
		t.Errorf("an absolute path is %s", got)
	}
	if got := env.Value("V"); got != " V\n" {
		t.Errorf("a value is %q", got)
	}
	if got := env.Value(" "); got != "" {
		t.Errorf("a blank value is %q", got)
	}
	for text, want := range map[string]string{
		"orderbook: {hosts: [a]}\n": `p.yml:1: unknown key "orderbook" (did you mean "order_book"?)`,
		"risks: {}\n":               `p.yml:1: unknown key "risks" (did you mean "risk"?)`,
		"trade: {}\n":               `p.yml:1: unknown key "trade" (there are envs, live_envs, env_file_format, gate, cluster, order_book, risk)`,
		"order_book: {hosts: [a]}\norder_book: {}\n":       `p.yml:2: mapping key "order_book" already defined at line 1`,
		"cluster: {hosts: x}\norder_book: {host: [a]}\n":   "p.yml:1: x is not a list\n" + `p.yml:2: unknown key "host" in order_book (did you mean "hosts"?)`,
		"live_envs: prod\norder_book: {hosts: [a]}\n":      "p.yml:1: prod is not a list",
		"cluster: &c {hosts: [c]}\nrisk: {<<: *c, n: 1}\n": `p.yml:2: unknown key "n" in risk (there are hosts)`,
	} {
		if _, err := checker.ParseConfig("p.yml", []byte(text), checks...); err == nil || err.Error() != want {
			t.Errorf("%q:\n error %v,\n want %s", text, err, want)
		}
	}
}

// connection is a shared value of the checks of a run.
type connection struct{ closed bool }

func (c *connection) Close() error { c.closed = true; return nil }

func TestChecksShareValues(t *testing.T) {
	t.Parallel()
	var seen []*connection
	got := make(chan *connection, 2)
	check := func(name string) stub {
		s := always(spec.Spec{Name: name})
		pass := s.run
		s.run = func(env checker.Env) []checker.Observation {
			c := checker.Shared(env, func() *connection { return &connection{} })
			if c.closed {
				t.Error("it is closed before the run ends")
			}
			got <- c
			return pass(env)
		}
		return s
	}
	for range 2 {
		checker.Runner{Checks: []checker.Check{check("A"), check("B")}}.Run(t.Context(), checker.Env{})
		a, b := <-got, <-got
		if a != b || !a.closed {
			t.Errorf("one connection: %v, closed: %v", a == b, a.closed)
		}
		seen = append(seen, a)
	}
	if seen[0] == seen[1] {
		t.Error("two runs share a connection")
	}
}

// The spec's timeout applies, unless the check sets its own.
func TestTimeoutOfTheSpec(t *testing.T) {
	t.Parallel()
	hangs := waiting{always(spec.Spec{Name: "Hangs", Timeout: time.Millisecond, Reasons: []spec.Reason{{Name: "timeout"}}})}
	report := checker.Runner{Checks: []checker.Check{hangs}}.Run(t.Context(), checker.Env{})
	if o := report.Results[0].Observations[0]; o.Reason != "timeout" {
		t.Errorf("%+v", o)
	}
}

// waiting waits until its timeout.
type waiting struct{ stub }

func (waiting) Run(ctx context.Context, _ checker.Env) []checker.Observation {
	<-ctx.Done()
	return []checker.Observation{checker.Failed("t", "timeout", "no answer")}
}

// checkout is a check of a checkout in another folder.
type checkout struct {
	stub
	folder string
}

func (c checkout) Checkout(checker.Env) string { return c.folder }

// The evidence has the commit of the folder of a Versioned check that reports
// no commit itself.
func TestEvidenceHasCommitOfCheckout(t *testing.T) {
	t.Parallel()
	repository := t.TempDir()
	git := func(args ...string) string {
		cmd := exec.Command("git", append([]string{"-C", repository, "-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "--quiet")
	git("commit", "--quiet", "--allow-empty", "--message=x")
	dir, code, stderr := command(t, "acme", "live_envs: []\n", checkout{always(spec.Spec{Name: "Code"}), repository})
	if code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	e, err := checker.ReadEvidence(filepath.Join(dir, "paper.json"), nil)
	if want := git("rev-parse", "HEAD"); err != nil || e.Commit != want {
		t.Errorf("the commit is %q, want %q (%v)", e.Commit, want, err)
	}
}
