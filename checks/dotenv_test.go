package checks_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alertnative/preflight/checks"
)

func TestLookup(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, ".env.paper")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PREFLIGHT_TEST_BOTH", "process")
	write("PREFLIGHT_TEST_BOTH=file\nexport PREFLIGHT_TEST_FILE='a b' # why\n")
	lookup, err := checks.Lookup(file, true)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"PREFLIGHT_TEST_BOTH": "process", "PREFLIGHT_TEST_FILE": "a b"} {
		if got, ok := lookup(name); !ok || got != want {
			t.Errorf("%s is %q, %v, want %q", name, got, ok, want)
		}
	}
	if _, ok := lookup("PREFLIGHT_TEST_NEITHER"); ok {
		t.Error("a variable from nowhere")
	}

	missing := filepath.Join(dir, "missing")
	if _, err := checks.Lookup(missing, false); err != nil {
		t.Errorf("a file that need not be there: %v", err)
	}
	if _, err := checks.Lookup(missing, true); err == nil {
		t.Error("a file that was asked for is not there: no error")
	}

	// The parser's own errors quote the file.
	for text, line := range map[string]string{
		"GOOD=1\nthis line is the secret hunter2\nTOKEN=x\n": ":2: ",
		"GOOD='two\nlines'\n\nTOKEN=\"hunter2\nMORE=1\n":     ":4: ",
		"hunter2!": ":1: ",
	} {
		write(text)
		_, err = checks.Lookup(file, true)
		if err == nil || !strings.Contains(err.Error(), file+line+"cannot be read: each line must be NAME=value") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: error %v", text, err)
		}
	}
}
