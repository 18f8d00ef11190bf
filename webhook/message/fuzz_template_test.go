package message_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/message"
)

// costly finds templates that take long because they say so.
var costly = regexp.MustCompile(`[0-9]{3,}|(?s:range.*range.*range)|template|block|define`)

// FuzzTemplate uses any text as a user's template. It is refused at once, or
// each alert is written by it or by the shipped template.
func FuzzTemplate(f *testing.F) {
	files, err := filepath.Glob("templates/*.tmpl")
	if err != nil || len(files) == 0 {
		f.Fatal("no templates", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), "redis", "Redis PING failed")
	}
	f.Add(`<a href="{{.Source}}">{{.Title}}</a>`, `" onclick="`, "javascript:")
	f.Add(`{{range .Items}}{{.Labels.target}}{{index .Annotations "summary"}}{{end}}`, "<b>", strings.Repeat("🚨", 5000))
	f.Add(`{{if eq .Environment "sample"}}x{{end}}<script>{{.Title}}</script><!-- {{.Time}} -->`, "\x00", "\u202E")
	f.Add(`{{slice .Title 5}}{{printf "%50s" .Source}}{{code .Title}}{{number 1}}`, "", "`")
	f.Fuzz(func(t *testing.T, text, label, summary string) {
		if costly.MatchString(text) {
			return
		}
		dir := t.TempDir()
		for _, name := range []string{"alert.tmpl", "resolution.tmpl", "digest.tmpl"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		formatter, err := message.New(message.Options{Templates: dir})
		if err != nil {
			return
		}
		items := make([]message.Item, 30)
		for i := range items {
			items[i].StartsAt = start
			items[i].Labels = template.KV{"alertname": label, "target": label, "env": label, "check": label, "priority": "P0"}
			items[i].Annotations = template.KV{"summary": summary, "title": label, "actions": summary}
		}
		for _, kind := range []message.Kind{message.Alert, message.Reminder, message.Resolution, message.Digest} {
			messages, err := formatter.Format(message.Notice{Kind: kind, Items: items, Now: start.Add(time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			listed := 0
			for _, m := range messages {
				listed += len(m.Items)
				mustBeTaken(t, m)
			}
			if listed != len(items) {
				t.Fatalf("%d of %d alerts are in messages", listed, len(items))
			}
		}
	})
}

// FuzzSplit writes groups of alerts of all sizes: a byte for each.
func FuzzSplit(f *testing.F) {
	f.Add([]byte{0, 1, 255, 128}, "x", uint8(0))
	f.Add([]byte(strings.Repeat("\xff", 40)), "🚨<", uint8(3))
	f.Add([]byte(strings.Repeat("\x00\x10\x80", 13)), "&", uint8(1))
	formatter, err := message.New(message.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, sizes []byte, text string, resolved uint8) {
		if text == "" || len(text) > 1000 {
			return
		}
		everyKind(t, formatter, min(len(sizes), 40), func(i int, it *message.Item) {
			it.Resolved = resolved > 0 && i%int(resolved) == 0
			it.Labels = template.KV{"alertname": "A", "instance": string(rune('a' + i%26)), "priority": []string{"P0", "P1", "P2", ""}[i%4]}
			it.Annotations = template.KV{"summary": strings.Repeat(text, 1+int(sizes[i])*4/len(text))}
		})
	})
}
