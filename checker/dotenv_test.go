package checker

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alertnative/preflight/internal/envfile"
)

// dotenv is a configuration with the default format.
var dotenv = Config{envFormat: envfile.Dotenv}

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
	get, err := dotenv.lookup(file, true)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"PREFLIGHT_TEST_BOTH": "process", "PREFLIGHT_TEST_FILE": "a b"} {
		if got, ok := get(name); !ok || got != want {
			t.Errorf("%s is %q, %v, want %q", name, got, ok, want)
		}
	}
	if _, ok := get("PREFLIGHT_TEST_NEITHER"); ok {
		t.Error("an undefined variable has a value")
	}

	missing := filepath.Join(dir, "missing")
	if _, err := dotenv.lookup(missing, false); err != nil {
		t.Errorf("an optional file is missing: %v", err)
	}
	if _, err := dotenv.lookup(missing, true); err == nil {
		t.Error("a required file is missing: no error")
	}

	// The parser's own errors quote the file.
	for text, line := range map[string]string{
		"GOOD=1\nthis line is the secret hunter2\nTOKEN=x\n": ":2: ",
		"GOOD='two\nlines'\n\nTOKEN=\"hunter2\nMORE=1\n":     ":4: ",
		"hunter2!": ":1: ",
	} {
		write(text)
		_, err = dotenv.lookup(file, true)
		if err == nil || !strings.Contains(err.Error(), file+line+"cannot be parsed: each line must be NAME=value") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: error %v", text, err)
		}
	}
}

// FuzzDotenv reads any text as .env. An error must not quote the file.
func FuzzDotenv(f *testing.F) {
	for _, text := range []string{
		"A=1\nexport B='two words' # why\n", "A=\"never closed", "no variable here", "=x", "A", "A=\x00", "A='x\ny'\n\nB", "\ufeffA=1", "A=$B", "A: yaml",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file := filepath.Join(t.TempDir(), ".env")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		get, err := dotenv.lookup(file, true)
		if err != nil {
			rest := strings.TrimPrefix(err.Error(), "environment file "+file+":")
			number, text, _ := strings.Cut(rest, ": ")
			if strings.Trim(number, "0123456789") != "" || !strings.HasPrefix(text, "cannot be parsed: each line must be NAME=value") &&
				!strings.HasPrefix(text, "starts with a byte-order mark") {
				t.Errorf("%q", err)
			}
			return
		}
		get("A")
	})
}
