package compose_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

const (
	version  = "9.8.7-test"
	revision = "0123456789abcdef0123456789abcdef01234567"
)

// stages parses the Dockerfile as docker build does.
func stages(t *testing.T) []instructions.Stage {
	t.Helper()
	f, err := os.Open(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	parsed, err := parser.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		t.Fatal(err)
	}
	return stages
}

// commands returns the instructions of one kind in a stage.
func commands[C instructions.Command](stage instructions.Stage) []C {
	var found []C
	for _, c := range stage.Commands {
		if c, ok := c.(C); ok {
			found = append(found, c)
		}
	}
	return found
}

// declares reports whether a stage declares the build argument.
func declares(stage instructions.Stage, arg string) bool {
	return slices.ContainsFunc(commands[*instructions.ArgCommand](stage), func(c *instructions.ArgCommand) bool {
		return slices.ContainsFunc(c.Args, func(p instructions.KeyValuePairOptional) bool { return p.Key == arg })
	})
}

func TestImageIsPinnedAndUnprivileged(t *testing.T) {
	t.Parallel()
	all := stages(t)
	for _, stage := range all {
		if !pinned.MatchString(stage.BaseName) {
			t.Errorf("stage %q builds on %s: pin a version", stage.Name, stage.BaseName)
		}
	}
	users := commands[*instructions.UserCommand](all[len(all)-1])
	if len(users) != 1 || !regexp.MustCompile(`^[a-z]+$`).MatchString(users[0].User) || users[0].User == "root" {
		t.Errorf("the image's programs run as %v, want one user that is not root", users)
	}
}

// The test runs the Dockerfile's RUN that builds the programs, with the build
// arguments as environment variables, as Docker does.
func TestProgramsOfImageHaveVersion(t *testing.T) {
	t.Parallel()
	all := stages(t)
	build, last := all[0], all[len(all)-1]
	out := t.TempDir()
	for _, run := range commands[*instructions.RunCommand](build) {
		line := strings.Join(run.CmdLine, " ")
		if !strings.Contains(line, "scripts/build") {
			continue
		}
		cmd := exec.Command("sh", "-c", strings.ReplaceAll(line, "/out", out))
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "VERSION=v"+version, "REVISION="+revision)
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", line, err, text)
		}
	}
	for _, arg := range []string{"VERSION", "REVISION"} {
		if !declares(build, arg) {
			t.Errorf("stage %q does not declare ARG %s: its RUN does not see it", build.Name, arg)
		}
	}
	for _, program := range []string{"preflight", "preflight-webhook"} {
		text, err := exec.Command(filepath.Join(out, program), "--version").CombinedOutput()
		if err != nil {
			t.Fatalf("%s --version: %v\n%s", program, err, text)
		}
		for _, want := range []string{program + ", version " + version + " ", "revision: " + revision} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s --version: no %q in\n%s", program, want, text)
			}
		}
	}
	labels := map[string]string{}
	for _, c := range commands[*instructions.LabelCommand](last) {
		for _, l := range c.Labels {
			labels[l.Key] = l.Value
		}
	}
	for label, arg := range map[string]string{"version": "VERSION", "revision": "REVISION"} {
		if got := labels["org.opencontainers.image."+label]; got != "$"+arg || !declares(last, arg) {
			t.Errorf("the image's label for its %s is %q, and ARG %s is declared: %v", label, got, arg, declares(last, arg))
		}
	}
}

func TestComposePassesTheVersion(t *testing.T) {
	t.Parallel()
	options, err := cli.NewProjectOptions([]string{filepath.Join(root, "docker-compose.yml")},
		cli.WithEnv([]string{"TELEGRAM_CHAT_ID=1", "PREFLIGHT_VERSION=" + version, "PREFLIGHT_REVISION=" + revision}))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range project.Services {
		if service.Build == nil {
			continue
		}
		for arg, want := range map[string]string{"VERSION": version, "REVISION": revision} {
			if got := service.Build.Args[arg]; got == nil || *got != want {
				t.Errorf("%s is built with %s=%v, want %s", service.Name, arg, got, want)
			}
		}
	}
}

// scripts/up reads both from git. The test runs it in a new checkout with a
// fake docker that prints its environment.
func TestUpSetsTheVersion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"up", "gitversion"} {
		text, err := os.ReadFile(filepath.Join(root, "scripts", name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "scripts", name), string(text))
	}
	write(t, filepath.Join(dir, "path", "docker"), "#!/bin/sh\necho \"$PREFLIGHT_VERSION $PREFLIGHT_REVISION $*\"\n")
	write(t, filepath.Join(dir, ".gitignore"), "/path/\n/secrets/\n/.env\n")
	environment := append(os.Environ(), "PATH="+filepath.Join(dir, "path")+":"+os.Getenv("PATH"),
		"TELEGRAM_BOT_TOKEN=1:a", "TELEGRAM_CHAT_ID=-100", "PREFLIGHT_VERSION=", "PREFLIGHT_REVISION=",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = dir, environment
		text, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, text)
		}
		return strings.TrimSpace(string(text))
	}
	run("git", "init", "--quiet")
	run("git", "add", ".")
	run("git", "commit", "--quiet", "--message=first")
	run("git", "tag", "v1.2.3")
	head := run("git", "rev-parse", "HEAD")
	if got, want := run("scripts/up"), "1.2.3 "+head+" compose up --build"; !strings.Contains(got, want) {
		t.Errorf("scripts/up: no %q in\n%s", want, got)
	}
}

// write writes a program or a file, and creates its folder.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}
