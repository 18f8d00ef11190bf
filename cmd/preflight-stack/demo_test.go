package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/alertnative/preflight/internal/testing/pages"
)

// TestMain runs Prometheus in this program, for the demo and the stack.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == prometheusCommand {
		main()
	}
	os.Exit(m.Run())
}

// TestDemo plays the demo: its story comes true, in order, with the released
// Prometheus and with its packages.
func TestDemo(t *testing.T) {
	t.Chdir("../..")
	for flag, prometheus := range map[string]string{"--real": "http://127.0.0.1:", "--no-real": "without its pages"} {
		t.Run(flag, func(t *testing.T) { testDemo(t, flag, prometheus) })
	}
}

func testDemo(t *testing.T, flag, prometheus string) {
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"demo", flag}, &out, &errs); code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, out.String(), errs.String())
	}
	rest := out.String()
	for _, want := range []string{
		"Prometheus    " + prometheus, "1/3 All is well", "Ready for LIVE: True",
		"2/3 Redis stops", "connection refused (connection_refused)", "Ready for LIVE: False",
		"🚨 P0: Preflight FAIL", "Source: SYSTEM", "- Database: redis failed (connection refused)",
		"3/3 Redis is back", "Ready for LIVE: True", "✅ P0 resolved: Preflight FAIL", "edited", "That is the pipeline",
	} {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("no %q where it should come:\n%s", want, out.String())
		}
		rest = after
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	shown, err := pages.Find(string(readme), "make demo")
	if err != nil {
		t.Fatal(err)
	}
	if d := pages.Differs(shown.Output, out.String()); d != "" {
		t.Errorf("README.md: make demo: %s\n%s", d, out.String())
	}
	if strings.Contains(strings.SplitN(out.String(), "2/3", 2)[0], "🚨") {
		t.Errorf("a message while everything passes:\n%s", out.String())
	}
}
