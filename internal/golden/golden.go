// Package golden compares outputs of tests with files, which an environment
// variable writes again.
package golden

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
)

// Variable is the environment variable that makes tests write their files. A
// variable reaches the tests of all packages, and takes no flag from theirs.
const Variable = "PREFLIGHT_UPDATE"

// Update reports whether tests write their files: the variable is set, to
// another value than 0.
func Update() bool {
	value := os.Getenv(Variable)
	return value != "" && value != "0"
}

// Compare fails the test if the file does not contain the output. The failure
// shows the differing lines, and the command that writes the file again.
func Compare(t testing.TB, file string, got []byte) {
	t.Helper()
	if Update() {
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, got, 0o644)); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.Fatalf("%s does not exist: to write it, run\n\t%s", file, Command(t))
	case err != nil:
		t.Fatal(err)
	}
	if d := diff.Diff(file, want, "this run", got); d != nil {
		_, lines, _ := strings.Cut(string(d), "\n") // the first line names the two again
		t.Errorf("%s differs from this run. If the change is meant, run\n\t%s\n%s", file, Command(t), lines)
	}
}

// Command returns the command that runs the test and writes its files.
func Command(t testing.TB) string {
	var parts []string
	for part := range strings.SplitSeq(t.Name(), "/") {
		parts = append(parts, "^"+regexp.QuoteMeta(part)+"$")
	}
	pattern := "'" + strings.ReplaceAll(strings.Join(parts, "/"), "'", `'\''`) + "'"
	return fmt.Sprintf("%s=1 go test %s -run %s", Variable, tested(), pattern)
}

// tested returns the package under test.
func tested() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Path != "" {
		return strings.TrimSuffix(info.Path, ".test")
	}
	return "."
}
