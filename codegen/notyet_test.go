package codegen_test

import (
	"regexp"
	"testing"
	"testing/fstest"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

var notYetEmitted = regexp.MustCompile(`: (DF009|GR009): `)

// A field without effect gives one finding if it is set.
func TestFieldsThatAreNotYetEmitted(t *testing.T) {
	t.Parallel()
	of := func(edit func(r *routing.Receiver)) change {
		return func(s *preflight.Site) { edit(&s.Routing.Receivers[0]) }
	}
	onBoard := func(edit func(d *dashgen.Dashboard)) change {
		return func(s *preflight.Site) {
			d := dashgen.Dashboard{
				UID: "disk", Title: "Disk",
				Rows: []dashgen.Row{{Title: "Disks", Panels: []dashgen.Panel{alert(s, "DiskFull").Place()}}},
			}
			edit(&d)
			s.Packs[0].Dashboards = []dashgen.Dashboard{d}
		}
	}
	for name, set := range map[string]change{
		"Grafana.Folder":         func(s *preflight.Site) { s.Grafana.Folder = "Teams" },
		"Grafana.DataSources":    func(s *preflight.Site) { s.Grafana.DataSources = []string{"a"} },
		"ExternalLabels, two":    func(s *preflight.Site) { s.ExternalLabels = map[string][]string{"replica": {"a", "b"}} },
		"Output Kubernetes":      func(s *preflight.Site) { s.Outputs = []preflight.Output{preflight.Kubernetes{}} },
		"Output Mimir":           func(s *preflight.Site) { s.Outputs = []preflight.Output{preflight.Mimir{}} },
		"Output VMAlert":         func(s *preflight.Site) { s.Outputs = []preflight.Output{preflight.VMAlert{}} },
		"Output GrafanaAlerting": func(s *preflight.Site) { s.Outputs = []preflight.Output{preflight.GrafanaAlerting{}} },
		"Pack.SLOs":              func(s *preflight.Site) { s.Packs[0].SLOs = []rules.SLO{{Name: "api"}} },
		"Pack.Routing.YAML":      func(s *preflight.Site) { s.Packs[0].Routing.YAML = "global: {}" },
		"Pack.Routing.Templates": func(s *preflight.Site) { s.Packs[0].Routing.Templates = fstest.MapFS{} },
		"Pack.DashboardFiles":    func(s *preflight.Site) { s.Packs[0].DashboardFiles = fstest.MapFS{"a/b.json": {Data: []byte("{}")}} },
		"Chat.Slack":             of(func(r *routing.Receiver) { r.Chats[0].Slack = "#team" }),
		"Dashboard.Folder":       onBoard(func(d *dashgen.Dashboard) { d.Folder = "Teams" }),
		"Row.Repeat":             onBoard(func(d *dashgen.Dashboard) { d.Rows[0].Repeat = "job" }),
		"Panel.Repeat":           onBoard(func(d *dashgen.Dashboard) { d.Rows[0].Panels[0].Repeat = "job" }),
		"dashgen.Raw":            onBoard(func(d *dashgen.Dashboard) { d.Panels = []dashgen.Panel{dashgen.Raw("{}")} }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := diskSite("P2")
			s.Routing.Promises = nil
			set(&s)
			found := known(t, s, "")
			if n := len(notYetEmitted.FindAllString(found, -1)); n != 1 {
				t.Errorf("%d findings of a field that is not yet emitted, want 1:\n%s", n, found)
			}
		})
	}
}

func inhibition(source, target string) change {
	return func(s *preflight.Site) {
		s.Routing.Inhibit = []routing.Inhibit{{Source: source, Target: target}}
	}
}
