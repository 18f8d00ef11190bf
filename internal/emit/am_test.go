package emit_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/alertmanager/config"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/routing"
)

// alertmanager returns the generated alertmanager.yml of a routing.
func alertmanager(r routing.Routing) (emit.Written, error) {
	s, _ := model.New(preflight.Site{Name: "shop", Routing: r, Webhook: preflight.Webhook{URL: "http://webhook:9917"}})
	return (&emit.Context{Site: s}).Alertmanager()
}

// loaded returns alertmanager.yml as Alertmanager loads it.
func loaded(t *testing.T, r routing.Routing) (emit.Written, *config.Config) {
	t.Helper()
	w, err := alertmanager(r)
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(string(w.Data))
	if err != nil {
		t.Fatalf("%v\n%s", err, w.Data)
	}
	return w, c
}

// refused returns the findings of a routing.
func refused(t *testing.T, r routing.Routing) string {
	t.Helper()
	w, err := alertmanager(r)
	if err == nil {
		t.Fatalf("no finding:\n%s", w.Data)
	}
	return err.Error()
}

// amtool runs the real amtool of the folder bin.
func amtool(t *testing.T, args ...string) (string, error) {
	t.Helper()
	path, err := filepath.Abs("../../bin/amtool")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// accepted checks a configuration with amtool, and returns its path.
func accepted(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "alertmanager.yml")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := amtool(t, "check-config", path); err != nil {
		t.Errorf("amtool: %v\n%s\n%s", err, out, data)
	}
	return path
}

// receivers returns a receiver that only takes alerts, for each name.
func receivers(names ...string) []routing.Receiver {
	var out []routing.Receiver
	for _, name := range names {
		out = append(out, routing.Receiver{Name: name, Webhook: []routing.Webhook{{URL: routing.Secret(name)}}})
	}
	return out
}

func contains(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in:\n%s", want, text)
		}
	}
}
