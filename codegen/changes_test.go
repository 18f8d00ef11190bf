package codegen_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

const (
	diskRules = "prometheus/rules/disk.yml"
	diskTest  = "prometheus/tests/DiskFull.yml"
)

// changed returns the site of one alert with changes of its pack.
func changed(changes ...preflight.Change) preflight.Site {
	s := diskSite("P2")
	s.Packs[0] = s.Packs[0].With(changes...)
	return s
}

func TestOverrideChangesAlert(t *testing.T) {
	t.Parallel()
	s := changed(preflight.Override{
		Alert: "DiskFull", Threshold: "0.25", Severity: "P3", For: "3m", KeepFiringFor: "10m",
		Labels:       map[string]string{"team": "disks"},
		Translations: map[string]rules.Translation{"ko": {Title: "디스크"}},
		Scenarios: []rules.Scenario{{
			Name:   "a quarter is enough",
			Series: `disk_used_ratio{job="disk", instance="a"} 0.25x4 0.26x10`,
			Expect: []rules.Expect{rules.Quiet("7m"), rules.Fires("8m", `job="disk", instance="a"`)},
		}},
		Edit: func(a *rules.Alert) { a.Actions = append(a.Actions, "call the bank") },
	})
	alert(&s, "DiskFull").Translations = map[string]rules.Translation{"ko": {Title: "가득", Actions: []string{"은행"}}}
	made := files(t, s)
	contains(
		t, made[diskRules],
		"expr: disk_used_ratio > 0.25", "for: 3m", "keep_firing_for: 10m", "priority: P3", "team: disks", "actions: call the bank", "title_ko: 디스크", "actions_ko: 은행",
	)
	contains(t, made[diskTest], "name: a quarter is enough")
	lacks(t, made[diskTest], "name: fires when full") // the scenario does not apply to another condition
}

func TestOverrideKeepsOtherFields(t *testing.T) {
	t.Parallel()
	made := files(t, changed(preflight.Override{Alert: "DiskFull", Labels: map[string]string{"team": "disks"}}))
	contains(t, made[diskRules], "expr: disk_used_ratio > 0.9", "priority: P2", "team: disks")
	contains(t, made[diskTest], "name: fires when full") // the condition is the same
	s := changed(preflight.Override{Alert: "DiskFull", For: "0s", Threshold: "1"})
	alert(&s, "DiskFull").For = "5m"
	lacks(t, file(t, s, diskRules), "for:")
}

// A threshold may be in runs if the expression's is.
func TestOverrideOfThresholdInRuns(t *testing.T) {
	t.Parallel()
	s := changed(preflight.Override{Alert: "DiskFull", Threshold: "4runs"})
	s.Packs[0].Metrics[0] = metrics.Desc{Name: "disk_seen_timestamp_seconds", Type: metrics.Gauge, Help: "Last seen."}
	a := alert(&s, "DiskFull")
	a.Expr, a.Scenarios = "time() - disk_seen_timestamp_seconds > 3runs", nil
	contains(t, file(t, s, diskRules), "expr: time() - disk_seen_timestamp_seconds > 4m")
}

func TestChangesWithoutEffectAreFindings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change preflight.Change
		want   []string
	}{
		"no such alert": {
			preflight.Override{Alert: "DiskFul", For: "1m"},
			[]string{`pack "disk", Override: DF008: the pack has no alert "DiskFul"`, `did you mean "DiskFull"?`},
		},
		"Without no such alert": {preflight.Without{Alert: "DiskFul", Why: "a slip"}, []string{`pack "disk", Without: DF008`, `did you mean "DiskFull"?`}},
		"Without a reason":      {preflight.Without{Alert: "DiskFull"}, []string{`pack "disk", Without: DF008: Why is empty`}},
		"no number":             {preflight.Override{Alert: "DiskFull", Threshold: "much"}, []string{`Override of alert "DiskFull": DF008: Threshold: "much" is not a number`}},
		"no number but a digit": {preflight.Override{Alert: "DiskFull", Threshold: "about 0.2"}, []string{`DF008: Threshold: "about 0.2" is not a number`}},
		"another name": {
			preflight.Override{Alert: "DiskFull", Edit: func(a *rules.Alert) { a.Name = "Full" }},
			[]string{`DF008: Edit changes the name of the alert to "Full"`},
		},
		"no such namespace": {preflight.Rename{From: "disc", To: "acme"}, []string{`pack "disk", Rename: DF008: no metric of the pack starts with "disc_"`}},
		"unknown severity":  {preflight.Override{Alert: "DiskFull", Severity: "P22"}, []string{`alert "DiskFull": DF006`, `did you mean "P2"?`}},
	} {
		found := findings(t, changed(tt.change))
		for _, want := range tt.want {
			if !strings.Contains(found, want) {
				t.Errorf("%s: want %s, got:\n%s", name, want, found)
			}
		}
	}
}

// A chapter of a runbook needs existing alerts.
func TestChaptersOfRunbooks(t *testing.T) {
	t.Parallel()
	s := acme()
	s.Packs[0].Runbooks = append(s.Packs[0].Runbooks,
		preflight.Runbook{Alerts: []string{"LatencyHihg"}, Markdown: "## More"}, preflight.Runbook{Markdown: "## Without alerts"})
	found := findings(t, s)
	for _, want := range []string{`runbook: DF008: a chapter is for the alert "LatencyHihg", which no pack has`, `runbook: DF008: a chapter names no alert in Alerts`} {
		if !strings.Contains(found, want) {
			t.Errorf("want %s, got:\n%s", want, found)
		}
	}
}

// A threshold is replaced if the condition has exactly one.
func TestOverrideNeedsSingleThreshold(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"disk_used_ratio > 0.9 < 0.99", "absent(disk_used_ratio)"} {
		s := changed(preflight.Override{Alert: "DiskFull", Threshold: "0.5"})
		alert(&s, "DiskFull").Expr = text
		contains(t, findings(t, s), `Override of alert "DiskFull": DF008: Threshold: the condition compares with`)
	}
}

func TestWithoutRemovesAlert(t *testing.T) {
	t.Parallel()
	s := shipped()
	s.Packs[1] = s.Packs[1].With(preflight.Without{Alert: "HistoryLagging", Why: "no history is kept"})
	made := files(t, s)
	for path, text := range made {
		if strings.Contains(path, "HistoryLagging") || strings.Contains(text, "HistoryLagging") {
			t.Errorf("%s still has it", path)
		}
	}
}

func TestLabelsReachEveryAlertOfPack(t *testing.T) {
	t.Parallel()
	s := shipped()
	s.Packs[0] = s.Packs[0].With(preflight.Labels{"team": "trading"})
	made := files(t, s)
	for _, group := range []string{"preflight", "performance", "checker"} {
		text := made["prometheus/rules/"+group+".yml"]
		if a, l := strings.Count(text, "- alert:"), strings.Count(text, "team: trading"); a == 0 || a != l {
			t.Errorf("%s: %d alerts, %d with the label", group, a, l)
		}
	}
	lacks(t, made["prometheus/rules/pipeline.yml"], "team: trading")
}

// Rename changes the metrics in every pack that reads them, including texts,
// scenarios and panels. Other metrics with the same prefix stay.
func TestRenameReachesEveryPack(t *testing.T) {
	t.Parallel()
	s := changed(preflight.Rename{From: "disk", To: "acme_disk"})
	s.Packs = append(s.Packs, preflight.Pack{
		Name: "reader",
		Exporters: []metrics.Desc{
			{Name: "disk_other_bytes", Type: metrics.Gauge, Help: "Of others."},
		},
		Groups: []rules.Group{{Name: "reader", Alerts: []rules.Alert{{
			Name: "DisksFull", Severity: "P2", Expr: "avg by (job) (disk_used_ratio) > 0.5",
			Summary: `{{ with query "max(disk_used_ratio)" }}{{ . | first | value }}{{ end }}`,
			Scenarios: []rules.Scenario{{
				Name:   "the average counts",
				Series: `disk_used_ratio{job="disk"} 0.5 0.6x5`,
				Expect: []rules.Expect{rules.Quiet("0m"), rules.Fires("1m", `job="disk"`).Says("summary", "0.6")},
			}},
		}, {
			Name: "OthersFull", Severity: "P2", Expr: "disk_other_bytes > 5",
		}}}},
	})
	made := files(t, s)
	for path, text := range made {
		if strings.Contains(strings.ReplaceAll(text, "acme_disk_used_ratio", ""), "disk_used_ratio") {
			t.Errorf("%s still has the old name", path)
		}
	}
	contains(t, made["prometheus/rules/reader.yml"], "avg by (job) (acme_disk_used_ratio)", `query "max(acme_disk_used_ratio)"`, "expr: disk_other_bytes > 5")
	contains(t, made["prometheus/tests/DisksFull.yml"], `acme_disk_used_ratio{job="disk"}`)
	contains(t, made["grafana/dashboards/reader.json"], "acme_disk_used_ratio")
}

// twice returns a site that uses one pack for two databases.
func twice(changes ...preflight.Change) preflight.Site {
	s := diskSite("P2")
	pack := func(job string) preflight.Pack {
		p := clone(s.Packs[0])
		a := &p.Groups[0].Alerts[0]
		a.Expr = fmt.Sprintf(`disk_used_ratio{job=%q} > 0.9`, job)
		a.Scenarios = nil
		return p
	}
	s.Packs = []preflight.Pack{pack("orders"), pack("billing").With(changes...)}
	s.Jobs = []preflight.Job{{Name: "orders", Targets: []string{"a:1"}}, {Name: "billing", Targets: []string{"b:1"}}}
	return s
}

func TestPackIsUsedTwice(t *testing.T) {
	t.Parallel()
	contains(t, findings(t, twice()), `group "disk": DF007: the site takes the pack "disk" twice`)
	made := files(t, twice(preflight.As("billing")))
	contains(t, made["prometheus/rules/disk.yml"], "alert: DiskFull", `{job="orders"}`)
	contains(t, made["prometheus/rules/billing.yml"], "alert: DiskFull", `{job="billing"}`)
	for _, path := range []string{
		"prometheus/tests/disk-DiskFull.yml", "prometheus/tests/billing-DiskFull.yml", "runbooks/disk-DiskFull.md", "runbooks/billing-DiskFull.md",
		"grafana/dashboards/disk.json", "grafana/dashboards/billing.json",
	} {
		if made[path] == "" {
			t.Errorf("no file %s in %v", path, paths(made))
		}
	}
	// Results without a distinguishing label clash under any name.
	s := twice(preflight.As("billing"))
	alert(&s, "DiskFull").Expr = "disk_used_ratio > 0.9"
	contains(t, findings(t, s), `alert "DiskFull": DF007: the packs "billing" and "disk" have it, and no label distinguishes their results`)
	// A label distinguishes them.
	s = twice(preflight.As("billing"), preflight.Labels{"team": "billing"})
	s.Packs[0] = s.Packs[0].With(preflight.Labels{"team": "orders"})
	alert(&s, "DiskFull").Expr = "disk_used_ratio > 0.9"
	lacks(t, findings(t, s), "DF007")
}

// Equal descriptions in two packs become one; different ones clash.
func TestMetricsOfTwoPacks(t *testing.T) {
	t.Parallel()
	s := diskSite("P2")
	other := preflight.Pack{Name: "other", Metrics: clone(s.Packs[0].Metrics)}
	s.Packs = append(s.Packs, other)
	if found := findings(t, s); found != "" {
		t.Errorf("alike: %s", found)
	}
	s.Packs[1].Metrics[0].Type = metrics.Counter
	contains(t, findings(t, s), `metric "disk_used_ratio": DF007: the packs "disk" and "other" define it differently`)
}

// Equal groups in two packs become one, even if their pointers differ.
func TestGroupsOfTwoPacks(t *testing.T) {
	t.Parallel()
	s := diskSite("P2")
	alert(&s, "DiskFull").Panel.Min = new(0.0)
	other := preflight.Pack{Name: "other", Groups: clone(s.Packs[0].Groups)}
	other.Groups[0].Alerts[0].Panel.Min = new(0.0)
	s.Packs = append(s.Packs, other)
	if found := findings(t, s); found != "" {
		t.Errorf("alike: %s", found)
	}
	other.Groups[0].Alerts[0].Panel.Min = new(1.0)
	contains(t, findings(t, s), `group "disk": DF007: the packs "disk" and "other" define it differently`)
}

// A pack routes only its own alerts.
func TestPackCannotUseRootRoute(t *testing.T) {
	t.Parallel()
	s := diskSite("P2")
	s.Packs[0].Routing.Route = routing.Route{Receiver: "chat"}
	contains(t, findings(t, s), `pack "disk", routing: DF008: a pack's Route has only Routes`)
}
