package transport

import (
	"slices"
	"strings"
	"unicode/utf16"
)

// Document is a text with links and buttons, without the markup of a service.
type Document struct {
	// Lines are the lines of the text. The first one is the title.
	Lines   []Line
	Buttons []Button
	// Severity is the level of the most severe alert that fires; "" if none does.
	Severity string
	Urgent   bool // that level is urgent
}

// Line is a line of a text.
type Line struct {
	Indent int  // in columns
	Item   bool // of a list
	Spans  []Span
}

// Span is a part of a line within the same marks.
type Span struct {
	Text  string
	Marks []Mark // the outermost first
}

// Mark formats a text.
type Mark struct {
	Kind MarkKind
	// Value is the address of a [Link], the language of [Code], the identifier of
	// an [Emoji], or "expandable" of a [Quote].
	Value string
}

// MarkKind is a kind of formatting. A service leaves out those that it lacks.
type MarkKind string

// The kinds of formatting.
const (
	Bold         MarkKind = "b"
	Italic       MarkKind = "i"
	Underline    MarkKind = "u"
	Strike       MarkKind = "s"
	Spoiler      MarkKind = "tg-spoiler"
	Code         MarkKind = "code"
	Preformatted MarkKind = "pre"
	Quote        MarkKind = "blockquote"
	Link         MarkKind = "a"
	Emoji        MarkKind = "tg-emoji"
)

// Button opens an address.
type Button struct {
	Text string `json:"text"`
	URL  string `json:"url"`
	Row  int    `json:"row,omitempty"` // buttons with the same number stand in one row
}

// Text returns a document of a text without formatting.
func Text(text string) Document {
	var d Document
	for line := range strings.SplitSeq(text, "\n") {
		l := Line{}
		if line != "" {
			l.Spans = []Span{{Text: line}}
		}
		d.Lines = append(d.Lines, l.indented())
	}
	return d
}

// indented moves the spaces and the bullet at the beginning of the text of a line
// to its fields.
func (l Line) indented() Line {
	if len(l.Spans) == 0 || len(l.Spans[0].Marks) > 0 {
		return l
	}
	text := strings.TrimLeft(l.Spans[0].Text, " ")
	l.Indent = len(l.Spans[0].Text) - len(text)
	text, l.Item = strings.CutPrefix(text, "- ")
	if l.Spans[0].Text = text; text == "" {
		l.Spans = l.Spans[1:]
	}
	return l
}

// prefix returns the beginning of the line as text.
func (l Line) prefix() string {
	s := strings.Repeat(" ", l.Indent)
	if l.Item {
		s += "- "
	}
	return s
}

// String returns the line without formatting.
func (l Line) String() string {
	var out strings.Builder
	out.WriteString(l.prefix())
	for _, s := range l.Spans {
		out.WriteString(s.Text)
	}
	return out.String()
}

// Title returns the first line without formatting.
func (d Document) Title() string {
	if len(d.Lines) == 0 {
		return ""
	}
	return d.Lines[0].String()
}

// String returns the text without formatting, as a person sees it.
func (d Document) String() string {
	lines := make([]string, len(d.Lines))
	for i, l := range d.Lines {
		lines[i] = l.String()
	}
	return strings.Join(lines, "\n")
}

// Length returns the length of the text in UTF-16 code units.
func (d Document) Length() int {
	n := max(0, len(d.Lines)-1)
	for _, l := range d.Lines {
		n += len(l.prefix())
		for _, s := range l.Spans {
			n += units16(s.Text)
		}
	}
	return n
}

func units16(s string) (n int) {
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// Plain returns the whole content as text: code is put in backquotes, and the
// addresses of the buttons stand below.
func (d Document) Plain() string {
	var out strings.Builder
	for i, l := range d.Lines {
		if i > 0 {
			out.WriteByte('\n')
		}
		out.WriteString(l.prefix())
		for _, s := range l.Spans {
			if s.has(Code) {
				out.WriteString("`" + s.Text + "`")
			} else {
				out.WriteString(s.Text)
			}
		}
	}
	for _, b := range d.Buttons {
		out.WriteString("\n" + b.Text + ": " + b.URL)
	}
	return out.String()
}

// has reports whether a mark of a kind formats the span.
func (s Span) has(kind MarkKind) bool {
	_, ok := s.Mark(kind)
	return ok
}

// Mark returns the value of the innermost mark of a kind.
func (s Span) Mark(kind MarkKind) (value string, ok bool) {
	for i := len(s.Marks) - 1; i >= 0; i-- {
		if s.Marks[i].Kind == kind {
			return s.Marks[i].Value, true
		}
	}
	return "", false
}

// WithoutButtons returns the document with the addresses of its buttons as lines.
func (d Document) WithoutButtons() Document {
	lines := slices.Clone(d.Lines)
	for _, b := range d.Buttons {
		lines = append(lines, Line{Spans: []Span{{Text: b.Text + ": " + b.URL}}})
	}
	d.Lines, d.Buttons = lines, nil
	return d
}
