package promcheck_test

import (
	"testing"
	"time"

	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/promcheck"
)

// exposed is an exposition with the kinds of metrics that rules read.
const exposed = `# TYPE app_requests_total counter
app_requests_total{code="200",handler="/api"} 10
app_requests_total{code="500",handler="/api"} 1
app_requests_total{code="500",handler=""} 1
# TYPE app_queue_length gauge
app_queue_length{queue="mail"} 3
# TYPE app_last_run_timestamp_seconds gauge
app_last_run_timestamp_seconds 1.7e9
# TYPE app_latency_seconds histogram
app_latency_seconds_bucket{le="0.5"} 1
app_latency_seconds_bucket{le="1.0"} 2
app_latency_seconds_bucket{le="+Inf"} 2
app_latency_seconds_sum 1.2
app_latency_seconds_count 2
# TYPE app_wait_seconds summary
app_wait_seconds{quantile="0.5"} 0.1
app_wait_seconds{quantile="0.99"} 0.2
app_wait_seconds_sum 1
app_wait_seconds_count 7
# TYPE pg_up gauge
pg_up 1
# TYPE app_build_info gauge
app_build_info{version="1.2"} 1
# TYPE app_owner_info gauge
app_owner_info{team="a",zone=""} 1
`

// exposedChecker knows the metrics of an exposition and the labels of targets.
func exposedChecker(t *testing.T, complete bool) *promcheck.Checker {
	t.Helper()
	var all []metrics.Desc
	for _, d := range append(metrics.Exposition(exposed), metrics.Scraping()...) {
		if f, wrong := d.Problem(); wrong {
			t.Fatal(f)
		}
		d.Labels = append(d.Labels, metrics.Label{Name: "job", Optional: true}, metrics.Label{Name: "instance", Optional: true})
		all = append(all, d)
	}
	c, err := metrics.NewCatalogue(all...)
	if err != nil {
		t.Fatal(err)
	}
	return promcheck.New(c, promcheck.Options{
		Complete: complete, ClosedLabels: true, Timing: metrics.Timing{Scrape: 15 * time.Second, Evaluation: time.Minute},
		TargetLabels: []string{"job", "instance"},
	})
}

// idioms are correct rules of many public collections, by their kind.
var idioms = map[string][]string{
	"tests of presence": {
		`app_queue_length >= 0`,
		`app_queue_length > 0 or app_queue_length == 0`,
		`app_requests_total > 0 or app_requests_total == 0`,
		`app_requests_total >= 1 or app_requests_total < 1`,
		`count by (instance) (alarms_active) > 0`,
		`count(alarms_active) >= 1`,
		`group(alarms_active) == 1`,
		`group by (instance) (alarms_active{state!="ok"})`,
		`count_over_time(alarms_active[2h]) > 0`,
		`present_over_time(alarms_active[2h]) == 1`,
		`app_queue_length == app_queue_length`,
		`app_queue_length != app_queue_length`,
		`count(app_queue_length >= 0) < 3`,
		`count(app_queue_length) >= 0 and on () hour() > 8`,
		`up == 0 and on (instance) app_queue_length >= 0`,
		`app_queue_length > 100 unless on (job) (count by (job) (app_build_info) > 0)`,
		`absent(app_queue_length{queue="mail"}) or app_queue_length{queue="mail"} > 100`,
		`(app_queue_length or vector(0)) > 100`,
		`sum(app_queue_length or vector(0)) > 100`,
		`(count(app_queue_length) or vector(0)) == 0`,
		`absent(app_queue_length{queue="mail"}) == 1`,
		`group by (queue) (app_queue_length offset 1h) unless group by (queue) (app_queue_length)`,
		`present_over_time(app_queue_length[1h]) unless app_queue_length`,
		`count by (job) (up == 1) < 2`,
		`app_queue_length > 5 and app_queue_length offset 5m > 5`,
		`count_over_time(app_queue_length[10m]) < 5`,
		`sum(up{job="a"}) < 1 or absent(up{job="a"})`,
	},
	"matchers that the empty value satisfies": {
		`app_requests_total{handler=""} unless on (job) app_requests_total{handler="/api"}`,
		`rate(app_requests_total{code=~"500|"}[5m]) > 1`,
		`rate(app_requests_total{code=~"|500"}[5m]) > 1`,
		`rate(app_requests_total{code=~"(500|)"}[5m]) > 1`,
		`rate(app_requests_total{code=~"(5..)?"}[5m]) > 1`,
		`rate(app_requests_total{code!~""}[5m]) > 1`,
		`rate(app_requests_total{code=~".+"}[5m]) > 1`,
		`rate(app_requests_total{code!=""}[5m]) > 1`,
		`app_owner_info{zone=""} * on (job) group_left () count by (job) (up) > 3`,
		`app_queue_length{queue!~"mail|"} > 3`,
		`app_queue_length{queue=~"mail|"} > 3`,
		`app_queue_length{node=""} > 3`,
		`app_queue_length{queue="mail", queue!~".*_backfill"} > 3`,
		`app_queue_length{queue=~"m.*", queue!="mail"} > 3`,
	},
	"names in matchers": {
		`{__name__="app_queue_length"} > 3`,
		`zk_up == 0 or pve_up == 0`,
		`{__name__=~"app_.*_length"} > 3`,
		`{__name__=~"app_queue_length|app_build_info", job="a"} > 3`,
		`{__name__=~".*_total", job="a"} > 3`,
		`rate({__name__=~"app_.*_total"}[5m]) > 3`,
		`count by (__name__) ({job="a"}) > 1000`,
		`count by (__name__) (app_queue_length) > 5`,
		`up * on (instance) group_left (__name__) app_queue_length > 5`,
		`topk(10, count by (__name__, job) ({__name__=~".+"})) > 1000`,
		`count({__name__!~"up|scrape_.*", job="a"}) > 5`,
		`sum by (__name__) (rate({__name__=~"app_requests_total|app_latency_seconds_count"}[5m])) > 3`,
		`label_replace({__name__=~"app_.+"}, "metric", "$1", "__name__", "(.+)") > 5`,
	},
	"matches without a label that is not there": {
		`app_queue_length > ignoring (shard) app_queue_length offset 1h`,
		`sum by (queue) (app_queue_length) - ignoring (path, result) group_left sum by (queue) (app_queue_length offset 1h) > 3600`,
		`sum without (pod, replica) (rate(app_requests_total[5m])) > 1`,
		`rate(app_requests_total{code="500"}[5m]) / ignoring (code) group_left sum without (code) (rate(app_requests_total[5m])) > 0.1`,
		`app_queue_length unless ignoring (queue, shard) up == 0`,
	},
	"functions that make labels": {
		`sum by (host) (label_replace(up, "host", "$1", "instance", "(.*):.*")) == 0`,
		`sum by (host) (label_join(up, "host", "-", "job", "instance")) == 0`,
		`label_replace(up, "pod", "$1", "instance", "(.*)") * on (pod) group_left (node) label_replace(up, "node", "$1", "instance", "(.*)") == 0`,
		`label_replace(label_replace(up, "a", "$1", "job", "(.*)"), "b", "$1", "a", "(.*)") == 0 and on (b) label_replace(up, "b", "x", "", "") == 1`,
		`count_values by (job) ("version", app_queue_length) > 1`,
		`count by (version) (label_replace(count_values("build", app_build_info), "version", "$1", "build", "(.*)")) > 1`,
		`sum by (k8s_cluster_name) (info(rate(app_requests_total[5m]), {k8s_cluster_name=~".+"})) > 1`,
		`info(app_queue_length) > 1`,
	},
	"native histograms": {
		`histogram_quantile(0.9, rate(app_latency_seconds[5m])) > 1`,
		`histogram_quantile(0.9, sum(rate(app_latency_seconds[5m]))) > 1`,
		`histogram_quantile(0.9, sum by (job) (rate(app_latency_seconds{job="a"}[5m]))) > 1`,
		`histogram_count(rate(app_latency_seconds[5m])) > 1`,
		`histogram_sum(rate(app_latency_seconds[5m])) / histogram_count(rate(app_latency_seconds[5m])) > 1`,
		`histogram_avg(rate(app_latency_seconds[5m])) > 1`,
		`histogram_fraction(0, 0.5, rate(app_latency_seconds[5m])) < 0.9`,
		`histogram_stddev(rate(app_latency_seconds[5m])) > 1`,
		`histogram_stdvar(rate(app_latency_seconds[5m])) > 1`,
		`histogram_quantile(0.9, rate(other_latency_seconds[5m])) > 1`,
		`histogram_count(increase(other_latency_seconds[5m])) > 1`,
		`sum(histogram_count(rate(app_latency_seconds{job="a"}[5m]))) > 1`,
		`histogram_quantile(0.9, sum by (le) (rate(app_latency_seconds_bucket[5m]))) > 0.9 or histogram_quantile(0.9, sum(rate(app_latency_seconds[5m]))) > 0.9`,
		`histogram_quantile(0.9, app_latency_seconds_bucket) > 0.9`,
	},
	"time": {
		`max_over_time(rate(app_requests_total[5m])[1h:1m]) > 5`,
		`avg_over_time((sum by (job) (rate(app_requests_total[5m])))[30m:]) > 5`,
		`rate(app_requests_total[5m] offset 1d) > 5`,
		`rate(app_requests_total[5m] offset -1h) > 5`,
		`rate(app_requests_total[5m] @ end()) > 5`,
		`app_queue_length @ start() > 5`,
		`app_queue_length > 2 * app_queue_length offset 1w`,
		`sum(rate(app_requests_total[5m])) < 0.5 * sum(rate(app_requests_total[5m] offset 1w))`,
		`predict_linear(app_queue_length[6h], 4 * 3600) > 100`,
		`time() - app_last_run_timestamp_seconds > 3600`,
		`changes(app_last_run_timestamp_seconds[1h]) == 0`,
		`app_queue_length > 5 and on () (hour() >= 8 < 18) and on () (day_of_week() > 0 < 6)`,
		`app_queue_length > 5 unless on () (hour() < 6 or hour() >= 22)`,
		`vector(time()) - on () group_right () app_last_run_timestamp_seconds > 60`,
		`timestamp(app_queue_length) < time() - 300`,
		`increase(app_requests_total[5m]) > 0`, // in each window, all the time
		`sum by (job) (increase(app_requests_total[1m])) > 0`,
		`app_queue_length offset 1h unless app_queue_length`,
		`changes(app_last_run_timestamp_seconds[1h]) > 3`,
		`changes(app_last_run_timestamp_seconds[1h]) > 0`,
		`increase(app_requests_total[1h]) - increase(app_requests_total[1h] offset 1h) > 5`,
	},
	"joins and tests of other series": {
		`topk(3, app_queue_length) > 100`,
		`bottomk by (job) (1, up) == 0`,
		`limitk(2, app_queue_length) > 100`,
		`quantile(0.9, app_queue_length) > 100`,
		`app_queue_length > 10 and on (instance) up == 1`,
		`app_queue_length > 10 and ignoring (queue) up == 1`,
		`app_queue_length * on (job, instance) group_left (version) app_build_info > 10`,
		`app_queue_length * on (job) group_left (team) max by (job, team) (app_owner_info) > 10`,
		`(app_queue_length > 10) * on (job) group_left (team) (app_owner_info or on (job) up * 0 + 1)`,
		`sum by (queue) (app_queue_length) > on () group_left () scalar(sum(up)) * vector(1)`,
		`sum by (job) (app_queue_length) / count by (job) (up) > 5`,
		`sum(app_queue_length) > scalar(count(up)) * 10`,
		`app_queue_length > scalar(avg(app_queue_length)) * 3`,
		`abs(app_queue_length - on () group_left () avg(app_queue_length)) > 10`,
		`sum(rate(app_requests_total{code=~"5.."}[5m])) / sum(rate(app_requests_total[5m])) > 0.05`,
		`100 * sum(rate(app_requests_total{code=~"5.."}[5m])) / sum(rate(app_requests_total[5m])) > 5`,
		`sum(rate(app_requests_total{code="500"}[5m])) / sum(rate(app_requests_total{code="200"}[5m])) > 2`,
		`(sum(rate(app_requests_total{code="500"}[5m])) or vector(0)) / sum(rate(app_requests_total[5m])) > 0.5`,
		`1 - sum(rate(app_latency_seconds_bucket{le="0.5"}[5m])) / sum(rate(app_latency_seconds_count[5m])) > 0.1`,
		`sum(rate(app_latency_seconds_bucket{le=~"0.5|0.50"}[5m])) > 1 or sum(rate(app_latency_seconds_bucket{le="1"}[5m])) > 2`,
		`max by (job) (app_wait_seconds{quantile="0.99"}) > 1`,
		`max(rate(app_requests_total{code="500"}[5m])) / avg(rate(app_requests_total[5m])) > 2`,
		`rate(app_requests_total{code="500"}[5m]) / rate(app_requests_total{code="500"}[5m] offset 1h) > 2`,
		`sum(rate(app_requests_total{code="500"}[5m])) / sum(rate(app_requests_total[1h])) > 2`,
	},
}

// Correct rules of public style give no finding, with and without a catalogue.
func TestNoFindingOnIdioms(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*promcheck.Checker{
		"nothing known":      promcheck.New(metrics.Catalogue{}, promcheck.Options{}),
		"some metrics known": exposedChecker(t, false),
	} {
		for kind, exprs := range idioms {
			for _, expr := range exprs {
				r := promcheck.Rule{Where: "alert", Alert: "A", Expr: expr, For: 5 * time.Minute}
				if _, findings := c.Rule(&r); len(findings) > 0 {
					t.Errorf("%s, %s: %s: %v", name, kind, expr, findings)
				}
			}
		}
	}
}

// Texts that allow for a missing label give no finding.
func TestNoFindingOnGuardedTexts(t *testing.T) {
	t.Parallel()
	c := promcheck.New(metrics.Catalogue{}, promcheck.Options{})
	for _, text := range []string{
		`{{ if $labels.pod }}{{ $labels.pod }}{{ end }}`,
		`{{ if $labels.pod }}{{ $labels.pod }}{{ else }}{{ $labels.pod }}none{{ end }}`,
		`{{ if not $labels.pod }}none{{ else }}{{ $labels.pod }}{{ end }}`,
		`{{ if ne $labels.pod "" }}{{ $labels.pod }}{{ end }}`,
		`{{ if and $labels.pod (eq $labels.job "a") }}{{ $labels.pod }}{{ end }}`,
		`{{ if or $labels.pod $labels.node }}{{ $labels.pod }}{{ $labels.node }}{{ end }}`,
		`{{ with $labels.pod }}{{ . }}{{ end }}`,
		`{{ with $labels.pod }}{{ . }}{{ else }}{{ with $labels.node }}{{ . }}{{ end }}{{ end }}`,
		`{{ with $labels.pod }}{{ . }}{{ else with $labels.node }}{{ . }}{{ end }}`,
		`{{ or $labels.pod $labels.node "unknown" }}`,
		`{{ or $labels.pod "unknown" | toUpper }}`,
		`{{ if index $labels "pod" }}{{ index $labels "pod" }}{{ end }}`,
		`{{ with index $labels "pod" }}{{ . }}{{ end }}`,
		`{{ if (index $labels "pod") }}{{ $labels.pod }}{{ end }}`,
		`{{ if .Labels.pod }}{{ .Labels.pod }}{{ end }}`,
		`{{ if $labels.pod }}{{ range query (printf "up{pod=%q}" $labels.pod) }}{{ .Value }}{{ end }}{{ end }}`,
		`{{ range $k, $v := $labels }}{{ $k }}={{ $v }}{{ end }}`,
		`{{ range query "up" }}{{ .Labels.pod }}{{ end }}`,
		`{{ $labels.job }}{{ $labels }}`,
	} {
		r := promcheck.Rule{Where: "alert", Alert: "A", Expr: `sum by (job, mode) (up) == 0`, Annotations: map[string]string{"summary": text}}
		if _, findings := c.Rule(&r); len(findings) > 0 {
			t.Errorf("%s: %v", text, findings)
		}
	}
}

// Labels of the rule and of its group are no labels of the result, and the
// rule's labels may replace one that has a single value.
func TestNoFindingOnLabelsOfTheRule(t *testing.T) {
	t.Parallel()
	c := promcheck.New(metrics.Catalogue{}, promcheck.Options{})
	record := promcheck.Rule{Where: "record", Record: "job:up:sum", Expr: "sum by (job) (up)", Labels: map[string]string{"team": "a", "tier": "{{ $labels.job }}"}}
	c.Define(record.Record, c.Result(&record))
	known := exposedChecker(t, false)
	r := promcheck.Rule{Where: "alert", Alert: "A", Expr: `app_queue_length > 5`, Labels: map[string]string{"job": "mail"}}
	if _, findings := known.Rule(&r); len(findings) > 0 {
		t.Errorf("a label of targets is overwritten: %v", findings)
	}
	for _, expr := range []string{
		`job:up:sum{team="a"} == 0`,
		`sum by (team, tier) (job:up:sum) == 0`,
		`job:up:sum * on (team) group_left () owners > 1`,
	} {
		r := promcheck.Rule{Where: "alert", Alert: "A", Expr: expr, Labels: map[string]string{"severity": "page", "team": "a"}, Annotations: map[string]string{"summary": "{{ $labels.team }}"}}
		if _, findings := c.Rule(&r); len(findings) > 0 {
			t.Errorf("%s: %v", expr, findings)
		}
	}
}
