package repository_test

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"golang.org/x/mod/modfile"
)

// root is the project's folder.
const root = "../.."

// read returns the text of a file of the project.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// scriptVersions returns the assignments of scripts/versions.
func scriptVersions(t *testing.T) map[string]string {
	t.Helper()
	versions := map[string]string{}
	for lines := bufio.NewScanner(strings.NewReader(read(t, "scripts/versions"))); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), "="); ok && !strings.HasPrefix(name, "#") {
			versions[name] = value
		}
	}
	return versions
}

// imageVersions returns the version of each image in docker-compose.yml, by
// service.
func imageVersions(t *testing.T) map[string]string {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(root, "docker-compose.yml")}, cli.WithEnv([]string{"TELEGRAM_CHAT_ID=1"}))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for _, service := range project.Services {
		if service.Build != nil {
			continue
		}
		_, tag, _ := strings.Cut(service.Image, ":")
		tag, _, _ = strings.Cut(tag, "@") // a digest
		tag, _, _ = strings.Cut(tag, "-") // 7.4-alpine
		versions[service.Name] = strings.TrimPrefix(tag, "v")
	}
	return versions
}

// goMod parses the go.mod of a module of the project.
func goMod(t *testing.T, folder string) *modfile.File {
	t.Helper()
	name := filepath.Join(folder, "go.mod")
	f, err := modfile.Parse(name, []byte(read(t, name)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// required returns the version of a module in a go.mod.
func required(t *testing.T, f *modfile.File, path string) string {
	t.Helper()
	for _, r := range f.Require {
		if r.Mod.Path == path {
			return r.Mod.Version
		}
	}
	t.Errorf("%s does not require %s", f.Syntax.Name, path)
	return ""
}

// equal reports a version that differs between two files.
func equal(t *testing.T, where, got, elsewhere, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s names version %q, %s %q", where, got, elsewhere, want)
	}
}

// docker-compose.yml runs the versions that make test builds, and the linked
// libraries are of the same release.
func TestStackRunsTestedVersions(t *testing.T) {
	t.Parallel()
	built, images, module := scriptVersions(t), imageVersions(t), goMod(t, ".")
	const scripts, compose, gomod = "scripts/versions", "docker-compose.yml", "go.mod"

	equal(t, compose+": prometheus", images["prometheus"], scripts, built["PROMETHEUS_VERSION"])
	equal(t, compose+": alertmanager", images["alertmanager"], scripts, built["ALERTMANAGER_VERSION"])
	equal(t, compose+": node-exporter", images["node-exporter"], scripts, built["NODE_EXPORTER_VERSION"])

	equal(t, gomod+": prometheus", required(t, module, "github.com/prometheus/prometheus"), scripts, built["PROMETHEUS_MODULE"])
	equal(t, gomod+": alertmanager", required(t, module, "github.com/prometheus/alertmanager"), scripts, "v"+built["ALERTMANAGER_VERSION"])

	// The fallback images of scripts/servers have the minor or major version.
	for service, variable := range map[string]string{"redis": "REDIS_IMAGE", "postgres": "POSTGRES_IMAGE"} {
		_, version, _ := strings.Cut(built[variable], ":")
		if got := images[service]; got != version && !strings.HasPrefix(got, version+".") {
			t.Errorf("%s runs %s %s, %s %s", compose, service, got, scripts, built[variable])
		}
	}
}

// Prometheus's module has the version v0.3XX.Y for the release 3.XX.Y.
func TestPrometheusModuleMatchesRelease(t *testing.T) {
	t.Parallel()
	built := scriptVersions(t)
	m := regexp.MustCompile(`^v0\.3(\d\d)\.(\d+)$`).FindStringSubmatch(built["PROMETHEUS_MODULE"])
	if m == nil {
		t.Fatalf("PROMETHEUS_MODULE=%s", built["PROMETHEUS_MODULE"])
	}
	equal(t, "PROMETHEUS_MODULE", "3."+strings.TrimPrefix(m[1], "0")+"."+m[2], "PROMETHEUS_VERSION", built["PROMETHEUS_VERSION"])
}

// The nested modules use the same Go and the same modules of Prometheus.
func TestModulesUseSameVersions(t *testing.T) {
	t.Parallel()
	module := goMod(t, ".")
	for _, folder := range []string{"examples", "test"} {
		nested := goMod(t, folder)
		equal(t, folder+"/go.mod: go", nested.Go.Version, "go.mod", module.Go.Version)
		for _, r := range nested.Require {
			if strings.HasPrefix(r.Mod.Path, "github.com/prometheus/") && slices.ContainsFunc(module.Require, func(o *modfile.Require) bool { return o.Mod.Path == r.Mod.Path }) {
				equal(t, folder+"/go.mod: "+r.Mod.Path, r.Mod.Version, "go.mod", required(t, module, r.Mod.Path))
			}
		}
	}
	from := regexp.MustCompile(`(?m)^FROM golang:(\S+)-`).FindStringSubmatch(read(t, "Dockerfile"))
	if from == nil || !strings.HasPrefix(module.Go.Version+".", from[1]+".") {
		t.Errorf("the Dockerfile builds with Go %v, go.mod asks for %s", from, module.Go.Version)
	}
}

// Dashboards have the version of Grafana in docker-compose.yml.
func TestDashboardsHaveVersionOfGrafana(t *testing.T) {
	t.Parallel()
	boards, err := filepath.Glob(filepath.Join(root, "generated/grafana/dashboards/*.json"))
	if err != nil || len(boards) == 0 {
		t.Fatalf("no boards: %v", err)
	}
	want := imageVersions(t)["grafana"]
	for _, name := range boards {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		versions := regexp.MustCompile(`"pluginVersion": "([^"]*)"`).FindAllStringSubmatch(string(text), -1)
		if len(versions) == 0 {
			t.Errorf("%s names no version", name)
		}
		for _, v := range versions {
			if v[1] != want {
				t.Fatalf("%s is of Grafana %s, docker-compose.yml runs %s", name, v[1], want)
			}
		}
	}
}

// The second column of the table in docs/reference/compatibility.md has the
// versions of the other files.
func TestCompatibilityTable(t *testing.T) {
	t.Parallel()
	built, images := scriptVersions(t), imageVersions(t)
	want := map[string]string{
		"Go":            goMod(t, ".").Go.Version,
		"Prometheus":    built["PROMETHEUS_VERSION"],
		"Alertmanager":  built["ALERTMANAGER_VERSION"],
		"node_exporter": built["NODE_EXPORTER_VERSION"],
		"Grafana":       images["grafana"],
		"Redis":         images["redis"],
		"PostgreSQL":    images["postgres"],
	}
	_, table, found := strings.Cut(read(t, "docs/reference/compatibility.md"), "\n| program | version |")
	if !found {
		t.Fatal("docs/reference/compatibility.md has no table: program, version")
	}
	rows := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			if rows > 0 {
				break
			}
			continue
		}
		name := strings.TrimSpace(cells[1])
		if strings.HasPrefix(name, "--") {
			continue
		}
		rows++
		version, ok := want[name]
		if !ok {
			t.Errorf("docs/reference/compatibility.md: no other file names a version of %s", name)
			continue
		}
		equal(t, "docs/reference/compatibility.md: "+name, strings.TrimSpace(cells[2]), "the project", version)
		delete(want, name)
	}
	for name := range want {
		t.Errorf("docs/reference/compatibility.md has no row of %s", name)
	}
}
