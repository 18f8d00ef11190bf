package golden_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alertnative/preflight/internal/golden"
)

// failing records the failure of a test.
type failing struct {
	testing.TB
	text string
}

func (f *failing) Helper()                           {}
func (f *failing) Errorf(format string, args ...any) { f.text = fmt.Sprintf(format, args...) }
func (f *failing) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	panic(f)
}

// compare returns the failure of a comparison.
func compare(t *testing.T, file, got string) (failure string) {
	t.Helper()
	f := &failing{TB: t}
	defer func() {
		if p := recover(); p != nil && p != any(f) {
			panic(p)
		}
		failure = f.text
	}()
	golden.Compare(f, file, []byte(got))
	return ""
}

func TestCompare(t *testing.T) {
	file := filepath.Join(t.TempDir(), "testdata", "story.txt")
	t.Setenv(golden.Variable, "")
	t.Run("a story's end", func(t *testing.T) {
		command := `PREFLIGHT_UPDATE=1 go test github.com/alertnative/preflight/internal/golden -run '^TestCompare$/^a_story'\''s_end$'`
		if got := compare(t, file, "one\n"); !strings.Contains(got, "does not exist") || !strings.Contains(got, command) {
			t.Errorf("without a file: %s", got)
		}
		t.Setenv(golden.Variable, "1")
		if got := compare(t, file, "one\ntwo\n"); got != "" {
			t.Errorf("writing the file: %s", got)
		}
		t.Setenv(golden.Variable, "0")
		if got := compare(t, file, "one\ntwo\n"); got != "" {
			t.Errorf("with the same output: %s", got)
		}
		got := compare(t, file, "one\n2\n")
		for _, want := range []string{command, "\n-two\n", "\n+2\n"} {
			if !strings.Contains(got, want) {
				t.Errorf("the failure lacks %q:\n%s", want, got)
			}
		}
		if text, err := os.ReadFile(file); err != nil || string(text) != "one\ntwo\n" {
			t.Errorf("the file contains %q, %v", text, err)
		}
	})
}
