package codegen_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/site"
)

// diskSite returns a site with one alert, whose scenario has no value near the
// threshold.
func diskSite(severity string) preflight.Site {
	return preflight.Site{
		Name: "disks",
		Packs: []preflight.Pack{{
			Name:    "disk",
			Metrics: []metrics.Desc{{Name: "disk_used_ratio", Type: metrics.Gauge, Help: "Used."}},
			Groups: []rules.Group{{Name: "disk", Alerts: []rules.Alert{{
				Name: "DiskFull", Severity: severity, Expr: "disk_used_ratio > 0.9",
				Scenarios: []rules.Scenario{{
					Name:   "fires when full",
					Series: `disk_used_ratio{job="disk", instance="a"} 0.5x4 1x5`,
					Expect: []rules.Expect{rules.Quiet("4m"), rules.Fires("5m", `job="disk", instance="a"`)},
				}},
			}}}},
		}},
		Jobs:         []preflight.Job{{Name: "disk", Targets: []string{"disk:9000"}}},
		Alertmanager: preflight.Alertmanager{Addresses: []string{"alertmanager:9093"}},
		Webhook:      preflight.Webhook{URL: "http://webhook:9917"},
		Severities:   routing.Priorities(),
		Routing:      oneRoute(),
	}
}

// oneRoute returns a route to one receiver with its promise.
func oneRoute() routing.Routing {
	return routing.Routing{
		Receivers: []routing.Receiver{{Name: "chat", Chats: []routing.Chat{{Telegram: "$CHAT"}}, Sound: routing.Loud}},
		Route: routing.Route{
			Receiver: "chat", GroupBy: []string{"alertname"}, GroupWait: "1m", GroupInterval: "1h", RepeatInterval: "24h",
		},
		Promises: []routing.Promise{{
			Receiver: "chat", GroupBy: []string{"alertname"}, Gather: "1m", Within: "1h1m", Again: "25h", NotAgain: "24h", Sound: routing.Loud, Resolved: true,
		}},
	}
}

// A generated test proves the threshold of a silent alert, but not of a loud
// one.
func TestOnlyScenariosProveLoudAlerts(t *testing.T) {
	t.Parallel()
	if code, stdout, stderr := generate(t, diskSite("P2"), "mutate"); code != 0 {
		t.Errorf("P2: exit %d\n%s%s", code, stdout, stderr)
	}
	for _, severity := range []string{"P0", "P1"} {
		code, stdout, _ := generate(t, diskSite(severity), "mutate")
		if code != 1 || !strings.Contains(stdout, `no test fails with ">=" in its place`) {
			t.Errorf("%s: exit %d\n%s", severity, code, stdout)
		}
	}
}

func TestWrongWaiversFail(t *testing.T) {
	t.Parallel()
	for mutant, want := range map[string]string{
		"> → >=": "MU003: > → >= is waived (so I say), but is not the same: in random world",
		"+ → -":  "MU002: no mutant of that name survives: delete the waiver",
	} {
		s := diskSite("P1")
		alert(&s, "DiskFull").Equivalents = []finding.Equivalent{{Mutant: mutant, Why: "so I say"}}
		if code, stdout, _ := generate(t, s, "mutate", "--floor=0"); code != 1 || !strings.Contains(stdout, want) {
			t.Errorf("%s: exit %d\n%s", mutant, code, stdout)
		}
	}
}

// Dropping a label that the expression also gives is not a mistake.
func TestLabelsOfExpressionNeedNoProof(t *testing.T) {
	t.Parallel()
	s := diskSite("P2")
	a := alert(&s, "DiskFull")
	a.Expr = `disk_used_ratio{instance="a"} > 0.9`
	a.Labels = map[string]string{"instance": "a"}
	_, stdout, _ := generate(t, s, "mutate")
	contains(t, stdout, "       1  alert \"DiskFull\"") // waived and checked
	lacks(t, stdout, "labels: MU001", "MU003")
}

// withRecord adds a recording rule to the site.
func withRecord(r rules.Record) preflight.Site {
	s := diskSite("P2")
	s.Packs[0].Groups[0].Records = []rules.Record{r}
	return s
}

func TestEveryRuleIsCoveredOrWaived(t *testing.T) {
	t.Parallel()
	const name = "job:disk_used:stddev"
	record := rules.Record{Name: name, Expr: "stddev by (job) (disk_used_ratio)"}
	contains(t, findings(t, withRecord(record)), `record "job:disk_used:stddev": DF003: nothing proves it, and no test can be made from its expression (stddev cannot be inverted)`)
	record.Untested = "for people's queries only"
	contains(t, file(t, withRecord(record), "prometheus/coverage.json"), `"waived": "for people's queries only"`)
	record.Scenarios = spread()
	contains(t, findings(t, withRecord(record)), "delete Untested")
	record.Untested = ""
	s := withRecord(record)
	contains(t, file(t, s, "prometheus/tests/job-disk_used-stddev.yml"), `labels: '{__name__="job:disk_used:stddev", job="disk"}'`)
	if code, stdout, stderr := generate(t, s, "mutate"); code != 0 {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

// spread distinguishes two jobs, and the standard deviation from other
// functions.
func spread() []rules.Scenario {
	return []rules.Scenario{{
		Name: "the spread of a job",
		Series: `
			disk_used_ratio{job="disk", instance="a"} 1x5
			disk_used_ratio{job="disk", instance="b"} 9x5`,
		Expect: []rules.Expect{rules.Samples("1m", `job="disk" 4`)},
	}}
}

// A mutant of a recording rule is noticed without an alert that reads it.
func TestRecordIsProvedByExpression(t *testing.T) {
	t.Parallel()
	s := withRecord(rules.Record{Name: "job:disk_used:max", Expr: "max by (job) (disk_used_ratio)"})
	contains(t, file(t, s, "prometheus/tests/job-disk_used-max.yml"), "generated: follows its series and ends with them")
	code, stdout, _ := generate(t, s, "mutate")
	if code != 1 || !strings.Contains(stdout, `record "job:disk_used:max", expr: MU001: aggregation: no test fails with "sum" in its place`) {
		t.Errorf("exit %d\n%s", code, stdout)
	}
}

// At most one mutant in twenty may be waived.
func TestTooManyWaivers(t *testing.T) {
	t.Parallel()
	s := diskSite("P2")
	s.Packs[0].Metrics = nil
	s.Packs[0].Groups = []rules.Group{{Name: "pulse", Alerts: []rules.Alert{{
		Name: "Pulse", Severity: "P2", Expr: "vector(1)", Labels: map[string]string{"instance": "all"},
		Scenarios: []rules.Scenario{{Name: "always", Expect: []rules.Expect{rules.Fires("0m")}}},
		Waivers:   []finding.Waiver{{Code: finding.NoScenario, Why: "it always fires"}},
		Equivalents: []finding.Equivalent{
			{Mutant: "1 → 0", Why: "a vector fires whatever its value"},
			{Mutant: "1 → 2", Why: "a vector fires whatever its value"},
		},
	}}}}
	code, stdout, stderr := generate(t, s, "mutate")
	if code != 1 || !strings.Contains(stdout, "all mutants: MU004: 2 of ") || strings.Contains(stdout, "MU001") {
		t.Errorf("exit %d, want 1 and MU004\n%s%s", code, stdout, stderr)
	}
	// With enough other mutants, the same waivers are accepted.
	s.Packs[0].Metrics = diskSite("P2").Packs[0].Metrics
	for i := range 5 {
		more := clone(diskSite("P2").Packs[0].Groups[0])
		more.Name = fmt.Sprintf("disk%d", i)
		more.Alerts[0].Name = fmt.Sprintf("DiskFull%d", i)
		s.Packs[0].Groups = append(s.Packs[0].Groups, more)
	}
	if code, stdout, stderr := generate(t, s, "mutate"); code != 0 {
		t.Errorf("two of many: exit %d\n%s%s", code, stdout, stderr)
	}
}

// BenchmarkMutate makes all mutants of the shipped site and runs their tests.
func BenchmarkMutate(b *testing.B) {
	for b.Loop() {
		if code := codegen.Run(b.Context(), []string{"mutate"}, io.Discard, io.Discard, site.Site()); code != 0 {
			b.Fatalf("exit %d", code)
		}
	}
}

// With --mutate nothing is written while a mistake would go unnoticed. The
// mutants of a group are not tried again while nothing changes.
func TestGenerateWithMutants(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, _, stderr := generate(t, diskSite("P0"), "--mutate", "--out", dir)
	if code != 1 {
		t.Errorf("exit %d", code)
	}
	contains(t, stderr, `alert "DiskFull", expr: MU001: comparison: no test fails with ">=" in its place`, "nothing was written")
	if left := tree(t, dir); len(left) > 0 {
		t.Errorf("written: %v", paths(left))
	}
	if code, _, stderr := generate(t, diskSite("P0"), "--out", t.TempDir()); code != 0 {
		t.Errorf("without --mutate: exit %d\n%s", code, stderr)
	}
	for range 2 { // the second one from the cache
		mustGenerate(t, diskSite("P2"), "--mutate", "--out", dir)
	}
	routes := diskSite("P2")
	routes.Routing.Promises = nil
	_, _, stderr = generate(t, routes, "--mutate", "--out", dir)
	contains(t, stderr, "routing, the default route: MU001: no test or promise covers it")
}
