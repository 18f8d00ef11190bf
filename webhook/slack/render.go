package slack

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/slack-go/slack"

	"github.com/alertnative/preflight/webhook/transport"
)

const (
	// maxText is the length of the longest text that an update takes.
	maxText = 4000
	// maxSection is the length of the text of a section, and maxHeader of a header.
	maxSection = 3000
	maxHeader  = 150
	// longest is the length of the longest reference that escapes a character.
	longest = len("&amp;")
)

// Capabilities returns the abilities of a channel: one message a second, several
// hundred a minute in the workspace, and fifty updates a minute.
func (*Client) Capabilities(transport.Chat) transport.Capabilities {
	return transport.Capabilities{
		Edits: true, Replies: true, Buttons: true, Text: maxText,
		Rates: transport.Rates{Chat: time.Second, Global: 5, Edits: 50},
	}
}

// content returns the text and blocks of a message. Where there are blocks, Slack
// shows the text in notifications.
func content(m transport.Message) []slack.MsgOption {
	var mentions string
	if !m.Silent {
		mentions = mention(m.Mentions)
	}
	if m.Plain {
		text := escape(m.Document.Plain())
		if mentions != "" {
			text = mentions + "\n" + text
		}
		// An empty list removes the blocks of an edited message.
		return []slack.MsgOption{slack.MsgOptionText(text, false), slack.MsgOptionBlocks(), slack.MsgOptionDisableMarkdown()}
	}
	return []slack.MsgOption{
		slack.MsgOptionText(escape(cut(m.Document.String(), maxText/longest)), false),
		slack.MsgOptionBlocks(blocks(m.Document, mentions)...),
	}
}

// blocks returns the blocks of a document: a header, the lines, and the links. Links
// are no buttons, because Slack reports each press of a button to the app.
func blocks(d transport.Document, mentions string) (list []slack.Block) {
	lines := d.Lines
	if title := d.Title(); len(lines) > 0 && isBold(lines[0]) && units16(title) <= maxHeader {
		emoji := false
		list = append(list, slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, title, emoji, false)))
		lines = lines[1:]
	}
	var texts []string
	if mentions != "" {
		texts = append(texts, mentions)
	}
	for _, l := range lines {
		texts = append(texts, lineOf(l)...)
	}
	row := -1
	for _, b := range d.Buttons {
		link := "<" + address.Replace(b.URL) + "|" + escape(b.Text) + ">"
		if b.Row == row && units16(texts[len(texts)-1]+link) < maxSection {
			texts[len(texts)-1] += "  ·  " + link
		} else {
			if row < 0 {
				texts = append(texts, "")
			}
			texts = append(texts, link)
		}
		row = b.Row
	}
	for _, text := range sections(texts) {
		section := slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, text, false, true), nil, nil)
		list = append(list, section)
	}
	return list
}

// sections packs lines into the texts of sections.
func sections(lines []string) (texts []string) {
	var text strings.Builder
	end := func() {
		if t := strings.Trim(text.String(), "\n"); strings.TrimSpace(t) != "" {
			texts = append(texts, t)
		}
		text.Reset()
	}
	for _, line := range lines {
		if units16(text.String())+1+units16(line) > maxSection {
			end()
		}
		if text.Len() > 0 {
			text.WriteByte('\n')
		}
		text.WriteString(line)
	}
	end()
	return texts
}

// lineOf returns a line in Slack's markup, in pieces that fit a section. A line that
// needs several is without formatting.
func lineOf(l transport.Line) []string {
	prefix := strings.Repeat(" ", l.Indent)
	if l.Item {
		prefix += "• "
	}
	var text strings.Builder
	text.WriteString(prefix)
	for _, s := range l.Spans {
		text.WriteString(markup(s))
	}
	if units16(text.String()) < maxSection {
		return []string{text.String()}
	}
	var pieces []string
	for rest := l.String(); rest != ""; {
		piece := cut(rest, maxSection/longest-1)
		pieces, rest = append(pieces, escape(piece)), rest[len(piece):]
	}
	return pieces
}

// markup returns a span in Slack's markup.
func markup(s transport.Span) string {
	text := escape(s.Text)
	if strings.TrimSpace(s.Text) == "" {
		return text
	}
	_, code := s.Mark(transport.Code)
	_, pre := s.Mark(transport.Preformatted)
	if code || pre {
		return "`" + strings.ReplaceAll(text, "`", "'") + "`"
	}
	if link, ok := s.Mark(transport.Link); ok && isWeb(link) {
		text = "<" + address.Replace(link) + "|" + text + ">"
	}
	for _, mark := range []struct {
		kind transport.MarkKind
		sign string
	}{{transport.Strike, "~"}, {transport.Italic, "_"}, {transport.Bold, "*"}} {
		if _, ok := s.Mark(mark.kind); ok {
			core := strings.TrimSpace(text)
			text = strings.Replace(text, core, mark.sign+core+mark.sign, 1)
		}
	}
	return text
}

func isWeb(link string) bool {
	return strings.HasPrefix(link, "http://") || strings.HasPrefix(link, "https://")
}

func isBold(l transport.Line) bool {
	for _, s := range l.Spans {
		if _, ok := s.Mark(transport.Bold); !ok {
			return false
		}
	}
	return strings.TrimSpace(l.String()) != ""
}

var (
	escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	address = strings.NewReplacer("&", "&amp;", "<", "%3C", ">", "%3E", "|", "%7C", " ", "%20")
)

// escape escapes the characters that begin links and mentions.
func escape(s string) string { return escaper.Replace(s) }

var (
	user  = regexp.MustCompile(`^[UW][A-Z0-9]{2,}$`)
	group = regexp.MustCompile(`^S[A-Z0-9]{2,}$`)
)

// mention returns mentions in Slack's markup: of @here, @channel and @everyone, of
// the ids of people and groups. Other texts stay as they are.
func mention(list []string) string {
	var texts []string
	for _, name := range list {
		switch {
		case name == "@here", name == "@channel", name == "@everyone":
			name = "<!" + name[1:] + ">"
		case user.MatchString(name):
			name = "<@" + name + ">"
		case group.MatchString(name):
			name = "<!subteam^" + name + ">"
		default:
			name = escape(name)
		}
		texts = append(texts, name)
	}
	return strings.Join(texts, " ")
}

// cut returns the beginning of a text, in UTF-16 code units.
func cut(s string, limit int) string {
	n := 0
	for i, r := range s {
		if n += max(1, utf16.RuneLen(r)); n > limit {
			return s[:i]
		}
	}
	return s
}

func units16(s string) (n int) {
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}
