// Package markup parses the texts of messages with parse_mode HTML as Telegram's
// Bot API does. The webhook checks templates with it, and the fake Bot API of the
// tests refuses by it.
package markup

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxEntities is the number of formatted parts that a message keeps.
const maxEntities = 100

// Tags are the tags that Telegram takes.
var Tags = []string{
	"a", "b", "blockquote", "code", "del", "em", "i", "ins", "pre", "s", "span", "strike", "strong", "tg-emoji", "tg-spoiler", "u",
}

// attributes are the only attributes that have an effect.
var attributes = map[string]string{"a": "href", "span": "class", "tg-emoji": "emoji-id", "code": "class", "blockquote": "expandable"}

// Text is a parsed text.
type Text struct {
	Shown    string // without formatting
	Entities int    // the number of formatted parts, at most 100
}

// Error is a mistake in a text.
type Error struct {
	Offset int    // in bytes, of the tag or character reference at fault
	Reason string // in Telegram's words, without the offset
	detail string // follows the offset in Telegram's text
	// Link means that the address of a link is at fault. Telegram shows the text of
	// the link without the link.
	Link bool
	// unplaced means that Telegram's text has no offset.
	unplaced bool
}

// Error returns Telegram's description of the mistake.
func (e *Error) Error() string {
	if e.unplaced {
		return e.Reason + e.detail
	}
	return fmt.Sprintf("%s at byte offset %d%s", e.Reason, e.Offset, e.detail)
}

// Run is a part of a text within the same tags.
type Run struct {
	Text string
	Tags []Tag // the outermost first
}

// Tag is a tag with its attribute.
type Tag struct {
	Name  string // one of [Tags]
	Value string // the address, class or identifier; the name of an attribute without a value
}

// Runs parses a text and returns its parts. Line ends and spaces are those of the
// text. The error is that of [Parse].
func Runs(s string) ([]Run, error) {
	p := parser{s: s}
	if err := p.parse(); err != nil {
		return nil, err
	}
	p.flush()
	return p.runs, nil
}

// Parse parses a text. The error is an [*Error] about the first tag that Telegram
// refuses, or an attribute that it does not know.
func Parse(s string) (Text, error) {
	p := parser{s: s}
	if err := p.parse(); err != nil {
		return Text{}, err
	}
	return Text{Shown: p.out.String(), Entities: min(p.entities, maxEntities)}, nil
}

// parser reads a text from its beginning.
type parser struct {
	s        string
	i        int // the next byte
	out      strings.Builder
	open     []tag
	entities int
	links    []link
	runs     []Run
	done     int // the length of the text in the runs
}

// tag is a start tag.
type tag struct {
	name  string
	value string // of its attribute
	at    int
	begin int // of its content, in the text that is shown
}

// flush ends a run.
func (p *parser) flush() {
	text := p.out.String()[p.done:]
	if text == "" {
		return
	}
	r := Run{Text: text}
	for _, t := range p.open {
		r.Tags = append(r.Tags, Tag{t.name, t.value})
	}
	p.runs, p.done = append(p.runs, r), p.out.Len()
}

// link is the address of a tag a.
type link struct {
	address string
	at      int
}

func (p *parser) parse() error {
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == '&':
			text, n := decode(p.s[p.i:])
			p.out.WriteString(text)
			p.i += n
		case c != '<':
			p.out.WriteByte(c)
			p.i++
		case strings.HasPrefix(p.s[p.i:], "</"):
			if err := p.endTag(); err != nil {
				return err
			}
		default:
			if err := p.startTag(); err != nil {
				return err
			}
		}
	}
	if n := len(p.open); n > 0 {
		t := p.open[n-1]
		return &Error{Offset: t.at, Reason: fmt.Sprintf("Can't find end tag corresponding to start tag %q", t.name), unplaced: true}
	}
	return nil
}

func (p *parser) endTag() error {
	at := p.i
	if len(p.open) == 0 {
		return &Error{Offset: at, Reason: "Unexpected end tag"}
	}
	p.i += len("</")
	name := p.until(" \t\r\n>")
	p.spaces()
	if p.peek() != '>' {
		return &Error{Offset: at, Reason: "Unclosed end tag"}
	}
	p.i++
	last := p.open[len(p.open)-1]
	if name != "" && !strings.EqualFold(name, last.name) {
		return &Error{Offset: at, Reason: "Unmatched end tag", detail: fmt.Sprintf(", expected \"</%s>\", found \"</%s>\"", last.name, name)}
	}
	if id, err := strconv.ParseInt(last.value, 10, 64); last.name == "tg-emoji" && p.out.Len() > last.begin && (err != nil || id == 0) {
		return &Error{Offset: last.at, Reason: "Invalid custom emoji identifier specified", unplaced: true}
	}
	p.flush()
	p.open = p.open[:len(p.open)-1]
	p.entities++
	return nil
}

func (p *parser) startTag() error {
	at := p.i
	p.i++
	name := strings.ToLower(p.until(" \t\r\n>"))
	if p.i == len(p.s) {
		return &Error{Offset: at, Reason: "Unclosed start tag"}
	}
	if !slices.Contains(Tags, name) {
		return &Error{Offset: at, Reason: fmt.Sprintf("Unsupported start tag %q", name)}
	}
	attribute := ""
	for p.spaces(); p.peek() != '>'; p.spaces() {
		key, value, err := p.attribute(tag{name: name, at: at})
		switch {
		case err != nil:
			return err
		case attributes[name] != key:
			return &Error{Offset: at, Reason: fmt.Sprintf("Unsupported attribute %q of tag %q", key, name)}
		case name == "a":
			p.links = append(p.links, link{value, at})
		}
		attribute = value
		if name == "blockquote" {
			attribute = key
		}
	}
	p.i++
	if name == "span" && attribute != "tg-spoiler" {
		return &Error{Offset: at, Reason: `Tag "span" must have class "tg-spoiler"`}
	}
	p.flush()
	p.open = append(p.open, tag{name: name, value: attribute, at: at, begin: p.out.Len()})
	return nil
}

// attribute reads an attribute of a start tag.
func (p *parser) attribute(t tag) (key, value string, err error) {
	if key = strings.ToLower(p.until(" \t\r\n=>/\"'")); key == "" {
		return "", "", &Error{Offset: t.at, Reason: fmt.Sprintf("Empty attribute name in the tag %q", t.name)}
	}
	unclosed := &Error{Offset: t.at, Reason: fmt.Sprintf("Unclosed start tag %q", t.name)}
	p.spaces()
	switch p.peek() {
	case 0:
		return "", "", unclosed
	case '=':
	default: // without a value
		return key, "", nil
	}
	p.i++
	p.spaces()
	switch quote := p.peek(); quote {
	case 0:
		return "", "", unclosed
	case '"', '\'':
		p.i++
		begin := p.i
		p.until(string(quote))
		if p.i == len(p.s) {
			return "", "", unclosed
		}
		value = decodeAll(p.s[begin:p.i])
		p.i++
	default:
		begin := p.i
		for isToken(p.peek()) {
			p.i++
		}
		value = strings.ToLower(p.s[begin:p.i])
		if c := p.peek(); !strings.ContainsRune(" \t\r\n>", rune(c)) {
			return "", "", &Error{Offset: begin, Reason: "Unexpected end of name token"}
		}
	}
	return key, value, nil
}

// peek returns the next byte, or 0 at the end.
func (p *parser) peek() byte {
	if p.i == len(p.s) {
		return 0
	}
	return p.s[p.i]
}

// until reads up to one of the bytes, or to the end.
func (p *parser) until(any string) string {
	begin := p.i
	if n := strings.IndexAny(p.s[p.i:], any); n >= 0 {
		p.i += n
	} else {
		p.i = len(p.s)
	}
	return p.s[begin:p.i]
}

func (p *parser) spaces() {
	for p.i < len(p.s) && strings.IndexByte(" \t\r\n", p.s[p.i]) >= 0 {
		p.i++
	}
}

func isToken(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-'
}

var reference = regexp.MustCompile(`^&(#[0-9]{1,7}|#x[0-9a-fA-F]{1,6}|lt|gt|amp|quot);`)

// decode decodes a character reference. Other text is unchanged.
func decode(s string) (text string, n int) {
	m := reference.FindStringSubmatch(s)
	if m == nil {
		return "&", 1
	}
	switch name := m[1]; name {
	case "lt":
		text = "<"
	case "gt":
		text = ">"
	case "amp":
		text = "&"
	case "quot":
		text = `"`
	default:
		digits, base := name[1:], 10
		if strings.HasPrefix(digits, "x") {
			digits, base = digits[1:], 16
		}
		code, err := strconv.ParseInt(digits, base, 32)
		if err != nil || code == 0 || code > 0x10FFFF {
			return "&", 1
		}
		text = string(rune(code))
	}
	return text, len(m[0])
}

func decodeAll(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '&' {
			out.WriteByte(s[i])
			i++
			continue
		}
		text, n := decode(s[i:])
		out.WriteString(text)
		i += n
	}
	return out.String()
}
