package trading_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/alertnative/preflight/packs/trading"
	"github.com/alertnative/preflight/pipelinetest"
)

// The pack needs no other, not even packs/pipeline, whose TargetDown links to
// its dashboard.
func TestPackAlone(t *testing.T) {
	t.Parallel()
	pipelinetest.Pack(t, trading.Pack(trading.Options{}))
}

func TestEveryAlertHasPanel(t *testing.T) {
	t.Parallel()
	p := trading.Pack(trading.Options{})
	placed, titles := map[string]bool{}, map[string]bool{}
	board := p.Dashboards[0]
	panels := board.Panels
	for _, row := range board.Rows {
		panels = append(panels, row.Panels...)
	}
	for _, panel := range panels {
		placed[panel.Alert] = true
		if panel.Title != "" {
			titles[panel.Title] = true
		}
	}
	for _, g := range p.Groups {
		for _, a := range g.Alerts {
			if !placed[a.Name] && !titles[a.Panel.Title] {
				t.Errorf("%s is on no panel of the board", a.Name)
			}
		}
	}
}

func TestJobOfCollectorIsRenamed(t *testing.T) {
	t.Parallel()
	p := trading.Pack(trading.Options{NodeExporter: "node"})
	if text := fmt.Sprintf("%+v %+v", p.Groups, p.Dashboards); strings.Contains(text, `job="node_exporter"`) || strings.Contains(text, `job='node_exporter'`) {
		t.Error("the definitions still contain the job node_exporter")
	}
	for _, g := range p.Groups {
		for _, a := range g.Alerts {
			if a.HoldWhileDown != "" && a.HoldWhileDown != "node" {
				t.Errorf("%s holds while %s is down", a.Name, a.HoldWhileDown)
			}
		}
	}
}

func TestEveryTextIsTranslated(t *testing.T) {
	t.Parallel()
	for _, g := range trading.Pack(trading.Options{}).Groups {
		for _, a := range g.Alerts {
			ko := a.Translations["ko"]
			if ko.Title == "" || ko.Summary == "" || len(ko.Actions) != len(a.Actions) || (ko.Headline == "") != (a.Headline == "") || (ko.ListTitle == "") != (a.ListTitle == "") {
				t.Errorf("%s: a text has no Korean translation: %+v", a.Name, ko)
			}
		}
	}
}

// A site sets the name of its own scrape job.
func ExamplePack() {
	p := trading.Pack(trading.Options{NodeExporter: "node"})
	for _, g := range p.Groups {
		for _, a := range g.Alerts {
			if a.Severity == "P0" {
				fmt.Println(a.Name, "holds while", a.HoldWhileDown, "is down")
			}
		}
	}
	// Output: PreflightCheckFailed holds while node is down
}
