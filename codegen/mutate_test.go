package codegen_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/webhook/api"
)

// onlyAlert is a pack of one alert whose scenario does not go near the
// threshold.
func onlyAlert(priority rules.Priority) codegen.Pack {
	pack := codegen.Pack{
		Namespace: "disk", Timing: metrics.DefaultTiming(), Jobs: []codegen.Job{{Name: "disk"}}, Routing: oneRoute(),
		Endpoints: codegen.Endpoints{Webhook: "http://webhook:9917"},
		Metrics:   []metrics.Desc{{Name: "disk_used_ratio", Type: metrics.Gauge, Help: "Used."}},
	}
	labels := map[string]string{"job": "disk", "instance": "a"}
	pack.Groups = []rules.Group{{Name: "disk", Alerts: []rules.Alert{{
		Name: "DiskFull", Priority: priority, Expr: "disk_used_ratio > 0.9", About: "Full.",
		Title: rules.Text{EN: "Full"}, Summary: rules.Text{EN: "full"}, Actions: []rules.Text{{EN: "clean"}},
		Scenarios: []rules.Scenario{{
			Name:   "fires when full",
			Series: []rules.Series{{Name: `disk_used_ratio{job="disk",instance="a"}`, Values: "0.5x4 1x5"}},
			Expect: []rules.Expect{{At: "4m"}, {At: "5m", Firing: []rules.Instance{{Labels: labels}}}},
		}},
	}}}}
	return pack
}

// oneRoute tells everything to one receiver, as it promises.
func oneRoute() rules.Routing {
	to := rules.Route{Receiver: "chat", GroupBy: []string{"alertname"}, Timing: rules.Timing{GroupWait: time.Minute, GroupInterval: time.Hour, Repeat: 24 * time.Hour}}
	return rules.Routing{
		Receivers: []rules.Receiver{{Name: "chat", Path: api.NotifyPath(rules.Loud)}},
		Default:   to,
		Promises:  []rules.Promise{{Receiver: to.Receiver, GroupBy: to.GroupBy, Timing: to.Timing}},
	}
}

// What follows from the expression notices the threshold of a P2, and counts
// for nothing with a P1.
func TestOnlyScenariosProveWhatIsUrgent(t *testing.T) {
	t.Parallel()
	if code, stdout, stderr := generate(onlyAlert(rules.P2), "mutate"); code != 0 {
		t.Errorf("P2: exit %d\n%s%s", code, stdout, stderr)
	}
	code, stdout, _ := generate(onlyAlert(rules.P1), "mutate")
	if code != 1 || !strings.Contains(stdout, `no test fails with ">=" in its place`) {
		t.Errorf("P1: exit %d\n%s", code, stdout)
	}
}

func TestWrongWaiversFail(t *testing.T) {
	t.Parallel()
	for mutant, want := range map[string]string{
		"> → >=": "MU003: > → >= is waived (so I say), but is not the same: in random world",
		"+ → -":  "MU002: no mutant of that name survives: delete the waiver",
	} {
		pack := onlyAlert(rules.P1)
		pack.Groups[0].Alerts[0].Equivalents = []finding.Equivalent{{Mutant: mutant, Why: "so I say"}}
		if code, stdout, _ := generate(pack, "mutate", "--floor=0"); code != 1 || !strings.Contains(stdout, want) {
			t.Errorf("%s: exit %d\n%s", mutant, code, stdout)
		}
	}
}

// withRecord adds a recording rule to the pack.
func withRecord(r rules.Record) codegen.Pack {
	pack := onlyAlert(rules.P2)
	pack.Groups[0].Records = []rules.Record{r}
	return pack
}

// file returns a generated file.
func file(t *testing.T, pack codegen.Pack, path string) string {
	t.Helper()
	files, err := pack.Generate(pack.Endpoints)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Path == path {
			return string(f.Data)
		}
	}
	t.Fatalf("no file %s", path)
	return ""
}

func TestEveryRuleIsCoveredOrWaived(t *testing.T) {
	t.Parallel()
	const name = "job:disk_used:stddev"
	record := rules.Record{Name: name, Expr: "stddev by (job) (disk_used_ratio)"}
	pack := withRecord(record)
	if _, err := pack.Generate(pack.Endpoints); err == nil || !strings.Contains(err.Error(), `record "job:disk_used:stddev": nothing proves it (stddev is not turned around)`) {
		t.Errorf("error %v", err)
	}
	record.Untested = "for people's queries only"
	if got := file(t, withRecord(record), "prometheus/coverage.json"); !strings.Contains(got, `"waived": "for people's queries only"`) {
		t.Errorf("coverage:\n%s", got)
	}
	record.Scenarios = spread()
	pack = withRecord(record)
	if _, err := pack.Generate(pack.Endpoints); err == nil || !strings.Contains(err.Error(), "delete Untested") {
		t.Errorf("error %v", err)
	}
	record.Untested = ""
	pack = withRecord(record)
	if got := file(t, pack, "prometheus/tests/job-disk_used-stddev.yml"); !strings.Contains(got, `labels: '{__name__="job:disk_used:stddev", job="disk"}'`) {
		t.Errorf("test:\n%s", got)
	}
	if code, stdout, stderr := generate(pack, "mutate"); code != 0 {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

// spread tells two jobs apart, and the standard deviation from other measures.
func spread() []rules.Scenario {
	return []rules.Scenario{{
		Name: "the spread of a job",
		Series: []rules.Series{
			{Name: `disk_used_ratio{job="disk",instance="a"}`, Values: "1x5"},
			{Name: `disk_used_ratio{job="disk",instance="b"}`, Values: "9x5"},
		},
		Expect: []rules.Expect{{At: "1m", Samples: []rules.Sample{{Labels: map[string]string{"job": "disk"}, Value: 4}}}},
	}}
}

// What a recording rule yields is noticed without an alert that reads it.
func TestARecordIsProvedByItsExpression(t *testing.T) {
	t.Parallel()
	pack := withRecord(rules.Record{Name: "job:disk_used:max", Expr: "max by (job) (disk_used_ratio)"})
	if got := file(t, pack, "prometheus/tests/job-disk_used-max.yml"); !strings.Contains(got, "generated: follows its series and ends with them") {
		t.Errorf("test:\n%s", got)
	}
	code, stdout, _ := generate(pack, "mutate")
	if code != 1 || !strings.Contains(stdout, `record "job:disk_used:max", expr: MU001: aggregation: no test fails with "sum" in its place`) {
		t.Errorf("exit %d\n%s", code, stdout)
	}
}
