package state_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook/state"
)

func TestParseList(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	body := `[
		{"labels": {"alertname": "A", "n": "1"}, "startsAt": "2026-03-01T09:00:00Z", "endsAt": "2026-03-01T10:04:00Z"},
		{"labels": {"alertname": "B"}, "annotations": {"summary": "s"}, "startsAt": "2026-03-01T09:00:00Z"},
		{"labels": {"alertname": "A", "n": "2"}, "startsAt": "2026-03-01T09:00:00Z", "endsAt": "2026-03-01T10:00:00Z"},
		{"labels": {"alertname": "A", "n": "3"}, "startsAt": "2026-03-01T09:00:00Z", "endsAt": "2026-03-01T10:01:00Z",
			"annotations": {"evaluated_at": "2026-03-01T10:00:55Z", "resolve_within": "20s"}}
	]`
	list, ok := state.ParseList([]byte("\uFEFF"+body), now)
	if !ok || len(list) != 2 {
		t.Fatalf("it is %+v, %v", list, ok)
	}
	var got []string
	for _, p := range list {
		got = append(got, p.GroupKey, p.Status)
		for _, a := range p.Alerts {
			if a.Fingerprint == "" {
				t.Error("an alert has no fingerprint")
			}
			got = append(got, a.Labels["n"]+a.Status)
		}
	}
	// The clock of Prometheus is ahead at the end of the third alert.
	if want := `{}:{alertname="A"} firing 1firing 2resolved 3resolved {}:{alertname="B"} firing firing`; strings.Join(got, " ") != want {
		t.Errorf("they are %q", got)
	}
	for _, body := range []string{"", "[", "[]", "[1]", `["a"]`, `[null]`, `[{"alertname":"A"}]`, `[{"labels":{}}]`, `{"labels":{"alertname":"A"}}`} {
		if list, ok := state.ParseList([]byte(body), now); ok {
			t.Errorf("%s is %+v", body, list)
		}
	}
}
