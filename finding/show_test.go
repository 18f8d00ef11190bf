package finding_test

import (
	"strings"
	"testing"

	"github.com/alertnative/preflight/finding"
)

// Long values are cut, and control characters shown, wherever they stand.
func TestFindingsAreReadable(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("봇", 70_000)
	f := finding.Finding{
		Code: "AM001", Where: `routing, {team="` + long + `"}`, Part: long, Suggestion: `"` + long + `"`,
		Reason: "with team=\"" + long + "\" and \x1b[31m\u200b: send it elsewhere",
		Text:   strings.Repeat("a", 5_000) + "\x1bMARK" + strings.Repeat("b", 5_000), From: 5_001, To: 5_005,
	}
	text := f.String()
	if len(text) > 8_000 {
		t.Errorf("%d bytes:\n%.3000s", len(text), text)
	}
	for _, want := range []string{"… (70000 characters)\"}", `\x1b[31m\u200b: send it elsewhere`, "…aaaa", "bbbb…"} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in:\n%.3000s", want, text)
		}
	}
	lines := strings.Split(text, "\n")
	line, caret := []rune(lines[1]), strings.TrimRight(lines[2], "^")
	if at := len([]rune(caret)); string(line[at:at+4]) != "MARK" {
		t.Errorf("the caret marks %q", string(line[at:]))
	}
	if strings.ContainsAny(text, "\x1b\u200b") {
		t.Error("it has control characters")
	}
}

func TestShownTexts(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ name, got, want string }{
		{"a value", finding.Value("team"), "team"},
		{"lines of a value", finding.Value("a\nb\tc"), `a\nb\tc`},
		{"a long value", finding.Value(strings.Repeat("é", 121)), strings.Repeat("é", 120) + "… (121 characters)"},
		{"a quote", finding.Quote(`a "b"`), `"a \"b\""`},
		{"a long quote", finding.Quote(strings.Repeat(`"`, 200)), `"` + strings.Repeat(`\"`, 60) + `… (400 characters)"`},
		{"an emoji", finding.Text("⚠️ 🚨 조치"), "⚠️ 🚨 조치"},
		{"lines of a text", finding.Text("a:\n\tb\r"), "a:\n\tb\\r"},
		{"one line", finding.Line("a\nb"), `a\nb`},
		{"not UTF-8", finding.Value("a\xff"), "a\ufffd"},
		{"prose between quotes", finding.Text(`"a" ` + strings.Repeat("b ", 200) + `"c"`), `"a" ` + strings.Repeat("b ", 200) + `"c"`},
	} {
		if x.got != x.want {
			t.Errorf("%s: %q, want %q", x.name, x.got, x.want)
		}
	}
	spaces := finding.Finding{Reason: "r", Text: "\u00a0\u00a0{{ x }}", From: 7, To: 8}.String()
	if want := "r\n      {{ x }}\n         ^"; !strings.HasSuffix(spaces, want) {
		t.Errorf("special spaces are shown as %q, want %q", spaces, want)
	}
	if text := finding.Text(strings.Repeat("ab ", 4_000)); !strings.HasSuffix(text, "… (12000 characters)") {
		t.Errorf("a long text ends with %q", text[len(text)-40:])
	}
}
