package transport

import (
	"slices"
	"strings"

	"github.com/alertnative/preflight/internal/markup"
)

// aliases are the tags that mean the same as another one.
var aliases = map[string]MarkKind{"strong": Bold, "em": Italic, "ins": Underline, "strike": Strike, "del": Strike, "span": Spoiler}

// ParseHTML reads a text with the tags of templates, which are those of Telegram.
// The error is a [*markup.Error].
func ParseHTML(text string) (Document, error) {
	runs, err := markup.Runs(text)
	if err != nil {
		return Document{}, err
	}
	d := Document{Lines: []Line{{}}}
	for _, r := range runs {
		marks := marksOf(r.Tags)
		for i, part := range strings.Split(r.Text, "\n") {
			if i > 0 {
				d.Lines = append(d.Lines, Line{})
			}
			if part != "" || inBlock(marks) { // an empty line does not end a block
				last := &d.Lines[len(d.Lines)-1]
				last.Spans = append(last.Spans, Span{part, marks})
			}
		}
	}
	for i := range d.Lines {
		d.Lines[i] = d.Lines[i].indented()
	}
	return d, nil
}

func marksOf(tags []markup.Tag) (marks []Mark) {
	for _, t := range tags {
		kind, known := aliases[t.Name]
		if !known {
			kind = MarkKind(t.Name)
		}
		if kind == Spoiler {
			t.Value = ""
		}
		marks = append(marks, Mark{kind, t.Value})
	}
	return marks
}

// attributes are the attributes of the tags that have one.
var attributes = map[MarkKind]string{Link: "href", Code: "class", Emoji: "emoji-id"}

// escaper escapes a text as html/template does.
var escaper = strings.NewReplacer(`&`, "&amp;", `<`, "&lt;", `>`, "&gt;", `"`, "&#34;", `'`, "&#39;", `+`, "&#43;")

// HTML returns the text with the tags that [ParseHTML] reads.
func (d Document) HTML() string {
	var out strings.Builder
	var open []Mark
	for i, l := range d.Lines {
		if i > 0 {
			open = reopen(&out, open, blocks(open, l.marks()))
			out.WriteByte('\n')
		}
		if prefix := l.prefix(); prefix != "" {
			open = reopen(&out, open, nil)
			out.WriteString(prefix)
		}
		for _, s := range l.Spans {
			if s.Text == "" {
				continue
			}
			open = reopen(&out, open, s.Marks)
			out.WriteString(escaper.Replace(s.Text))
		}
	}
	reopen(&out, open, nil)
	return out.String()
}

// marks returns the marks at the beginning of the line.
func (l Line) marks() []Mark {
	if len(l.Spans) == 0 {
		return nil
	}
	return l.Spans[0].Marks
}

func inBlock(marks []Mark) bool {
	return slices.ContainsFunc(marks, func(m Mark) bool { return m.Kind == Preformatted || m.Kind == Quote })
}

// blocks returns the open marks that continue in the next line: a block of several
// lines is one block.
func blocks(open, next []Mark) []Mark {
	n := 0
	for i := range min(len(open), len(next)) {
		if open[i] != next[i] {
			break
		}
		if kind := open[i].Kind; kind == Preformatted || kind == Quote {
			n = i + 1
			if kind == Preformatted && i+1 < len(open) && i+1 < len(next) && open[i+1] == next[i+1] { // <pre><code>
				n++
			}
		}
	}
	return open[:n]
}

// reopen closes the open marks that are not wanted, opens the others, and returns
// those that are open.
func reopen(out *strings.Builder, open, want []Mark) []Mark {
	same := 0
	for same < len(open) && same < len(want) && open[same] == want[same] {
		same++
	}
	for i := len(open) - 1; i >= same; i-- {
		out.WriteString("</" + string(open[i].Kind) + ">")
	}
	for _, m := range want[same:] {
		out.WriteString("<" + string(m.Kind))
		switch name := attributes[m.Kind]; {
		case m.Value == "":
		case name != "":
			out.WriteString(" " + name + `="` + escaper.Replace(m.Value) + `"`)
		default:
			out.WriteString(" " + escaper.Replace(m.Value))
		}
		out.WriteByte('>')
	}
	return want
}
