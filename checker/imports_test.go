package checker_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

func goList(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

// A team's checker links no rule, no route, no receiver, and no check that the
// team does not use.
func TestEngineLinksNoSite(t *testing.T) {
	t.Parallel()
	const project = "github.com/alertnative/preflight/"
	for _, pkg := range goList(t, "-deps", ".") {
		for _, other := range []string{"rules", "routing", "dashgen", "promcheck", "codegen", "webhook", "packs", "site", "checks", "pipelinetest"} {
			if strings.HasPrefix(pkg+"/", project+other+"/") {
				t.Errorf("depends on %s", pkg)
			}
		}
		if strings.HasPrefix(pkg, "github.com/jackc/") || strings.HasPrefix(pkg, "github.com/redis/") {
			t.Errorf("depends on the client %s", pkg)
		}
	}
}

// Definitions that describe checks link few packages.
func TestSpecsAreLight(t *testing.T) {
	t.Parallel()
	const project = "github.com/alertnative/preflight/"
	for _, pkg := range goList(t, "-f", `{{join .Imports "\n"}}`, "./spec") {
		if strings.Contains(pkg, ".") && pkg != project+"finding" && pkg != project+"metrics/desc" {
			t.Errorf("imports %s", pkg)
		}
	}
}

// A single run links no protobuf, no client_golang and no HTTP server: their
// initialisation would take a large part of its time.
func TestEngineStartsFast(t *testing.T) {
	t.Parallel()
	heavy := regexp.MustCompile(`^(google\.golang\.org/protobuf|github\.com/gogo/protobuf|html/template|` +
		`github\.com/prometheus/(client_model|client_golang|exporter-toolkit|common/(expfmt|model)|prometheus/model))\b`)
	for _, pkg := range goList(t, "-deps", ".") {
		if heavy.MatchString(pkg) {
			t.Errorf("depends on %s", pkg)
		}
	}
}
