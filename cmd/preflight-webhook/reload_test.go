package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// SIGHUP reloads all or nothing, like the request.
func TestReloadBySignal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "alert.tmpl"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("{{.Title}}")
	p := startProgram(t, "--dry-run", "--templates="+dir)
	defer p.kill()
	reload := func(want string) {
		t.Helper()
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if err := eventually(func() error {
			if log := string(mustRead(t, p.log)); !strings.Contains(log, want) {
				return fmt.Errorf("the log is without %q:\n%s", want, log)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	write("{{.Title}}<b>")
	reload(filepath.Join(dir, "alert.tmpl") + `:1:11: Telegram would refuse the text: Can't find end tag`)
	write("<b>{{.Title}}</b>")
	reload("msg=reloaded")
}
