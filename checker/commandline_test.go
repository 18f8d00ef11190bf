package checker_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checker/spec"
)

// call runs the command line of a program without checks.
func call(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	t.Chdir(t.TempDir())
	var b bytes.Buffer
	code = checker.Run(t.Context(), "test", args, &b, &b)
	return code, b.String()
}

func TestCommandLine(t *testing.T) {
	const config = "preflight.yml: " // the arguments are right: now the configuration is missing
	for name, tt := range map[string]struct {
		args string
		code int
		want string
	}{
		"the default command":      {"", 2, config},
		"run":                      {"run", 2, config},
		"a flag before a command":  {"--log.level=debug list", 2, config},
		"a switch":                 {"--real-check --quiet", 2, config},
		"a switch, off":            {"run --no-real-check --no-quiet", 2, config},
		"a switch with a value":    {"--real-check=false", 2, config},
		"an unknown switch off":    {"--no-config.file", 2, "unknown flag: --no-config.file, see --help"},
		"an odd value of a switch": {"--no-quiet=maybe", 2, "takes no value, see --help"},
		"a list":                   {"--only=a --only=b --skip c", 2, config},
		"a value after a space":    {"--env paper --config.file preflight.yml", 2, config},
		"a value twice":            {"--env=paper --env=live", 2, "--env: is given twice, see --help"},
		"a switch on and off":      {"--quiet --no-quiet", 2, "preflight: --no-quiet: is given twice, see --help"},
		"days":                     {"--every=2d", 2, config},
		"parts of a second":        {"--every=0.5s", 2, config},
		"every alone":              {"--every --quiet", 2, config},
		"every, not positive":      {"--every=-1s", 2, "--every=-1s: must be positive"},
		"no duration":              {"--every=soon", 2, `--every: time: invalid duration "soon", see --help`},
		"a word":                   {"--language=ko", 2, config},
		"another word":             {"--language=fr", 2, "--language: must be one of en, ko, see --help"},
		"a level":                  {"--log.level=loud", 2, "unrecognized log level loud, see --help"},
		"a flag of another command": {
			"list --real-check", 2, "unknown flag: --real-check, see --help",
		},
		"an unknown flag":        {"--nosuch", 2, "unknown flag: --nosuch, see --help"},
		"an unknown command":     {"check", 2, `unexpected "check": the commands are forget, gate, help, list, run, schema, see --help`},
		"a stray word":           {"run paper", 2, `unexpected "paper", see --help`},
		"gate without a command": {"gate --env=paper", 2, "the command to start is missing: write it after --, see --help"},
		"gate without env":       {"gate -- true", 2, "--env is required, see --help"},
		"gate, missing program":  {"gate --env=paper -- ./nosuch --every", 127, "gate: "},
		"gate, complete":         {"gate --env=paper -- sh --every --env=live", 2, config},
		"forget without env":     {"forget", 2, "--env is required, see --help"},
		"version":                {"--version", 0, "preflight, version devel"},
		"version of a command":   {"gate --version", 0, "preflight, version devel"},
		"help":                   {"--help", 0, "--every duration[=10m]"},
		"help of a command":      {"help gate", 0, "--max-age duration"},
		"help of no command":     {"help check", 2, `unexpected "check": the commands are forget, gate, help, list, run, schema, see --help`},
		"help of two":            {"help gate run", 2, `unexpected "run"`},
		"-h":                     {"gate -h", 0, "usage: preflight gate --env=ENV [flags] -- COMMAND [ARGUMENTS]\n"},
		"schema":                 {"schema", 0, `"$schema"`},
	} {
		t.Run(name, func(t *testing.T) {
			code, out := call(t, strings.Fields(tt.args)...)
			if code != tt.code || !strings.Contains(out, tt.want) {
				t.Errorf("exit %d, want %d and %q in:\n%s", code, tt.code, tt.want, out)
			}
		})
	}
}

// A signal that comes before the service has started ends the program.
func TestEveryAfterASignal(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("preflight.yml", []byte("envs: [paper]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, signal := context.WithCancel(t.Context())
	signal()
	var out bytes.Buffer
	if code := checker.Run(ctx, "test", []string{"--every"}, &out, &out, always(spec.Spec{Name: "Router"})); code != 0 || out.Len() > 0 {
		t.Errorf("exit %d\n%s", code, out.String())
	}
}

func TestCompletion(t *testing.T) {
	for args, want := range map[string]string{
		"li":                   "list\tList the checks",
		"help ga":              "gate\n",
		"run --lang":           "--language\t",
		"run --language ":      "en\nko\n",
		"list --format ":       "text\njson\n",
		"--log.level ":         "debug\ninfo\nwarn\nerror\n",
		"run --log.format log": "logfmt\n",
	} {
		code, out := call(t, append([]string{"__complete"}, strings.Split(args, " ")...)...)
		if code != 0 || !strings.HasPrefix(out, want) {
			t.Errorf("%q: exit %d, want %q first:\n%s", args, code, want, out)
		}
	}
}
