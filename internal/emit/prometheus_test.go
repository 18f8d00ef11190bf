package emit_test

import (
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/model"
)

// A job's YAML may set a key whose field is empty.
func TestJobYAML(t *testing.T) {
	t.Parallel()
	s, _ := model.New(preflight.Site{Name: "home", Jobs: []preflight.Job{
		{Name: "node", YAML: "scheme: https\nstatic_configs: []\nbasic_auth: {username: me}\n"},
	}})
	got, err := (&emit.Context{Site: s}).Prometheus()
	if err != nil {
		t.Fatal(err)
	}
	want := `
  - job_name: node
    basic_auth: {username: me}
    scheme: https
    static_configs: []
`
	if !strings.Contains(string(got), want) {
		t.Errorf("%s\ndoes not contain%s", got, want)
	}
}
