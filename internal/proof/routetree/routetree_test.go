package routetree_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/proof/routetree"
)

const file = `
route:
  receiver: a
  group_by: [alertname]
  repeat_interval: 2h
  routes:
    - {matchers: [team="x"], receiver: b, group_by: ['...'], continue: true, mute_time_intervals: [nights]}
    - {matchers: [team=~"x|y"], receiver: c, group_wait: 1s, active_time_intervals: [office]}
inhibit_rules:
  - {source_matchers: [alertname="Big"], target_matchers: [severity="low"], equal: [host]}
receivers: [{name: a}, {name: b}, {name: c}]
time_intervals: [{name: nights}, {name: office}]
`

// taken returns the numbers of the routes that deliver an alert.
func taken(tree *routetree.Tree, alert model.LabelSet) []int {
	var out []int
	for _, r := range tree.Match(alert) {
		out = append(out, r.Index)
	}
	return out
}

func load(t *testing.T) *routetree.Tree {
	t.Helper()
	tree, err := routetree.Load([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// A route inherits what it does not set, and continue passes the alert to the
// next route.
func TestDeliveries(t *testing.T) {
	t.Parallel()
	tree := load(t)
	for _, tt := range []struct {
		alert model.LabelSet
		taken []int
		want  string
	}{
		{model.LabelSet{"alertname": "A"}, []int{0}, "a, grouped by alertname, after 30s, changes after 5m, again after 2h"},
		{model.LabelSet{"team": "y"}, []int{2}, "c, grouped by alertname, after 1s, changes after 5m, again after 2h, only in office"},
		{
			model.LabelSet{"team": "x"}, []int{1, 2},
			"b, grouped by ..., after 30s, changes after 5m, again after 2h, not in nights; and " +
				"c, grouped by alertname, after 1s, changes after 5m, again after 2h, only in office",
		},
	} {
		if d := cmp.Diff(tt.taken, taken(tree, tt.alert)); d != "" {
			t.Errorf("%v takes (-want +got):\n%s", tt.alert, d)
		}
		if got := routetree.Outcome(tree.Match(tt.alert)); got != tt.want || tree.Deliveries(tt.alert).String() != got {
			t.Errorf("%v gets\n%s\nwant\n%s", tt.alert, got, tt.want)
		}
	}
}

// A label missing on both sides is equal. An alert that matches source and
// target does not inhibit alerts that do so too.
func TestInhibited(t *testing.T) {
	t.Parallel()
	tree := load(t)
	targets := []model.LabelSet{
		{"alertname": "A", "severity": "low", "host": "h1"},
		{"alertname": "A", "severity": "low", "host": "h2"},
		{"alertname": "A", "severity": "high", "host": "h1"},
		{"alertname": "A", "severity": "low"},
		{"alertname": "Big", "severity": "low", "host": "h1"},
	}
	for _, tt := range []struct {
		source model.LabelSet
		want   []bool
	}{
		{model.LabelSet{"alertname": "Big", "host": "h1"}, []bool{true, false, false, false, true}},
		{model.LabelSet{"alertname": "Big"}, []bool{false, false, false, true, false}},
		{model.LabelSet{"alertname": "Big", "severity": "low", "host": "h1"}, []bool{true, false, false, false, false}},
		{model.LabelSet{"alertname": "Small", "host": "h1"}, []bool{false, false, false, false, false}},
	} {
		var got []bool
		for _, target := range targets {
			got = append(got, tree.Inhibited(tt.source, target))
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("while %v fires (-want +got):\n%s", tt.source, d)
		}
	}
}

func TestLoadReturnsErrorsOfAlertmanager(t *testing.T) {
	t.Parallel()
	if _, err := routetree.Load([]byte("route: {receiver: missing}")); err == nil {
		t.Error("no error")
	}
}

// Version returns the version in go.mod, in test binaries too.
func TestVersionMatchesGoMod(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", "github.com/prometheus/alertmanager").Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := "v" + routetree.Version(); got != strings.TrimSpace(string(out)) {
		t.Errorf("version.go names %s, go.mod requires %s", got, out)
	}
}

// A label name outside the classic syntax routes as in a running Alertmanager.
func TestNamesInUTF8(t *testing.T) {
	t.Parallel()
	tree, err := routetree.Load([]byte(`
route:
  receiver: other
  routes:
    - receiver: seoul
      matchers: ['"지역"="서울"']
receivers: [{name: other}, {name: seoul}]
`))
	if err != nil {
		t.Fatal(err)
	}
	if got := taken(tree, model.LabelSet{"alertname": "A", "지역": "서울"}); len(got) != 1 || got[0] != 1 {
		t.Errorf("takes the routes %v", got)
	}
}
