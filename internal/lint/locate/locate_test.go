package locate_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/locate"
)

func TestFindings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":            "module x",
		"pack/alerts.go":    "package pack\n\nvar down = Alert{\n\tName: \"Down\",\n}\n\nvar one = Job{Name: \"api\"}\n",
		"pack/boards.go":    "package pack\n\nvar board = Dashboard{UID: \"health\", Title: \"Down\"}\n\nvar two = Receiver{Name: \"api\"}\n\nvar night = TimeInterval{Name: \"night\"}\n",
		"pack/site.go":      "package pack\n\nvar s = preflight.Site{\n\tWebhook: Webhook{URL: \"hook\"},\n\tRoutes: []Route{{Match: `a=\"b\"`}},\n}\n",
		"rules/a/q.yml":     "groups: []",
		"pack/broken.go":    "package pack\n\nvar x = {",
		"pack/pack_test.go": "package pack\n\nvar test = Alert{Name: \"Down\"}\n",
		"other/go.mod":      "module y",
		"other/other.go":    "package other\n\nvar down = Alert{Name: \"Down\"}\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	findings := []finding.Finding{
		{Where: `alert "Down", scenario "s"`}, {Where: `dashboard "health", panel "p"`}, {Where: `job "api"`}, // api is a receiver too
		{Where: "routing, the default route"}, {Where: `alert "Up"`}, {Where: `alert "Down"`, File: "known.go", Line: 7},
		{Where: `routing, time interval "night"`, Part: "Times"},
		{Where: "site", Part: "Webhook.URL", Text: "hook"}, {Where: "site", Part: "RunbookURL", Text: "x"}, {Where: `route {a="b"}`}, {Where: `alert "F"`, File: "a/q.yml", Line: 3},
	}
	locate.Findings(filepath.Join(dir, "pack"), findings)
	var got []string
	for _, f := range findings {
		got = append(got, f.String())
	}
	want := []string{
		`alerts.go:4: alert "Down", scenario "s": `, `boards.go:3: dashboard "health", panel "p": `, `job "api": `,
		`site.go:3: routing, the default route: `, `alert "Up": `, `known.go:7: alert "Down": `,
		`boards.go:7: routing, time interval "night", Times: `,
		`site.go:4: site, Webhook.URL: ` + "\n    hook\n    ^", `site.go:3: site, RunbookURL: ` + "\n    x\n    ^", `site.go:5: route {a="b"}: `, `../rules/a/q.yml:3: alert "F": `,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
