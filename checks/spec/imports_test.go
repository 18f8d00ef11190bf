package spec_test

import (
	"os/exec"
	"strings"
	"testing"
)

// Definitions of alerts import the specs, so these must link no client.
func TestSpecsLinkNoClient(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	const project = "github.com/alertnative/preflight/"
	for pkg := range strings.Lines(string(out)) {
		pkg = strings.TrimSpace(pkg)
		for _, heavy := range []string{
			"github.com/jackc/", "github.com/redis/", "github.com/golang-jwt/", "database/sql", "github.com/alecthomas/",
			project + "rules", project + "routing", project + "webhook", project + "codegen",
		} {
			if strings.HasPrefix(pkg, heavy) {
				t.Errorf("depends on %s", pkg)
			}
		}
		if pkg == project+"checker" || pkg == project+"checks" {
			t.Errorf("depends on %s", pkg)
		}
	}
}
