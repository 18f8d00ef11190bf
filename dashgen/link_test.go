package dashgen_test

import (
	"testing"
	"time"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/metrics"
)

func TestLink(t *testing.T) {
	t.Parallel()
	timing := metrics.Timing{Run: time.Hour, Scrape: time.Minute, Evaluation: time.Minute}
	d := dashgen.Dashboard{UID: "health", Variables: []dashgen.Variable{
		{Name: "where", Series: "up", Label: "env"}, {Name: "host", Series: "up", Label: "instance"},
		{Name: "dotted", Series: "up", Label: "k8s.pod"}, {Name: "range", Values: []string{"a"}},
	}}
	env := func(label string) (can, always bool) { return label != "instance", label == "env" }
	long := d
	long.Window = "48runs"
	for name, test := range map[string]struct{ got, want string }{
		"labels of the alert": {
			d.Link("https://grafana.example/", 8, timing, env),
			`https://grafana.example/d/health?viewPanel=8&var-where={{ $labels.env | urlquery }}&{{ with index $labels "k8s.pod" }}var-dotted={{ . | urlquery }}&{{ end }}from=now-6h&to=now`,
		},
		"no alert":  {d.Link("https://grafana.example", 8, timing, nil), `https://grafana.example/d/health?viewPanel=8&from=now-6h&to=now`},
		"the whole": {long.Link("https://grafana.example/team", 0, timing, nil), `https://grafana.example/team/d/health?from=now-2d&to=now`},
	} {
		if test.got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, test.got, test.want)
		}
	}
}
