package transport_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/webhook/transport"
)

func TestDocumentsKeepTheirMarkup(t *testing.T) {
	t.Parallel()
	for html, want := range map[string]struct {
		again  string // empty for the same
		text   string
		plain  string // empty for the text
		length int
	}{
		"":                              {},
		"abc":                           {text: "abc", length: 3},
		"<b>abc</b>":                    {text: "abc", length: 3},
		"&lt;&amp;&#34;&#x1F6A8;":       {again: "&lt;&amp;&#34;🚨", text: `<&"🚨`, length: 5},
		"한글":                            {text: "한글", length: 2},
		`<a href="x">y</a>`:             {text: "y", length: 1},
		"<b>a</b>\n\n  - b\n    → c\nd": {text: "a\n\n  - b\n    → c\nd", length: 18},
		"run <code>rm &lt;x&gt;</code>": {text: "run rm <x>", plain: "run `rm <x>`", length: 10},
		"<strong>a<em>b</em></strong>c": {again: "<b>a<i>b</i></b>c", text: "abc", length: 3},
		"<b>a\nb</b>":                   {again: "<b>a</b>\n<b>b</b>", text: "a\nb", length: 3},
		"<pre>a\n\n  b</pre>\nc":        {text: "a\n\n  b\nc", length: 8},
		"<blockquote expandable>a\nb</blockquote>":              {text: "a\nb", length: 3},
		`<pre><code class="language-go">a` + "\nb</code></pre>": {text: "a\nb", plain: "`a`\n`b`", length: 3},
		`<span class="tg-spoiler">a</span>`:                     {again: "<tg-spoiler>a</tg-spoiler>", text: "a", length: 1},
		`<tg-emoji emoji-id="5">🚨</tg-emoji> <s>x</s> <u>y</u>`: {text: "🚨 x y", length: 6},
		"<b></b>x": {again: "x", text: "x", length: 1},
	} {
		d, err := transport.ParseHTML(html)
		if err != nil {
			t.Errorf("%q: %v", html, err)
			continue
		}
		if want.again == "" {
			want.again = html
		}
		if want.plain == "" {
			want.plain = want.text
		}
		if got := d.HTML(); got != want.again {
			t.Errorf("%q is written as %q", html, got)
		}
		if again, err := transport.ParseHTML(d.HTML()); err != nil || again.HTML() != d.HTML() {
			t.Errorf("%q is not read as it was written: %q, %v", html, again.HTML(), err)
		}
		if d.String() != want.text || d.Plain() != want.plain || d.Length() != want.length {
			t.Errorf("%q shows %q, plain %q, length %d", html, d.String(), d.Plain(), d.Length())
		}
	}
	if _, err := transport.ParseHTML("<b>open"); err == nil {
		t.Error("a tag without an end is read")
	}
}

func TestLinesHaveTheirIndent(t *testing.T) {
	t.Parallel()
	d, err := transport.ParseHTML("<b>🚨 title</b>\n  - <i>a</i> b\n    c")
	if err != nil {
		t.Fatal(err)
	}
	want := []transport.Line{
		{Spans: []transport.Span{{Text: "🚨 title", Marks: []transport.Mark{{Kind: transport.Bold}}}}},
		{Indent: 2, Item: true, Spans: []transport.Span{{Text: "a", Marks: []transport.Mark{{Kind: transport.Italic}}}, {Text: " b"}}},
		{Indent: 4, Spans: []transport.Span{{Text: "c"}}},
	}
	if diff := cmp.Diff(want, d.Lines); diff != "" {
		t.Error(diff)
	}
	if d.Title() != "🚨 title" {
		t.Errorf("the title is %q", d.Title())
	}
	d.Buttons = []transport.Button{{Text: "Runbook", URL: "https://wiki.example.com"}}
	if want := "🚨 title\n  - a b\n    c\nRunbook: https://wiki.example.com"; d.Plain() != want {
		t.Errorf("plain: %q", d.Plain())
	}
	if got := transport.Text("a\n\n  - b"); got.String() != "a\n\n  - b" || !got.Lines[2].Item {
		t.Errorf("text: %+v", got)
	}
}

func FuzzHTML(f *testing.F) {
	f.Add("<b>a</b>\n  - <code>b</code>")
	f.Add("<pre>a\n\n</pre>b")
	f.Add("<blockquote>a<b>\n</b></blockquote><a href='x&quot;'>c</a>")
	f.Fuzz(func(t *testing.T, html string) {
		d, err := transport.ParseHTML(html)
		if err != nil {
			return
		}
		again, err := transport.ParseHTML(d.HTML())
		if err != nil || again.String() != d.String() || again.HTML() != d.HTML() {
			t.Fatalf("%q is written as %q, read as %q: %v", html, d.HTML(), again.HTML(), err)
		}
	})
}
