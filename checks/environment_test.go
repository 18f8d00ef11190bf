package checks_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/checker"
)

func TestEnvironment(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		keys  string // keys of the variable; "optional" selects the list
		value string
		unset bool
		want  checker.Observation
	}{
		{"", "x", false, checker.Passed("V", "")},
		{"", "", true, checker.Failed("V", "missing", "not set")},
		{"optional", "", true, checker.Passed("V", "not set, optional")},
		{"optional", " ", false, checker.Failed("V", "empty", "empty")},
		{"format: url", "redis://h:1/0", false, checker.Passed("V", "")},
		{"format: url", "no url", false, checker.Failed("V", "malformed", "must be a URL")},
		{"format: url", "redis://user:pass%zz@h", false, checker.Failed("V", "malformed", "must be a URL")},
		{"format: url, schemes: [redis, rediss]", "http://h", false, checker.Failed("V", "malformed", "must be a URL that starts with redis:// or rediss://")},
		{"format: url", "redis://h:1/0 ", false, checker.Failed("V", "malformed", "must be a URL: it starts or ends with a space")},
		{"format: integer", " 7", false, checker.Failed("V", "malformed", "must be an integer: it starts or ends with a space")},
		{"format: integer, min: 1, max: 10", "7", false, checker.Passed("V", "")},
		{"format: integer", "7.5", false, checker.Failed("V", "malformed", "must be an integer")},
		{"format: integer, min: 1", "0", false, checker.Failed("V", "out_of_range", "must be at least 1")},
		{"format: integer, max: 10", "11", false, checker.Failed("V", "out_of_range", "must be at most 10")},
		{"format: one_of, values: [a, b]", "b", false, checker.Passed("V", "")},
		{"format: one_of, values: [a, b]", "c", false, checker.Failed("V", "not_allowed", "must be one of a, b")},
		{"format: one_of, values: [a, b]", "a ", false, checker.Failed("V", "not_allowed", "must be one of a, b: it starts or ends with a space")},
		{"format: file", "environment_test.go", false, checker.Passed("V", "")},
		{"format: file", "/no/such/file", false, checker.Failed("V", "no_such_file", "must be the path of a file")},
		{"format: file", ".", false, checker.Failed("V", "no_such_file", "must be the path of a file")},
	} {
		list := "required"
		keys := tt.keys
		if keys == "optional" {
			list, keys = "optional", ""
		}
		vars := []string{"V=" + tt.value}
		if tt.unset {
			vars = nil
		}
		text := strings.TrimSuffix("environment: {"+list+": [{name: V, "+keys, ", ") + "}]}"
		if d := cmp.Diff(tt.want, observe(t, fromConfig(t, text, "Environment", "paper", vars...), "V")); d != "" {
			t.Errorf("%+v with %q (-want +got):\n%s", tt.keys, tt.value, d)
		}
	}
}

// A variable that the .env file sets twice warns, unless the process sets it.
func TestVariableSetTwice(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), ".env.paper")
	if err := os.WriteFile(file, []byte("A=1\nB=\"\nA=2\n\"\nA=3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for value, status := range map[string]checker.Status{"3": checker.Warn, "4": checker.Pass} {
		config, env := declare(t, "environment: {required: [{name: A}]}", "paper", "A="+value)
		env.File = file
		reason := map[checker.Status]string{checker.Warn: "set_twice"}[status]
		if o := expect(t, named(t, config, env, "Environment"), "A", status, reason); reason != "" && !strings.Contains(o.Detail, "on the lines 1, 5 of .env.paper") {
			t.Errorf("%q does not name the lines", o.Detail)
		}
	}
}
