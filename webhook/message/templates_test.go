package message_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/message"
)

// folder returns a folder with one template.
func folder(t *testing.T, name, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// What Telegram refuses is refused before the first alert, with its line and column.
func TestTemplatesThatTelegramWouldRefuse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"alert.tmpl", "<b>{{.Title}}</b>\n<div>x</div>", `alert.tmpl:2:1: Telegram would refuse the text: Unsupported start tag "div": use one of a, b,`},
		{"alert.tmpl", "{{.Title}}\n\n  {{range .Lists}}<ul>{{.Heading}}</ul>{{end}}", `alert.tmpl:3:19: Telegram would refuse the text: Unsupported start tag "ul"`},
		{"alert.tmpl", "<b>{{.Title}}</b><b>\n{{.Time}}", `alert.tmpl:1:18: Telegram would refuse the text: Can't find end tag corresponding to start tag "b"`},
		{"alert.tmpl", "한 <b><i>{{.Title}}</b></i>", `alert.tmpl:1:21: Telegram would refuse the text: Unmatched end tag`},
		{"resolution.tmpl", "{{.Title}}</b>", `resolution.tmpl:1:11: Telegram would refuse the text: Unexpected end tag`},
		{"digest.tmpl", "{{.Title}} {{/* <i> */}}<p>{{\"}}<b>\"}}", `digest.tmpl:1:25: Telegram would refuse the text: Unsupported start tag "p"`},
		{"alert.tmpl", "{{.Title}}&nbsp;x", `alert.tmpl:1:11: Telegram would refuse the text: Unknown character reference "&nbsp;"`},
		{"alert.tmpl", `<b class="x">{{.Title}}</b>`, `alert.tmpl:1:1: Telegram would refuse the text: Unsupported attribute "class" of tag "b"`},
		{"alert.tmpl", `{{.Title}} <a href="javascript:alert(1)">x</a>`, `alert.tmpl:1:12: Telegram would refuse the text: Link to "javascript:alert(1)"`},
		{"alert.tmpl", `{{.Title}} <a href="http://grafana:3000/">x</a>`, `no link to a host without a dot`},
		{"alert.tmpl", `{{.Title}} <a href="{{.Title}}">x</a>`, `alert.tmpl:1:12: Telegram would refuse the text: Link to`},
		{"alert.tmpl", `{{.Title}} {{range .Links}}<a href="{{.URL}}">{{.Text}}</a>{{end}}`, `alert.tmpl:1:28: Telegram would refuse the text: Link to "http://wiki:8080/runbook"`},
		{"alert.tmpl", `{{.Title}} <tg-emoji>👍</tg-emoji>`, `alert.tmpl:1:12: Telegram would refuse the text: Invalid custom emoji identifier`},
		{"alert.tmpl", `{{.Title}}{{if eq .Kind "flapping"}}<hr>{{end}}`, `Unsupported start tag "hr"`},
		// Only some alerts show the mistake.
		{"alert.tmpl", `{{.Title}}{{with .Labels}}<hr>{{end}}`, `Unsupported start tag "hr"`},
		{"alert.tmpl", `{{.Title}}{{if not .Environment}}<hr>{{end}}`, `Unsupported start tag "hr"`},
		{"alert.tmpl", `{{.Title}}{{with .Notes}}<hr>{{end}}`, `Unsupported start tag "hr"`},
		{"alert.tmpl", `{{.Title}}{{if eq .Kind "reminder"}}<hr>{{end}}`, `Unsupported start tag "hr"`},
		{"alert.tmpl", `{{.Title}}{{range .Items}}{{if .Resolved}}<hr>{{end}}{{end}}`, `Unsupported start tag "hr"`},
		{"alert.tmpl", `{{.Title}}{{range .Items}}{{if .Stale}}<hr>{{end}}{{end}}`, `Unsupported start tag "hr"`},
		{"alert.tmpl", `{{.Title}}{{if gt (len .Items) 5}}<hr>{{end}}`, `Unsupported start tag "hr"`},
		{"resolution.tmpl", `{{.Title}}{{if eq (len .Lists) 2}}<hr>{{end}}`, `Unsupported start tag "hr"`},
		// Other mistakes.
		{"alert.tmpl", "{{.Title}}\n{{.Titel}}", `alert.tmpl:2:2: executing`},
		{"alert.tmpl", "{{.Title}}\n{{", `alert.tmpl:2: unclosed action`},
		{"alert.tmpl", "{{.Title}}\n{{nosuch}}", `alert.tmpl:2: function "nosuch" not defined`},
		{"alert.tmpl", `{{.Title}}<b {{.Title}}>`, `alert.tmpl`},
		{"alert.tmpl", `{{range .Items}}{{index .Annotations "summary"}}{{index .Labels "nosuch"}}{{end}}`, `writes no text`},
		{"alert.tmpl", `{{.Title}}{{range .Items}}{{.Fingerprint.X}}{{end}}`, `alert.tmpl:1:`},
		{"alert.tmpl", " \n", "alert.tmpl: is empty: write the text, or remove the file"},
		{"alert.tmpl", "{{.Title}} \xe9", "alert.tmpl: is not encoded in UTF-8"},
		{"alerts.tmpl", `{{.Title}}`, `alerts.tmpl: there is no template of this name: choose one of alert.tmpl, resolution.tmpl, digest.tmpl`},
	} {
		_, err := message.New(message.Options{Templates: folder(t, c.name, c.text)})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "templates: ") {
			t.Errorf("%s:\n%v\nis not\n%s", c.text, err, c.want)
		}
	}
	for _, text := range []string{
		"<u>{{.Title}}</u> <a href=\"https://example.com/?a=1&amp;b={{.Title}}\">x</a> &lt;div&gt; <tg-spoiler>x</tg-spoiler><pre>y</pre>",
		"{{.Title}}{{range .Items}}{{index .Annotations \"summary\"}}{{end}}", // too much for many alerts: the shipped one writes these
		"{{.Title}}{{range .Items}}{{with .GeneratorURL}} <a href=\"{{.}}\">graph</a>{{end}} <a href=\"{{.Annotations.runbook_url}}\">runbook</a>{{end}}",
		"\ufeff{{.Title}}{{range .Links}}\n{{.Text}}: {{.URL}}{{end}}",
		"{{.Title}}<!-- <div> --> a < b",
		"{{.Title}}\n{{range .Lists}}<blockquote expandable>{{range .Lines}}{{.}}\n{{end}}</blockquote>{{end}}{{range .Actions}}{{code .}}{{end}}",
	} {
		if _, err := message.New(message.Options{Templates: folder(t, "alert.tmpl", text)}); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// An address that Telegram does not link is no reason to give up the user's template.
func TestTemplatesWithLinks(t *testing.T) {
	t.Parallel()
	f, err := message.New(message.Options{
		Templates: folder(t, "alert.tmpl", `own {{.Title}}{{range .Items}}{{with .Annotations.runbook_url}} <a href="{{.}}">runbook</a>{{end}}{{end}}`),
		Failed:    func(err error) { t.Error(err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"https://wiki.example.com/a?b&c": `own 🔔 Down <a href="https://wiki.example.com/a?b&amp;c">runbook</a>`,
		"http://wiki:8080/":              `own 🔔 Down <a href="http://wiki:8080/">runbook</a>`,
		"javascript:x":                   `own 🔔 Down <a href="#ZgotmplZ">runbook</a>`,
		"":                               "own 🔔 Down",
	} {
		it := other(template.KV{"alertname": "Down"}, template.KV{"runbook_url": address})
		messages, err := f.Format(message.Notice{Kind: message.Alert, Items: []message.Item{it}, Now: start})
		if err != nil || messages[0].Document.HTML() != want {
			t.Errorf("%q: %v, %v", address, messages, err)
		}
	}
}
