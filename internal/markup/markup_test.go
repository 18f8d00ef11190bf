package markup_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/alertnative/preflight/internal/markup"
)

// The texts are Telegram's own, but for attributes that it ignores.
func TestMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"<div>x</div>":           `Unsupported start tag "div" at byte offset 0`,
		"ab<br/>":                `Unsupported start tag "br/" at byte offset 2`,
		"1 < 2 > 1":              `Unsupported start tag "" at byte offset 2`,
		"a <b":                   "Unclosed start tag at byte offset 2",
		"<b>x":                   `Can't find end tag corresponding to start tag "b"`,
		"<b><i>x</b></i>":        `Unmatched end tag at byte offset 7, expected "</i>", found "</b>"`,
		"x</b>":                  "Unexpected end tag at byte offset 1",
		"<b>x</b":                "Unclosed end tag at byte offset 4",
		`<b class="x">x</b>`:     `Unsupported attribute "class" of tag "b" at byte offset 0`,
		`<a href="x>y</a>`:       `Unclosed start tag "a" at byte offset 0`,
		`<a href`:                `Unclosed start tag "a" at byte offset 0`,
		`<a href=`:               `Unclosed start tag "a" at byte offset 0`,
		`<a ="x">y</a>`:          `Empty attribute name in the tag "a" at byte offset 0`,
		`<a href=x/>y</a>`:       "Unexpected end of name token at byte offset 8",
		"<tg-emoji>👍</tg-emoji>": "Invalid custom emoji identifier specified",
		"<span>x</span>":         `Tag "span" must have class "tg-spoiler" at byte offset 0`,
		"한<script>x</script>":    `Unsupported start tag "script" at byte offset 3`,
	} {
		_, err := markup.Parse(text)
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v, not %s", text, err, want)
		}
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]markup.Text{
		"":                                      {},
		"<b>a</b> &lt;&amp;&#34;&#x1F6A8; &":    {Shown: "a <&\"🚨 &", Entities: 1},
		`<A HREF='https://x.y/?a&amp;b' >c</a>`: {Shown: "c", Entities: 1},
		`<tg-emoji emoji-id="5368324170671202286">👍</tg-emoji><tg-emoji></tg-emoji>`: {Shown: "👍", Entities: 2},
		`<span class=tg-spoiler>c</>`:           {Shown: "c", Entities: 1},
		"<blockquote expandable>c</blockquote>": {Shown: "c", Entities: 1},
		"&nbsp;&#0;&#1114112;":                  {Shown: "&nbsp;&#0;&#1114112;"},
		strings.Repeat("<i></i>", 101):          {Entities: 100},
	} {
		if got, err := markup.Parse(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

// Check finds also what Telegram shows in another way than it is meant.
func TestCheck(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`<b>x`:                                `Can't find end tag`,
		`ab &nbsp; c`:                         `Unknown character reference "&nbsp;"`,
		`&#1114112;`:                          `Unknown character reference`,
		`<a href="javascript:x">x</a>`:        "must begin with https://",
		`<a href="">x</a>`:                    "must begin with https://",
		`<a href="#ZgotmplZ">x</a>`:           "must begin with https://",
		`<a href="http://grafana:3000">x</a>`: "no link to a host without a dot",
		`<a href="http://%zz">x</a>`:          "it is no address",
	} {
		_, err := markup.Check(text)
		var mistake *markup.Error
		if !errors.As(err, &mistake) || !strings.Contains(mistake.Reason, want) {
			t.Errorf("%q: %v, not %s", text, err, want)
		}
	}
	for _, text := range []string{
		`<a href="https://a.b/?x=1&amp;y=2">x</a> &lt; & &#34;`, `<a href="http://10.0.0.1:9090">x</a>`, `<a href="http://[::1]/">x</a>`,
		`<a href="tg://user?id=7">x</a>`, `<a href="mailto:a@b.c">x</a>`, "a &b c", "",
	} {
		if _, err := markup.Check(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`<a href="https://x.y">a</a> &lt;<b`)
	f.Add("<span class='tg-spoiler'>&#x41;</></")
	f.Fuzz(func(t *testing.T, s string) {
		text, err := markup.Parse(s)
		var mistake *markup.Error
		switch {
		case err != nil && (!errors.As(err, &mistake) || mistake.Offset < 0 || mistake.Offset > len(s)):
			t.Fatalf("%#v", err)
		case err == nil && !strings.ContainsAny(s, "<&") && text.Shown != s:
			t.Fatalf("%q is shown as %q", s, text.Shown)
		}
	})
}
