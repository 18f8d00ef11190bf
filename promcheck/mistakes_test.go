package promcheck_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/promcheck"
)

// Each mistake has its code and severity, without a catalogue.
func TestMistakes(t *testing.T) {
	t.Parallel()
	c := promcheck.New(metrics.Catalogue{}, promcheck.Options{Timing: metrics.Timing{Scrape: 30 * time.Second}})
	for _, r := range []promcheck.Rule{
		{Record: "job:requests:sum", Expr: "sum by (job) (requests_total)"},
		{Record: "job:requests:rate5m", Expr: "sum by (job) (rate(requests_total[5m]))"},
		{Record: "instance:requests:sum", Expr: "sum by (job, instance) (requests_total)"},
		{Record: "job:errors:ratio5m", Expr: "sum by (job) (rate(errors_total[5m])) / sum by (job) (rate(requests_total[5m]))"},
	} {
		c.Define(r.Record, c.Result(&r))
	}
	for _, tt := range []struct {
		expr string
		wait time.Duration
		want []string
	}{
		// Sums of counters, and rates of rates.
		{`rate(sum(requests_total)[5m:]) > 1`, 0, []string{"PQ014 bug rate(sum(requests_total)[5m:])"}},
		{`increase((sum by (job) (requests_total{code="500"}))[1h:1m]) > 1`, 0, []string{`PQ014 bug increase((sum by (job) (requests_total{code="500"}))[1h:1m])`}},
		{`rate(avg by (zone) (requests_total)[5m:]) > 1`, 0, []string{"PQ014 bug rate(avg by (zone) (requests_total)[5m:])"}},
		{`rate(sum without (instance) (requests_total)[5m:]) > 1`, 0, nil}, // by pod, perhaps
		{`rate(job:requests:sum[5m]) > 1`, 0, []string{"PQ014 bug rate(job:requests:sum[5m])"}},
		{`sum(increase(job:requests:sum{job="a"}[5m])) > 1`, 0, []string{`PQ014 bug increase(job:requests:sum{job="a"}[5m])`}},
		{`rate(job:requests:rate5m[5m]) > 1`, 0, []string{"PQ014 bug rate(job:requests:rate5m[5m])"}},
		{`increase(job:errors:ratio5m[1h]) > 1`, 0, []string{"PQ014 bug increase(job:errors:ratio5m[1h])"}},
		{`rate(rate(requests_total[5m])[1h:]) > 1`, 0, []string{"PQ014 bug rate(rate(requests_total[5m])[1h:])"}},
		{`rate(instance:requests:sum[5m]) > 1`, 0, nil},
		{`rate(sum by (pod) (requests_total)[5m:]) > 1`, 0, nil},
		{`rate(sum(requests_total{instance="a"})[5m:]) > 1`, 0, nil},
		{`rate(max by (job) (requests_total)[5m:]) > 1`, 0, nil},
		{`deriv(job:requests:rate5m[1h]) > 1`, 0, nil},
		{`max_over_time(job:requests:rate5m[1h]) > 1`, 0, nil},
		{`sum_over_time(job:requests:rate5m[1h]) > 1`, 0, nil},

		// Aggregations that meet series of a scrape.
		{`sum by (namespace) (used) / quota > 0.9`, 0, []string{"PQ032 warning sum by (namespace) (used) / quota"}},
		{`sum by (instance) (used) > limit`, 0, []string{"PQ032 warning sum by (instance) (used) > limit"}},
		{`sum(used) and limit > 5`, 0, []string{"PQ032 warning sum(used) and limit > 5"}},
		{`rate(a_total[5m]) > 5 unless count by (job) (b)`, 0, []string{"PQ032 warning rate(a_total[5m]) > 5 unless count by (job) (b)"}},
		{`a > on (instance) sum by (job) (b)`, 0, []string{"PQ032 warning a > on (instance) sum by (job) (b)"}},
		{`a > ignoring (instance) sum by (zone) (b)`, 0, []string{"PQ032 warning a > ignoring (instance) sum by (zone) (b)"}},
		{`sum by (job) (a) > on (job) group_right () b`, 0, nil},
		{`sum by (job, instance) (a) > b`, 0, nil},
		{`sum by (job) (a) > job:limit:max`, 0, nil},
		{`sum without (code) (a) > b`, 0, nil},
		{`sum(a) > scalar(b)`, 0, nil},
		{`sum(a) or b > 5`, 0, []string{"PQ041 bug sum(a) or b > 5"}},

		// Parts of a whole.
		{`sum(rate(a_total{code="500"}[5m])) / sum(rate(a_total[5m])) > 5`, 0, []string{`PQ040 bug sum(rate(a_total{code="500"}[5m])) / sum(rate(a_total[5m])) > 5`}},
		{`rate(a_total{x="1",code="500"}[5m]) / ignoring (code) rate(a_total{x="1"}[5m]) > 1`, 0, []string{`PQ040 bug rate(a_total{x="1",code="500"}[5m]) / ignoring (code) rate(a_total{x="1"}[5m]) > 1`}},
		{`100 * (sum by (job) (increase(a_total{code=~"5.."}[5m])) / sum by (job) (increase(a_total[5m]))) > 110`, 0, []string{`PQ040 bug 100 * (sum by (job) (increase(a_total{code=~"5.."}[5m])) / sum by (job) (increase(a_total[5m]))) > 110`}},
		{`count(up == 0) / count(up) > 5`, 0, nil}, // judged by its values only
		{`count(up{job="a"}) / count(up) > 2`, 0, []string{`PQ040 bug count(up{job="a"}) / count(up) > 2`}},
		{`1 - sum(rate(a_seconds_bucket{le="1"}[5m])) / sum(rate(a_seconds_count[5m])) > 5`, 0, []string{`PQ040 bug 1 - sum(rate(a_seconds_bucket{le="1"}[5m])) / sum(rate(a_seconds_count[5m])) > 5`}},
		{`sum(rate(a_seconds_bucket{le=~"1|2"}[5m])) / sum(rate(a_seconds_count[5m])) > 1.5`, 0, nil},
		{`sum(rate(a_total{code="500"}[5m])) / sum(rate(a_total{code="200"}[5m])) > 5`, 0, nil},
		{`sum(rate(a_total{code="500"}[5m])) / sum(rate(a_total[1h])) > 5`, 0, nil},
		{`sum(rate(a_total{code="500"}[5m])) / sum(rate(a_total[5m] offset 1h)) > 5`, 0, nil},
		{`sum(rate(a_total{code="500"}[5m])) / sum by (job) (rate(a_total[5m])) > 5`, 0, nil},
		{`sum(a{x="1"}) / sum(a) > 5`, 0, nil}, // a gauge may be negative

		// Slips in names of records, and patterns without =~.
		{`job:request:rate5m > 5`, 0, []string{`PQ002 warning job:request:rate5m "job:requests:rate5m"`}},
		{`job:requests:rate1h > 5`, 0, nil},
		{`jobs:limits:max > 5`, 0, nil},
		{`rate(a_total{code="500|502"}[5m]) > 1`, 0, []string{`PQ054 warning 500|502 code=~"500|502"`}},
		{`rate(a_total{code!="4.."}[5m]) > 1`, 0, nil},
		{`up{job="node.*"} == 0`, 0, []string{`PQ054 warning node.* job=~"node.*"`}},
		{`up{job!="node|db"} == 0`, 0, []string{`PQ054 warning node|db job!~"node|db"`}},
		{`rate(a_total{path="/users/.*"}[5m]) > 1`, 0, nil},
		{`rate(a_total{version="1.*"}[5m]) > 1`, 0, []string{`PQ054 warning 1.* version=~"1.*"`}},
		{`a{device="/dev/sda"} > 1`, 0, nil},

		// The calendar, and NaN.
		{`a > 1 and on () hour() > 24`, 0, []string{"PQ040 bug hour() > 24"}},
		{`a > 1 and on () hour() >= 24`, 0, []string{"PQ040 bug hour() >= 24"}},
		{`a > 1 and on () day_of_week() == 7`, 0, []string{"PQ040 bug day_of_week() == 7"}},
		{`a > 1 and on () month() == 0`, 0, []string{"PQ040 bug month() == 0"}},
		{`a > 1 and on () day_of_week() > 6`, 0, []string{"PQ040 bug day_of_week() > 6"}},
		{`a > 1 and on () (hour() >= 22 < 6)`, 0, []string{"PQ040 bug hour() >= 22 < 6"}},
		{`a > 1 and on () (hour() > 22 and hour() < 6)`, 0, []string{"PQ040 bug hour() > 22 and hour() < 6"}},
		{`a > 1 and on () hour() > 22 and on () hour() < 6`, 0, []string{"PQ040 bug a > 1 and on () hour() > 22 and on () hour() < 6"}},
		{`a > 1 and on () (hour() > 22 or hour() < 6)`, 0, nil},
		{`a > 1 and on () (day_of_month() == 31)`, 0, nil},
		{`a == NaN`, 0, []string{"PQ040 bug a == NaN"}},
		{`a > NaN`, 0, []string{"PQ040 bug a > NaN"}},
		{`a != NaN`, 0, []string{"PQ041 bug a != NaN"}},
		{`a != a`, 0, nil},

		// absent() that never fires, or never resolves.
		{`absent(a{x="1"}) and a{x="1"} > 5`, 0, []string{`PQ040 bug absent(a{x="1"}) and a{x="1"} > 5`}},
		{`absent(a) and on () a`, 0, []string{"PQ040 bug absent(a) and on () a"}},
		{`absent(a) and on () b > 5`, 0, nil},
		{`absent(a{x="1"}) and on () a > 5`, 0, nil},
		{`absent(a) or a > 5`, 0, nil},
		{`absent(a) == 0`, 0, []string{"PQ040 bug absent(a) == 0"}},
		{`absent(up == 2)`, 0, []string{"PQ040 bug up == 2"}},
		{`absent(count(a) == 0)`, 0, []string{"PQ040 bug count(a) == 0"}},

		// No condition.
		{`alarms_active`, 0, []string{"PQ041 warning alarms_active"}},
		{`sum by (job) (rate(a_total{code="500"}[5m]))`, 0, []string{`PQ041 bug sum by (job) (rate(a_total{code="500"}[5m]))`}},

		// bool in conditions.
		{`a > 1 and b > bool 5`, 0, []string{"PQ041 bug b > bool 5"}},
		{`a > bool 1 and b > 5`, 0, []string{"PQ041 bug a > bool 1"}},
		{`a > 1 unless b == bool 5`, 0, []string{"PQ041 bug b == bool 5"}},
		{`sum(a > bool 1) > 2`, 0, nil},
		{`(a > bool 1) * b > 2`, 0, nil},

		// Conditions that are over before the wait.
		{`a offset 1h unless a`, time.Hour, []string{"PQ045 bug 1h"}},
		{`group by (job) (a offset 10m) unless group by (job) (a)`, 10 * time.Minute, []string{"PQ045 bug 10m"}},
		{`present_over_time(a{x="1"}[30m]) unless a`, time.Hour, []string{"PQ045 bug 1h"}},
		{`a unless a offset 5m`, 5 * time.Minute, []string{"PQ045 bug 5m"}},
		{`a offset 1h unless a`, 30 * time.Minute, nil},
		{`max_over_time(a[1h]) unless a`, 10 * time.Minute, nil},
		{`a offset 1h unless b`, 2 * time.Hour, nil},
		{`a offset 1h unless a > 5`, 2 * time.Hour, nil},
		{`a offset 1h unless a{x="1"}`, 2 * time.Hour, nil},
		{`changes(process_start_time_seconds[5m]) > 0`, 10 * time.Minute, []string{"PQ045 warning 10m"}},
		{`sum by (job) (changes(a[5m])) >= 1`, 5 * time.Minute, []string{"PQ045 warning 5m"}},
		{`resets(a_total[1h]) > 0`, time.Hour, []string{"PQ045 warning 1h"}},
		{`a != a offset 5m`, 5 * time.Minute, []string{"PQ045 warning 5m"}},
		{`changes(a[1h]) > 0`, 5 * time.Minute, nil},
		{`changes(a[5m]) > 3`, 10 * time.Minute, nil},
		{`irate(a_total[5m]) > 3`, 10 * time.Minute, []string{"PQ024 info irate(a_total[5m]) rate"}},
		{`irate(a_total[5m]) > 3`, 0, nil},
		{`avg_over_time(irate(a_total[1m])[10m:1m]) > 3`, 5 * time.Minute, nil},

		// One sample twice.
		{`a - a offset 10s > 5`, 0, []string{"PQ023 bug a - a offset 10s"}},
		{`a == a offset 10s`, 0, []string{"PQ023 bug a == a offset 10s"}},
		{`a unless a offset 15s`, 0, []string{"PQ023 bug a unless a offset 15s"}},
		{`a{x="1"} - a{x="1"} offset 5m > 5`, 0, nil},
		{`a{x="1"} - ignoring (x) a{x="2"} offset 10s > 5`, 0, nil},

		// Quantiles of several series.
		{`avg by (job) (a{quantile="0.9"}) > 1`, 0, []string{`PQ015 warning avg by (job) (a{quantile="0.9"})`}},
		{`sum(a{quantile="0.9"}) > 1`, 0, []string{`PQ015 warning sum(a{quantile="0.9"})`}},
		{`avg(histogram_quantile(0.9, sum by (le, pod) (rate(a_bucket[5m])))) > 1`, 0, []string{`PQ015 warning avg(histogram_quantile(0.9, sum by (le, pod) (rate(a_bucket[5m]))))`}},
		{`max by (job) (a{quantile="0.9"}) > 1`, 0, nil},
		{`avg by (job, instance) (a{quantile="0.9"}) > 1`, 0, nil},
		{`avg by (job) (avg_over_time(a{quantile="0.9"}[5m])) > 1`, 0, []string{`PQ015 warning avg by (job) (avg_over_time(a{quantile="0.9"}[5m]))`}},
		{`avg_over_time(a{quantile="0.9"}[5m]) > 1`, 0, nil},
		{`count(a{quantile="0.9"} > 1) > 3`, 0, nil},

		// Labels that group_left deletes.
		{`a * on (job) group_left (team) max by (job) (owner) > 1`, 0, []string{"PQ035 warning team"}},
		{`max by (job) (owner) * on (job) group_right (team) a > 1`, 0, []string{"PQ035 warning team"}},
		{`a * on (job) group_left (team) max by (job, team) (owner) > 1`, 0, nil},
		{`sum by (job) (a) * on (job) group_left (team) owner > 1`, 0, nil},
	} {
		r := promcheck.Rule{Where: "alert", Alert: "A", Expr: tt.expr, For: tt.wait}
		_, findings := c.Rule(&r)
		if d := cmp.Diff(tt.want, gradedText(findings)); d != "" {
			t.Errorf("%s for %s (-want +got):\n%s%v", tt.expr, tt.wait, d, findings)
		}
	}
}

// gradedText returns the code, severity, underlined text and suggestion of each
// finding.
func gradedText(findings []finding.Finding) []string {
	var out []string
	for i, text := range brief(findings) {
		s := findings[i].Severity
		if s == "" {
			s = finding.Bug
		}
		out = append(out, text[:5]+" "+string(s)+text[5:])
	}
	return out
}

// With a catalogue, more is known.
func TestMistakesInKnownMetrics(t *testing.T) {
	t.Parallel()
	c := exposedChecker(t, true)
	for _, r := range []promcheck.Rule{
		{Record: "job:requests:sum", Expr: "sum by (job) (app_requests_total)"},
		{Record: "job:queue:sum", Expr: "sum by (job) (app_queue_length)"},
	} {
		c.Define(r.Record, c.Result(&r))
	}
	for _, tt := range []struct {
		expr string
		want []string
	}{
		{`rate(app_latency_seconds_bucket{le="0.25"}[5m]) > 1`, []string{"PQ004 bug 0.25"}},
		{`rate(app_latency_seconds_bucket{le=~"0.25|0.75"}[5m]) > 1`, []string{"PQ004 bug 0.25|0.75"}},
		{`rate(app_latency_seconds_bucket{le=~"0.25|0.5"}[5m]) > 1`, nil},
		{`rate(app_latency_seconds_bucket{le="1"}[5m]) > 1`, nil},
		{`rate(app_latency_seconds_bucket{le="+Inf"}[5m]) > 1`, nil},
		{`rate(app_latency_seconds_bucket{le!="0.25"}[5m]) > 1`, nil},
		{`app_wait_seconds{quantile="0.95"} > 1`, []string{"PQ004 bug 0.95"}},
		{`app_wait_seconds{quantile="0.990"} > 1`, nil},
		{`sum(app_wait_seconds) > 1`, []string{"PQ015 warning sum(app_wait_seconds)"}},
		{`job:requests:sum > 5`, []string{"PQ011 bug job:requests:sum"}},
		{`delta(job:requests:sum[5m]) > 5`, []string{"PQ010 bug delta increase"}},
		{`rate(job:requests:sum[5m]) > 5`, []string{"PQ014 bug rate(job:requests:sum[5m])"}},
		{`rate(job:queue:sum[5m]) > 5`, []string{"PQ010 bug rate deriv"}},
		{`job:queue:sum > 5`, nil},
		{`rate(app_latency_seconds[5m]) > 1`, []string{`PQ002 bug app_latency_seconds "app_latency_seconds_sum"`}},
		{`rate(app_requests_total{handler="/other"}[5m]) > 1`, nil},
		{`sum without (instanc) (app_queue_length) > 5`, []string{`PQ003 bug instanc "instance"`}},
		{`sum without (pod, replica) (app_queue_length) > 5`, nil},
		{`sum by (queue, rule_group) (app_queue_length) > 5`, []string{"PQ003 warning rule_group"}},
		{`count(app_queue_length) > 0`, []string{"PQ041 bug count(app_queue_length) > 0"}},
		{`app_requests_total >= 0`, []string{"PQ041 bug app_requests_total >= 0"}},
	} {
		r := promcheck.Rule{Where: "alert", Alert: "A", Expr: tt.expr}
		_, findings := c.Rule(&r)
		got := gradedText(findings)
		slices.Sort(got)
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s%v", tt.expr, d, findings)
		}
	}
}

// Texts show the value in its unit.
func TestScaleOfTexts(t *testing.T) {
	t.Parallel()
	c := promcheck.New(metrics.Catalogue{}, promcheck.Options{})
	const (
		ratio   = `sum(rate(a_total{code="500"}[5m])) / sum(rate(a_total[5m])) > 0.1`
		percent = `100 * sum(rate(a_total{code="500"}[5m])) / sum(rate(b_total[5m])) > 10`
	)
	for _, tt := range []struct {
		expr, text string
		want       []string
	}{
		{ratio, `{{ $value | humanizePercentage }}`, nil},
		{ratio, `{{ humanizePercentage $value }}`, nil},
		{ratio, `{{ $value }}%`, []string{"PQ070 warning % humanizePercentage"}},
		{ratio, `{{ $value | humanize }} %`, []string{"PQ070 warning % humanizePercentage"}},
		{ratio, `{{ printf "%.2f" $value }}%`, []string{"PQ070 warning % humanizePercentage"}},
		{ratio, `{{ $value }} of 100%`, nil},
		{percent, `{{ $value }}%`, nil},
		{percent, `{{ printf "%.1f" $value }}%`, nil},
		{percent, `{{ $value | humanizePercentage }}`, []string{"PQ070 warning humanizePercentage"}},
		{`100 - avg(idle) * 100 > 80`, `{{ humanizePercentage $value }}`, []string{"PQ070 warning humanizePercentage"}},
		{`used_percent > 80`, `{{ $value | humanizePercentage }}`, []string{"PQ070 warning humanizePercentage"}},
		{`overcommit > 1.5`, `{{ $value | humanizePercentage }}`, nil},
		{`a_seconds > 5`, `{{ $value | humanizePercentage }}`, []string{"PQ070 warning humanizePercentage"}},
		{`a_seconds > 5`, `{{ $value | humanizeDuration }}`, nil},
		{`a_seconds > 5`, `{{ $value | humanize1024 }}B`, []string{"PQ070 warning humanize1024"}},
		{`a_seconds > 5`, `{{ $value | humanizeTimestamp }}`, []string{"PQ070 warning humanizeTimestamp"}},
		{`latency_ms > 500`, `{{ $value | humanizeDuration }}`, []string{"PQ070 warning humanizeDuration"}},
		{`latency_ms / 1000 > 0.5`, `{{ $value | humanizeDuration }}`, nil},
		{`max by (job) (latency_milliseconds) > 500`, `{{ humanizeDuration $value }}`, []string{"PQ070 warning humanizeDuration"}},
		{`free_bytes < 1e9`, `{{ $value | humanize1024 }}B`, nil},
		{`free_bytes < 1e9`, `{{ $value | humanizeDuration }}`, []string{"PQ070 warning humanizeDuration"}},
		{`time() - last_timestamp_seconds > 60`, `{{ $value | humanizeDuration }}`, nil},
		{`last_timestamp_seconds < time() - 60`, `{{ $value | humanizeTimestamp }}`, nil},
		{`last_timestamp_seconds < time() - 60`, `{{ $value | humanizeDuration }}`, []string{"PQ070 warning humanizeDuration"}},
		{`up == 0`, `{{ $value }}%`, nil},
		{`a > 1`, `{{ printf "%d" $value }}`, []string{"AM006 bug printf"}},
		{`a > 1`, `{{ printf "%s is %.2f" $labels.job $value }}`, nil},
		{`a > 1`, `{{ printf "%d" $labels.job }}`, []string{"AM006 bug printf"}},
		{`a > 1`, `{{ printf "%.2f" }}`, []string{"AM006 bug printf"}},
		{`a > 1`, `{{ $value | printf "%.0f" }}`, nil},
		{`a > 1`, `{{ $value | printf "%v" }}`, nil},
		{`a > 1`, `{{ printf "%s" $value }}`, []string{"AM006 bug printf"}},
		{`a > 1`, `100%! {{ $labels.job }}`, nil},
	} {
		r := promcheck.Rule{Where: "alert", Alert: "A", Expr: tt.expr, Annotations: map[string]string{"summary": tt.text}}
		_, findings := c.Rule(&r)
		if d := cmp.Diff(tt.want, gradedText(findings)); d != "" {
			t.Errorf("%s: %s (-want +got):\n%s%v", tt.expr, tt.text, d, findings)
		}
	}
}

// A rule of two files is reported, unless the files are alternatives.
func TestSameRuleInTwoFiles(t *testing.T) {
	t.Parallel()
	rule := func(file, name, expr string) *promcheck.Rule {
		return &promcheck.Rule{Where: "alert " + name, File: file, Alert: name, Expr: expr}
	}
	for _, tt := range []struct {
		name  string
		rules []*promcheck.Rule
		want  []string
	}{
		{"one rule", []*promcheck.Rule{rule("a/x.yml", "Down", "up == 0"), rule("a/y.yml", "Down", "up  == 0")}, []string{"the same rule as alert Down in a/x.yml: remove one of them"}},
		{"in one file", []*promcheck.Rule{rule("a/x.yml", "Down", "up == 0"), rule("a/x.yml", "Down", "up == 0")}, []string{"the same rule as alert Down: remove one of them"}},
		{"in other folders", []*promcheck.Rule{rule("a/x.yml", "Down", "up == 0"), rule("b/x.yml", "Down", "up == 0")}, nil},
		{"with other expressions", []*promcheck.Rule{rule("a/x.yml", "Down", "up == 0"), rule("a/y.yml", "Down", "up == 1")}, nil},
		{
			"in alternatives",
			[]*promcheck.Rule{rule("a/x.yml", "A", "a > 1"), rule("a/x.yml", "B", "b > 1"), rule("a/x.yml", "C", "c > 1"), rule("a/y.yml", "A", "a > 1"), rule("a/y.yml", "B", "b > 1")},
			nil,
		},
	} {
		var got []string
		for _, d := range promcheck.New(metrics.Catalogue{}, promcheck.Options{}).Duplicates(tt.rules) {
			got = append(got, d.Finding.Reason)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}
