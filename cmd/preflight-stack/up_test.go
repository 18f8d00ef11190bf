package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// left reports the files in a folder.
func left(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			t.Errorf("left behind: %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// generate writes the files of an example, which is a separate module.
func generate(t *testing.T, example string) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("go", "run", "./"+example, "--out="+dir)
	cmd.Dir = "../../examples"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go run ./%s: %v\n%s", example, err, out)
	}
	return dir
}

// edit shortens a wait in the generated files.
func edit(t *testing.T, path, from, to string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(from)) {
		t.Fatalf("%s has no %q:\n%s", path, from, text)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(text, []byte(from), []byte(to)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The files of another site run on this machine: a metric in the textfile
// folder becomes a message. The site's job for node_exporter has its own name.
func TestUpOfAnotherSite(t *testing.T) {
	data, generated := t.TempDir(), generate(t, "home")
	edit(t, filepath.Join(generated, "prometheus", "prometheus.yml"), "_interval: 1m", "_interval: 2s")
	edit(t, filepath.Join(generated, "alertmanager", "alertmanager.yml"), "route:\n", "route:\n  group_wait: 1s\n")
	t.Setenv("TELEGRAM_BOT_TOKEN", "")
	c := start(t, "up", "--generated="+generated, "--data="+data, "--ports=random")
	c.await("messages are printed here", "The textfile collector reads "+filepath.Join(data, "textfile-collector"))
	metric := []byte("# TYPE bot_last_tick_timestamp_seconds gauge\nbot_last_tick_timestamp_seconds 1\n")
	if err := os.WriteFile(filepath.Join(data, "textfile-collector", "bot.prom"), metric, 0o644); err != nil {
		t.Fatal(err)
	}
	c.await("with sound", "BotStuck")
	if code := c.end(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	c.await("Stopped. Data and logs stay in " + data)
}

// Other receivers are notified only with --all-receivers.
func TestUpRemovesIntegrations(t *testing.T) {
	t.Setenv("TELEGRAM_BOT_TOKEN", "")
	c := start(t, "up", "--generated="+generate(t, "acme"), "--data="+t.TempDir(), "--ports=random")
	c.await("Removed", "telegram of direct, pagerduty of pagerduty", "The textfile collector reads")
	if code := c.end(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

// Without a job for node_exporter the textfile folder is not read.
func TestUpOfSiteWithoutNodeExporter(t *testing.T) {
	t.Setenv("TELEGRAM_BOT_TOKEN", "")
	c := start(t, "up", "--generated="+generate(t, "postgres/two"), "--data="+t.TempDir(), "--ports=random")
	c.await("node_exporter", "not scraped", "Ctrl-C stops everything")
	if code := c.end(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}
