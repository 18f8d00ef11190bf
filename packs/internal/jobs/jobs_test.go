package jobs_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/packs/internal/jobs"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// definitions uses the job node in every place that may contain a job.
func definitions(node, hook string) preflight.Pack {
	return preflight.Pack{
		Groups: []rules.Group{{Alerts: []rules.Alert{{
			Expr:          `up{job="` + node + `", mode="node"} == 0 and on () up{job=~'` + hook + `'} == 1`,
			HoldWhileDown: node,
			Labels:        map[string]string{"delivery": `{{ if eq $labels.job "` + hook + `" }}direct{{ end }}`},
			Summary:       "node is down",
			Scenarios: []rules.Scenario{{
				Series: `up{job="` + node + `"} 0`,
				Expect: []rules.Expect{rules.Fires("0m", `job="`+node+`"`)},
			}},
			Panel: dashgen.Panel{Targets: []dashgen.Target{{Expr: `up{job="` + node + `"}`}}, Show: dashgen.Stat{Name: true}, Min: new(1.0)},
		}}}},
		Dashboards: []dashgen.Dashboard{{Rows: []dashgen.Row{{Panels: []dashgen.Panel{{Targets: []dashgen.Target{{Expr: `up{job="` + node + `"}`}}}}}}}},
		Routing:    routing.Routing{Route: routing.Route{Routes: []routing.Route{{Match: `alertname="A", job="` + hook + `"`}}}},
	}
}

func TestRename(t *testing.T) {
	t.Parallel()
	before := definitions("node", "hook")
	// The jobs exchange their names, so no job may be renamed twice.
	got := jobs.Rename(before, map[string]string{"node": "hook", "hook": "node"})
	for _, part := range []struct{ got, want any }{
		{got.Groups, definitions("hook", "node").Groups},
		{got.Dashboards, definitions("hook", "node").Dashboards},
		{got.Routing.Route.Routes[0].Match, `alertname="A", job="node"`},
		{before.Groups, definitions("node", "hook").Groups},
	} {
		if d := cmp.Diff(part.want, part.got, cmp.AllowUnexported(rules.Expect{})); d != "" {
			t.Error(d)
		}
	}
}
