package codegen_test

import (
	"os"
	"path/filepath"
	"testing"
)

// An address of runbooks in a view of this module's repository needs a folder
// there. The test changes the working folder, so it cannot be parallel.
func TestFolderOfRunbooks(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module github.com/alertnative/preflight\n", "docs/runbooks/A.md": "a"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for url, want := range map[string]string{
		"https://github.com/alertnative/preflight/blob/main/generated/runbooks":   "",
		"https://github.com/alertnative/preflight/-/tree/main/generated/runbooks": "",
		"https://github.com/alertnative/preflight/blob/main/docs/runbooks":        "",
		"https://github.com/alertnative/wiki/blob/main/runbooks/all":              "",
		"https://wiki.example/runbooks":                                           "",
		"https://github.com/alertnative/preflight/blob/main/doc/runbooks":         "site, RunbookURL: DF017: the repository has no folder doc/runbooks; the runbooks are written to generated/runbooks",
		"https://github.com/alertnative/preflight/-/tree/main/ops/runbooks":       "the repository has no folder ops/runbooks",
	} {
		s := mq(broker(queueLong()))
		s.RunbookURL = url
		var args []string
		if want == "" {
			args = append(args, "--out="+t.TempDir())
		}
		code, _, stderr := generate(t, s, args...)
		if want == "" && code != 0 {
			t.Errorf("%s: exit %d\n%s", url, code, stderr)
		}
		contains(t, stderr, want)
	}
}
