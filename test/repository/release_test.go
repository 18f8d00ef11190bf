package repository_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"

	"gopkg.in/yaml.v3"
)

// releaseBuild is a build of .goreleaser.yaml with its settings.
type releaseBuild struct {
	ID, Main, Binary    string
	Env, Flags, Ldflags []string
}

func releaseBuilds(t *testing.T) []releaseBuild {
	t.Helper()
	var config struct{ Builds []releaseBuild }
	if err := yaml.Unmarshal([]byte(read(t, ".goreleaser.yaml")), &config); err != nil {
		t.Fatal(err)
	}
	return config.Builds
}

// The release builds programs like scripts/build.
func TestReleaseBuildsLikeScript(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("bash", "-c", `. scripts/goenv && echo "CGO_ENABLED=$CGO_ENABLED" && printf '%s\n' $GOFLAGS`)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := strings.Fields(string(out))
	for _, b := range releaseBuilds(t) {
		if got := slices.Concat(b.Env, b.Flags); !slices.Equal(got, want) {
			t.Errorf(".goreleaser.yaml builds %s with %q, scripts/goenv says %q", b.ID, got, want)
		}
	}
}

// Each program of a release is linked with the flags of .goreleaser.yaml and
// shows its version. preflight-stack is not released, because it needs a
// checkout.
func TestProgramsOfReleaseHaveVersion(t *testing.T) {
	t.Parallel()
	const version, revision = "9.8.7", "0123456789abcdef0123456789abcdef01234567"
	released := []string{"preflight-stack"}
	out := t.TempDir()
	for _, b := range releaseBuilds(t) {
		released = append(released, filepath.Base(b.Main))
		var ldflags strings.Builder
		if err := template.Must(template.New(b.ID).Parse(strings.Join(b.Ldflags, " "))).Execute(&ldflags,
			map[string]string{"Version": version, "FullCommit": revision}); err != nil {
			t.Fatal(err)
		}
		binary := filepath.Join(out, b.Binary)
		cmd := exec.Command("go", slices.Concat([]string{"build", "-o", binary, "-ldflags=" + ldflags.String()}, b.Flags, []string{b.Main})...)
		cmd.Dir, cmd.Env = root, append(os.Environ(), b.Env...)
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", cmd.Args, err, text)
		}
		text, err := exec.Command(binary, "--version").CombinedOutput()
		if err != nil {
			t.Fatalf("%s --version: %v\n%s", b.Binary, err, text)
		}
		for _, want := range []string{b.Binary + ", version " + version + " ", "revision: " + revision} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s --version: no %q in\n%s", b.Binary, want, text)
			}
		}
	}
	commands, err := filepath.Glob(filepath.Join(root, "cmd/*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range commands {
		if name := filepath.Base(command); !slices.Contains(released, name) {
			t.Errorf(".goreleaser.yaml does not build %s", name)
		}
	}
}
