package testfile_test

import (
	"strings"
	"testing"

	"github.com/alertnative/preflight/internal/proof/testfile"
)

func TestLookback(t *testing.T) {
	t.Parallel()
	const advice = `: let the series go on, or end it with ` + "`stale`"
	for _, tt := range []struct{ values, moments, want string }{
		// The series ends at 4m.
		{"0x4", "[{eval_time: 8m, alertname: FeedDown, exp_alerts: [{exp_labels: {}}]}]",
			`scenario "s", at 8m: the values of up end at 4m: it fires by the lookback only` + advice},
		{"0x4", "[{eval_time: 8m, alertname: FeedDown}]", `scenario "s", at 8m: the values of up end at 4m: it is seen by the lookback only` + advice},
		{"0x4", "[{eval_time: 20m, alertname: FeedDown}, {eval_time: 7m, alertname: FeedDown}]",
			`scenario "s", at 7m: the values of up end at 4m: it is seen by the lookback only` + advice},
		{"0x4", "[{eval_time: 20m, alertname: FeedDown}]", `scenario "s", at 20m: the values of up end at 4m: by then it is gone, and only a longer range would see it` + advice},
		{"0x4", "[{eval_time: 9m, alertname: FeedDown}]", `scenario "s", at 9m: the values of up end at 4m: by then it is gone, and only a longer range would see it` + advice},
		{"0x4 _x3", "[{eval_time: 10m, alertname: FeedDown}]", `scenario "s", at 10m: the values of up end at 7m: it is seen by the lookback only` + advice},
		// The series still has values, ends with a marker, or has an explicit gap.
		{"0x4", "[{eval_time: 4m, alertname: FeedDown}, {eval_time: 5m, alertname: FeedDown}]", ""},
		{"0x4 stale", "[{eval_time: 20m, alertname: FeedDown}]", ""},
		{"0x4 stale _x3", "[{eval_time: 20m, alertname: FeedDown}]", ""},
		{"0x4 _x16", "[{eval_time: 20m, alertname: FeedDown}]", ""},
		{"_x4", "[{eval_time: 20m, alertname: FeedDown}]", ""},
		{"0x4 _x4 0x12", "[{eval_time: 20m, alertname: FeedDown}]", ""},
		{"zwei", "[{eval_time: 20m, alertname: FeedDown}]", ""},
	} {
		file, err := testfile.Decode(strings.NewReader(
			"tests: [{name: s, input_series: [{series: up, values: '" + tt.values + "'}], alert_rule_test: " + tt.moments + "}]"))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, e := range testfile.Lookback(file.Tests[0]) {
			got += e.String()
		}
		if got != tt.want {
			t.Errorf("%s, %s:\n got %s\nwant %s", tt.values, tt.moments, got, tt.want)
		}
	}
}

func TestLookbackOfExpressions(t *testing.T) {
	t.Parallel()
	file, err := testfile.Decode(strings.NewReader(
		"tests: [{input_series: [{series: a, values: '0x4'}, {series: b, values: '0x20'}], promql_expr_test: [{expr: a + b, eval_time: 6m}]}]"))
	if err != nil {
		t.Fatal(err)
	}
	if got := testfile.Lookback(file.Tests[0]); len(got) != 1 || got[0].Series != "a" {
		t.Errorf("%v", got)
	}
}
