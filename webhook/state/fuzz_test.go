package state_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alertnative/preflight/webhook/state"
)

// FuzzParsePayload checks that an accepted body can be stored and parsed again,
// and that no error quotes the body.
func FuzzParsePayload(f *testing.F) {
	files, err := filepath.Glob("../testdata/payloads/*/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no recorded payloads", err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`{"version":"4","status":"firing","groupKey":"k","alerts":[{"status":"firing","labels":{"a":"SECRET"},"startsAt":"SECRET"}]}`))
	f.Add([]byte(`{"version":4}`))
	f.Add([]byte(`{"alerts":"SECRET"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := state.ParsePayload(body)
		if err != nil {
			if strings.Contains(err.Error(), "SECRET") {
				t.Fatalf("the error quotes the body: %v", err)
			}
			return
		}
		for i, a := range p.Alerts {
			if a.Fingerprint == "" {
				t.Fatalf("alert %d has no fingerprint", i)
			}
		}
		again, err := json.Marshal(p)
		if err != nil {
			return // years beyond 9999 can be read and not be written
		}
		if _, err := state.ParsePayload(again); err != nil {
			t.Fatalf("not taken again: %v", err)
		}
	})
}
