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
	f.Add([]byte(`{"alerts":[{"startsAt":"9999-12-31T23:59:59-01:00","endsAt":253402300799}],"truncatedAlerts":-1}`))
	f.Add([]byte("\xef\xbb\xbf{\"alerts\":[null,1,{}]}x"))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := state.ParsePayload(body)
		if err != nil {
			state.Glean(body)
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
			t.Fatalf("it cannot be stored: %v", err)
		}
		q, err := state.ParsePayload(again)
		if err != nil || len(q.Alerts) != len(p.Alerts) || q.GroupKey != p.GroupKey || q.TruncatedAlerts != p.TruncatedAlerts {
			t.Fatalf("read again as %+v, %v", q, err)
		}
	})
}
