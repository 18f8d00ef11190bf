package pages_test

import (
	"strings"
	"testing"

	"github.com/alertnative/preflight/internal/testing/pages"
)

func TestDiffers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ shown, output, want string }{
		{"a\nb\n", "a\nb\n", ""},
		{"", "", ""},
		{"", "a\n", `lacks "a"`},
		{"a\n", "", `lacks "a"`},
		{"a\n", "b\n", `has "b"`},
		{"a\n…\nd\n", "a\nb\nc\nd\n", ""},
		{"a\n…\nd\n", "a\nb\nc\n", `lacks "d"`},
		{"…\nb\n", "a\nb\nc\n", `page lacks "c"`},
		{"…\nb\n…\n", "a\nb\nc\n", ""},
		{"at 127.0.0.1:25437 in 3.2ms\n", "at 127.0.0.1:9 in 1m02s\n", ""},
		{"2026-11-24 04:10:39 UTC\n", "2027-01-01 00:00:00 UTC\n", ""},
		{"1 finding\n", "2 findings\n", `has "2 findings"`},
	} {
		if got := pages.Differs(c.shown, c.output); got != c.want && (c.want == "" || !strings.Contains(got, c.want)) {
			t.Errorf("%q, %q: %q, want %q", c.shown, c.output, got, c.want)
		}
	}
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	blocks := pages.Blocks("# Page\n\nSave this\nas `x`:\n\n```yaml\na: 1\n```\n\nText.\n\n```console\n$ one\nout\n$ two\n```\n")
	if len(blocks) != 2 || blocks[0].Before != "Save this as `x`:" || blocks[0].Text != "a: 1\n" || blocks[1].Before != "" {
		t.Fatalf("%+v", blocks)
	}
	commands, err := blocks[1].Commands()
	if err != nil || len(commands) != 2 || commands[0] != (pages.Command{Line: 13, Text: "one", Output: "out\n"}) || commands[1].Line != 15 {
		t.Errorf("%+v, %v", commands, err)
	}
	if _, err := (pages.Block{Text: "no command\n"}).Commands(); err == nil {
		t.Error("output without a command was accepted")
	}
}
