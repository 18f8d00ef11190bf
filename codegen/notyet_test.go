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
	add := func(r routing.Route) change {
		return func(s *preflight.Site) { s.Routing.Route.Routes = append(s.Routing.Route.Routes, r) }
	}
	for name, set := range map[string]change{
		"Alertmanager.Retention": func(s *preflight.Site) { s.Alertmanager.Retention = "24h" },
		"Grafana.Folder":         func(s *preflight.Site) { s.Grafana.Folder = "Teams" },
		"Grafana.DataSources":    func(s *preflight.Site) { s.Grafana.DataSources = []string{"a"} },
		"ExternalLabels, two":    func(s *preflight.Site) { s.ExternalLabels = map[string][]string{"replica": {"a", "b"}} },
		"Routing.YAML":           func(s *preflight.Site) { s.Routing.YAML = "global: {}" },
		"Output Kubernetes":      func(s *preflight.Site) { s.Outputs = []preflight.Output{preflight.Kubernetes{}} },
		"Output Mimir":           func(s *preflight.Site) { s.Outputs = []preflight.Output{preflight.Mimir{}} },
		"Output VMAlert":         func(s *preflight.Site) { s.Outputs = []preflight.Output{preflight.VMAlert{}} },
		"Output GrafanaAlerting": func(s *preflight.Site) { s.Outputs = []preflight.Output{preflight.GrafanaAlerting{}} },
		"Pack.SLOs":              func(s *preflight.Site) { s.Packs[0].SLOs = []rules.SLO{{Name: "api"}} },
		"Pack.Routing.YAML":      func(s *preflight.Site) { s.Packs[0].Routing.YAML = "global: {}" },
		"Pack.DashboardFiles":    func(s *preflight.Site) { s.Packs[0].DashboardFiles = fstest.MapFS{"a/b.json": {Data: []byte("{}")}} },
		"Receiver.PagerDuty":     of(func(r *routing.Receiver) { r.PagerDuty = []routing.PagerDuty{{}} }),
		"Receiver.Slack":         of(func(r *routing.Receiver) { r.Slack = []routing.Slack{{}} }),
		"Receiver.Email":         of(func(r *routing.Receiver) { r.Email = []routing.Email{{}} }),
		"Receiver.Opsgenie":      of(func(r *routing.Receiver) { r.Opsgenie = []routing.Opsgenie{{}} }),
		"Receiver.MSTeams":       of(func(r *routing.Receiver) { r.MSTeams = []routing.MSTeams{{}} }),
		"Receiver.Native":        of(func(r *routing.Receiver) { r.Native = []routing.Native{{}} }),
		"Receiver.Webhook.YAML": of(func(r *routing.Receiver) {
			r.Webhook = []routing.Webhook{{URL: routing.Secret("u"), YAML: "max_alerts: 5"}}
		}),
		"Chat.Slack":            of(func(r *routing.Receiver) { r.Chats[0].Slack = "#team" }),
		"Raw":                   add(routing.Raw("{receiver: chat}")),
		"Routes of a route":     add(routing.Route{Match: p2, Receiver: "chat", Routes: []routing.Route{{Match: p2, Receiver: "chat"}}}),
		"a matcher !=":          add(routing.Route{Match: `priority!="P1"`, Receiver: "chat"}),
		"a matcher =~":          add(routing.Route{Match: `priority=~"P2|P3"`, Receiver: "chat"}),
		"a matcher of a source": inhibition(`alertname=~"Disk.+"`, p2),
		"a matcher of a target": inhibition(`alertname="DiskFull"`, `priority!="P0"`),
		"Dashboard.Folder":      onBoard(func(d *dashgen.Dashboard) { d.Folder = "Teams" }),
		"Row.Repeat":            onBoard(func(d *dashgen.Dashboard) { d.Rows[0].Repeat = "job" }),
		"Panel.Repeat":          onBoard(func(d *dashgen.Dashboard) { d.Rows[0].Panels[0].Repeat = "job" }),
		"dashgen.Raw":           onBoard(func(d *dashgen.Dashboard) { d.Panels = []dashgen.Panel{dashgen.Raw("{}")} }),
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
