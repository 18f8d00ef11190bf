package codegen_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/webhook/api"
)

// generated returns a file that the pack makes.
func generated(t *testing.T, pack codegen.Pack, path string) string {
	t.Helper()
	files, err := pack.Generate(pack.Endpoints)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(files, func(f codegen.File) bool { return f.Path == path })
	if i < 0 {
		t.Fatalf("no file %s", path)
	}
	return string(files[i].Data)
}

// pageRows are the lines of routes.md about an alert, without its link.
func pageRows(t *testing.T, pack codegen.Pack, alert string) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(generated(t, pack, "alertmanager/routes.md")) {
		link := "[" + alert + "](../runbooks/" + alert + ".md)"
		if strings.Contains(line, link) {
			out = append(out, strings.TrimSpace(strings.Replace(line, link, alert, 1)))
		}
	}
	return out
}

// The page says what becomes of an alert, and what changes with a route.
func TestThePageOfRoutesShowsTheConsequences(t *testing.T) {
	t.Parallel()
	pack := codegen.Preflight()
	for alert, want := range map[string][]string{
		"PreflightCheckFailed": {`| P0 | PreflightCheckFailed | telegram-loud | env, priority | 200ms | 1s | 1h |  |`},
		"TargetDown": {
			`| P1 | TargetDown | telegram-loud | alertname, job | 30s | 5m | 12h |  |`,
			"| P1 | TargetDown `job=\"webhook\"` | fallback-loud | alertname, job | 30s | 5m | 12h |  |",
			"| P1 | TargetDown `job=\"webhook\"` | telegram-loud | alertname, job | 30s | 5m | 12h |  |",
		},
		"PreflightFlapping": {`| P2 | PreflightFlapping | telegram-silent | alertname, env | 5m | 30m | 1d | while PreflightCheckFailed fires with the same env |`},
		"Watchdog":          {`|  | Watchdog | watchdog | alertname | 0s | 5s | 12s |  |`},
	} {
		if d := cmp.Diff(want, pageRows(t, pack, alert)); d != "" {
			t.Errorf("%s (-want +got):\n%s", alert, d)
		}
	}
	muteP2(&pack.Routing)
	promiseOf(&pack.Routing, p2).MuteDuring = []string{"nights"}
	want := []string{`| P2 | PreflightSlow | telegram-silent | alertname, env | 5m | 30m | 1d | in nights |`}
	if d := cmp.Diff(want, pageRows(t, pack, "PreflightSlow")); d != "" {
		t.Errorf("muted (-want +got):\n%s", d)
	}
}

// A broken promise shows both sides, and nothing is written.
func TestABrokenPromiseStopsTheGeneration(t *testing.T) {
	t.Parallel()
	pack := codegen.Preflight()
	routeOf(&pack.Routing, "priority", "P0").Receiver = rules.ReceiverSilent
	dir := t.TempDir()
	code, _, stderr := generate(pack, "--out="+dir)
	want := `alert "PreflightCheckFailed": AM008: {alertname="PreflightCheckFailed", check="Database", env="paper", priority="P0", source="system", target="redis"}
    promised: telegram-loud, grouped by env, priority, after 200ms, changes after 1s, again after 1h
    gets:     telegram-silent, grouped by env, priority, after 200ms, changes after 1s, again after 1h
`
	if code != 1 || !strings.Contains(stderr, want) {
		t.Errorf("exit %d\n%s\nwant\n%s", code, stderr, want)
	}
	if files := tree(t, dir); len(files) != 0 {
		t.Errorf("wrote %v", paths(files))
	}
}

// Without a fallback its routes and promises are left out together.
func TestPromisesFollowTheEndpoints(t *testing.T) {
	t.Parallel()
	pack := codegen.Preflight()
	pack.Endpoints.Fallback = rules.Fallback{}
	if text := generated(t, pack, "alertmanager/routes.md"); strings.Contains(text, "fallback") {
		t.Errorf("a fallback that is not set up:\n%s", text)
	}
}

// diskRoutes is a pack of two alerts, a route for each priority and one for the
// hosts of a team, small enough to see through.
func diskRoutes() codegen.Pack {
	pack := onlyAlert(rules.P2)
	low := pack.Groups[0].Alerts[0]
	low.Name, low.Priority, low.Labels = "DiskFilling", rules.P2, map[string]string{"team": "disks"}
	low.Expr = "disk_used_ratio > 0.8"
	full := pack.Groups[0].Alerts[0]
	full.Labels = map[string]string{"team": "disks"}
	pack.Groups[0].Alerts = []rules.Alert{full, low}
	timing := rules.Timing{GroupWait: time.Minute, GroupInterval: time.Hour, Repeat: 24 * time.Hour}
	low2 := rules.Route{Match: []rules.Matcher{p2}, Receiver: "quiet", GroupBy: []string{"alertname", "job"}, Timing: timing}
	pack.Routing.Receivers = append(pack.Routing.Receivers, rules.Receiver{Name: "quiet", Path: api.NotifyPath(rules.Silent)})
	pack.Routing.Routes = []rules.Route{low2}
	pack.Routing.Promises = append(pack.Routing.Promises, rules.Promise{Of: low2.Match, Receiver: "quiet", GroupBy: low2.GroupBy, Timing: timing})
	pack.Routing.Inhibit = []rules.Inhibit{{
		Source: []rules.Matcher{{Label: "alertname", Value: "DiskFull"}}, Target: []rules.Matcher{{Label: "alertname", Value: "DiskFilling"}}, Equal: []string{"instance"},
	}}
	pack.Routing.Quiet = []rules.Quiet{{Alert: "DiskFilling", While: "DiskFull", Same: []string{"instance"}}}
	return pack
}

func TestMutantsOfRoutesDieByThePromises(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := generate(diskRoutes(), "mutate")
	if code != 0 {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	for _, want := range []string{
		" 0  routing, the default route\n", ` 0  routing, {priority="P2"}` + "\n",
		` 0  routing, inhibition of {alertname="DiskFilling"} by {alertname="DiskFull"}` + "\n",
		"score 100.0 %, 5 of 5 rules and routes have a test",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("output lacks %q:\n%s", want, stdout)
		}
	}
}

// redundant is a route with a matcher for what the alert always has.
func redundant() codegen.Pack {
	pack := diskRoutes()
	of := rules.Matcher{Label: "alertname", Value: "DiskFull"}
	route := pack.Routing.Routes[0]
	route.Match, route.GroupBy = []rules.Matcher{of, {Label: "job", Value: "disk"}}, []string{"instance"}
	pack.Routing.Routes = append([]rules.Route{route}, pack.Routing.Routes...)
	pack.Routing.Promises = append(pack.Routing.Promises, rules.Promise{Of: []rules.Matcher{p2, of}, Receiver: "quiet", GroupBy: route.GroupBy, Timing: route.Timing},
		rules.Promise{Of: []rules.Matcher{of}, Receiver: "quiet", GroupBy: route.GroupBy, Timing: route.Timing})
	return pack
}

// What changes nothing survives, until a person says why it is there; what
// changes something for alerts of which nothing is promised is no such thing.
func TestSurvivorsAndWaiversOfRoutes(t *testing.T) {
	t.Parallel()
	waive := func(pack codegen.Pack, mutant string) codegen.Pack {
		pack.Routing.Routes[0].Equivalents = []finding.Equivalent{{Mutant: mutant, Why: "so I say"}}
		return pack
	}
	onlyP2 := func() codegen.Pack {
		pack := diskRoutes()
		pack.Routing.Promises = pack.Routing.Promises[1:]
		return pack
	}
	for name, tt := range map[string]struct {
		pack codegen.Pack
		code int
		want string
	}{
		"survivor": {
			redundant(), 1,
			"routing, {alertname=\"DiskFull\",job=\"disk\"}, matchers: MU001: matchers: no test fails without it\n    matchers: job=\"disk\"\n    ^^^^^^^^^^^^^^^^^^^^\n",
		},
		"waived": {waive(redundant(), `matchers: job="disk" → (dropped)`), 0, "score 100.0 %"},
		"stale": {
			waive(diskRoutes(), `matchers: job="disk" → (dropped)`), 1,
			`routing, {priority="P2"}, waiver: MU002: no mutant of that name survives: delete the waiver`,
		},
		"nothing promised": {onlyP2(), 1, "no test: routing, the default route\n"},
		"not the same": {
			waive(onlyP2(), `matchers: priority="P2" → (dropped)`), 1,
			`MU003: matchers: priority="P2" → (dropped) is waived (so I say), but is not the same: {alertname=`,
		},
	} {
		if code, stdout, stderr := generate(tt.pack, "mutate"); code != tt.code || !strings.Contains(stdout, tt.want) {
			t.Errorf("%s: exit %d, want %d and %s\n%s%s", name, code, tt.code, tt.want, stdout, stderr)
		}
	}
}

// Routes that do not do what is promised cannot be measured.
func TestMutantsOfBrokenRoutesAreAnError(t *testing.T) {
	t.Parallel()
	pack := diskRoutes()
	pack.Routing.Routes[0].Timing.Repeat = time.Hour
	code, _, stderr := generate(pack, "mutate")
	if code != 2 || !strings.Contains(stderr, `a promise is broken by the routes as they are: {alertname="DiskFilling"`) {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// More than one mutant in twenty waived is too many.
func TestTooManyWaivers(t *testing.T) {
	t.Parallel()
	pack := codegen.Pack{
		Namespace: "pulse", Timing: metrics.DefaultTiming(), Routing: oneRoute(), Endpoints: codegen.Endpoints{Webhook: "http://webhook:9917"},
		Groups: []rules.Group{{Name: "pulse", Alerts: []rules.Alert{{
			Name: "Pulse", Expr: "vector(1)", About: "A sign of life.",
			Scenarios: []rules.Scenario{{Name: "always", Expect: []rules.Expect{{At: "0m", Firing: []rules.Instance{{}}}}}},
			Equivalents: []finding.Equivalent{
				{Mutant: "1 → 0", Why: "a vector fires whatever its value"},
				{Mutant: "1 → 2", Why: "a vector fires whatever its value"},
			},
		}}}},
	}
	code, stdout, stderr := generate(pack, "mutate")
	want := "all mutants: MU004: 2 of 9 are waived, more than 5 %: write scenarios, or simpler rules and routes\n"
	if code != 1 || !strings.Contains(stdout, want) || strings.Contains(stdout, "MU001") {
		t.Errorf("exit %d, want 1 and %q\n%s%s", code, want, stdout, stderr)
	}
	// The same among enough others are not.
	pack.Metrics, pack.Jobs = onlyAlert(rules.P2).Metrics, onlyAlert(rules.P2).Jobs
	for i := range 5 {
		more := onlyAlert(rules.P2).Groups[0]
		more.Name = fmt.Sprintf("disk%d", i)
		more.Alerts[0].Name = fmt.Sprintf("DiskFull%d", i)
		pack.Groups = append(pack.Groups, more)
	}
	if code, stdout, stderr := generate(pack, "mutate"); code != 0 {
		t.Errorf("two of many: exit %d\n%s%s", code, stdout, stderr)
	}
}
