package message_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/alertnative/preflight/webhook/config"
	"github.com/alertnative/preflight/webhook/message"
)

// remedies are some remedies of checks. One has no translation.
var remedies = config.Remedies{
	"Database":        {"connection_refused": {"en": "start the server, or correct the address", "ko": "서버를 시작하거나 주소를 수정"}},
	"Exchange Health": {"timeout": {"en": "look at the network & the exchange's status page"}},
}

// formatted returns the only message of a notice.
func formatted(t *testing.T, f *message.Formatter, items ...message.Item) string {
	t.Helper()
	messages, err := f.Format(message.Notice{Kind: message.Alert, Items: items, Now: start})
	if err != nil || len(messages) != 1 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	return messages[0].Document.String()
}

func TestRemedies(t *testing.T) {
	t.Parallel()
	f, err := message.New(message.Options{Remedies: remedies})
	if err != nil {
		t.Fatal(err)
	}
	refused := func(target string) message.Item {
		return check("P0", "Database", target, "Database: "+target+" failed", "connection_refused", "7/8 PASS, 1 FAIL")
	}
	const remedy = "    → start the server, or correct the address"

	// Below the line of the alert, once for alerts with the same one.
	text := formatted(t, f, refused("redis"), refused("postgres"))
	if want := "  - Database: postgres failed (connection refused)\n" + remedy + "\n  - Database: redis failed (connection refused)\n\nRecommended"; !strings.Contains(text, want) {
		t.Errorf("%s\ndoes not contain\n%s", text, want)
	}
	// The first of several reasons that has one.
	several := check("P0", "Database", "redis", "Database: redis failed", "nosuch, connection_refused", "7/8 PASS, 1 FAIL")
	if text := formatted(t, f, several); !strings.Contains(text, remedy) {
		t.Errorf("no remedy:\n%s", text)
	}
	// None for an alert that ended, an unknown reason, and another check.
	for _, it := range []message.Item{
		ended(refused("redis"), 1), check("P0", "Database", "redis", "s", "nosuch", "c"), check("P0", "Other", "redis", "s", "connection_refused", "c"),
	} {
		if text := formatted(t, f, it); strings.Contains(text, "→") {
			t.Errorf("a remedy:\n%s", text)
		}
	}
}

// Remedies yield: they never make a notice longer than one message, and never
// shorten a line.
func TestRemediesYield(t *testing.T) {
	t.Parallel()
	many := config.Remedies{"Database": {}}
	for i := range 40 {
		many["Database"][fmt.Sprintf("reason_%d", i)] = map[string]string{"en": strings.Repeat(fmt.Sprintf("do this %d ", i), 30)}
	}
	with, err := message.New(message.Options{Remedies: many})
	if err != nil {
		t.Fatal(err)
	}
	without, err := message.New(message.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var items []message.Item
	shown := 0
	for i := range 40 {
		items = append(items, check("P0", "Database", fmt.Sprint("t", i), fmt.Sprintf("Database: t%d failed %s", i, strings.Repeat("x", 200)), fmt.Sprintf("reason_%d", i), "c"))
		n := message.Notice{Kind: message.Alert, Items: items, Now: start}
		a, errA := with.Format(n)
		b, errB := without.Format(n)
		if errA != nil || errB != nil || len(a) != len(b) && !strings.Contains(a[0].Document.HTML(), "→") {
			t.Fatalf("%d alerts: %d messages with remedies, %d without (%v, %v)", len(items), len(a), len(b), errA, errB)
		}
		for k, m := range a {
			if n := m.Document.Length(); n > message.MaxLength {
				t.Errorf("%d characters", n)
			}
			bare := []string{}
			for line := range strings.Lines(m.Document.String()) {
				if strings.HasPrefix(line, "    → ") {
					shown++
				} else {
					bare = append(bare, line)
				}
			}
			if got := strings.Join(bare, ""); k < len(b) && got != b[k].Document.String() {
				t.Errorf("%d alerts, message %d differs:\n%s\nwant\n%s", len(items), k, got, b[k].Document.String())
			}
		}
	}
	if shown == 0 {
		t.Error("no message has a remedy")
	}
}
