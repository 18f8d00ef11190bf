package pipeline_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/packs/pipeline"
	"github.com/alertnative/preflight/pipelinetest"
	"github.com/alertnative/preflight/routing"
)

func TestPackAlone(t *testing.T) {
	t.Parallel()
	pipelinetest.Pack(t, pipeline.Pack(pipeline.Options{}))
}

func names(p preflight.Pack) []string {
	var out []string
	for _, g := range p.Groups {
		for _, a := range g.Alerts {
			out = append(out, a.Name)
		}
	}
	return out
}

func TestAlertsOnMissingJobsAreOmitted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		options pipeline.Options
		want    []string
	}{
		{
			pipeline.Options{Webhook: pipeline.None},
			[]string{"TargetDown", "TextfileScrapeError", "RuleEvaluationFailing", "NotificationsFailing", "ConfigReloadFailed"},
		},
		{
			pipeline.Options{Webhook: pipeline.None, NodeExporter: pipeline.None, Prometheus: pipeline.None},
			[]string{"TargetDown", "NotificationsFailing", "ConfigReloadFailed"},
		},
		{
			pipeline.Options{Webhook: pipeline.None, NodeExporter: pipeline.None, Prometheus: pipeline.None, Alertmanager: pipeline.None},
			[]string{"TargetDown"},
		},
	} {
		p := pipeline.Pack(tt.options)
		if d := cmp.Diff(tt.want, names(p)); d != "" {
			t.Errorf("%+v: alerts (-want +got):\n%s", tt.options, d)
		}
		if text := fmt.Sprintf("%+v", p.Groups); strings.Contains(text, `job="-"`) {
			t.Errorf("%+v: the definitions name a job that the site does not have: %s", tt.options, text)
		}
	}
}

func TestConditionsReadOnlyProgramsOfSite(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		options pipeline.Options
		absent  *regexp.Regexp // the metrics of the program that the site does not have
	}{
		{pipeline.Options{Prometheus: pipeline.None}, regexp.MustCompile(`\bprometheus_`)},
		{pipeline.Options{Alertmanager: pipeline.None}, regexp.MustCompile(`\balertmanager_`)},
	} {
		for _, g := range pipeline.Pack(tt.options).Groups {
			for _, a := range g.Alerts {
				if text := fmt.Sprint(a.Expr, a.Scenarios, a.Panel.Targets); tt.absent.MatchString(text) {
					t.Errorf("%+v: %s reads metrics of that program: %s", tt.options, a.Name, text)
				}
			}
		}
	}
}

func TestBoardShowsAllAlertsButHeartbeat(t *testing.T) {
	t.Parallel()
	p := pipeline.Pack(pipeline.Options{})
	var shown []string
	for _, row := range p.Dashboards[0].Rows {
		for _, panel := range row.Panels {
			shown = append(shown, panel.Alert)
		}
	}
	want := slices.DeleteFunc(names(p), func(name string) bool { return name == "Watchdog" })
	if d := cmp.Diff(want, shown); d != "" {
		t.Errorf("alerts on the board (-want +got):\n%s", d)
	}
}

func TestHeartbeatReachesExternalService(t *testing.T) {
	t.Parallel()
	url := routing.Secret("heartbeat_url")
	got := pipeline.Pack(pipeline.Options{Heartbeat: url}).Routing.Receivers
	if len(got) != 1 || !got[0].Watchdog || len(got[0].Webhook) != 1 || got[0].Webhook[0].URL != url {
		t.Errorf("receivers %+v", got)
	}
}

// A site sets the names of its own jobs.
func ExamplePack() {
	p := pipeline.Pack(pipeline.Options{Webhook: "alert-webhook", NodeExporter: pipeline.None})
	for _, g := range p.Groups {
		for _, a := range g.Alerts {
			if strings.Contains(a.Expr, "alert-webhook") {
				fmt.Println(a.Name)
			}
		}
	}
	// Output: UrgentUndelivered
}
