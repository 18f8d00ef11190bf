package fakebot

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
)

// maxEntities is the number of formatted parts that a message keeps.
const maxEntities = 100

var (
	plainTags = map[string]bool{
		"b": true, "strong": true, "i": true, "em": true, "u": true, "ins": true, "s": true, "strike": true, "del": true,
		"code": true, "pre": true, "blockquote": true, "a": true, "span": true, "tg-spoiler": true, "tg-emoji": true,
	}
	reference = regexp.MustCompile(`^&(#[0-9]{1,7}|#x[0-9a-fA-F]{1,6}|lt|gt|amp|quot);`)
	startTag  = regexp.MustCompile(`^<([a-zA-Z][a-zA-Z0-9-]*)((?:\s+[a-zA-Z-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[a-zA-Z0-9._-]+))?)*)\s*>`)
	attribute = regexp.MustCompile(`([a-zA-Z-]+)(?:\s*=\s*("[^"]*"|'[^']*'|[a-zA-Z0-9._-]+))?`)
)

// parseHTML parses a text with parse_mode HTML as Telegram does. It returns the
// text and its number of entities, or Telegram's description of the error.
func parseHTML(s string) (text string, entities int, problem string) {
	var out strings.Builder
	var open []string
	for i := 0; i < len(s); {
		switch {
		case s[i] == '&':
			text, n := decode(s[i:])
			out.WriteString(text)
			i += n
		case strings.HasPrefix(s[i:], "</"):
			end := strings.IndexByte(s[i:], '>')
			if end < 0 {
				return "", 0, fmt.Sprintf("Unclosed end tag at byte offset %d", i)
			}
			name := strings.ToLower(strings.TrimSpace(s[i+2 : i+end]))
			if len(open) == 0 {
				return "", 0, fmt.Sprintf("Unexpected end tag at byte offset %d", i)
			}
			if last := open[len(open)-1]; name != last {
				return "", 0, fmt.Sprintf("Unmatched end tag at byte offset %d, expected \"</%s>\", found \"</%s>\"", i, last, name)
			}
			open = open[:len(open)-1]
			entities++
			i += end + 1
		case s[i] == '<':
			m := startTag.FindStringSubmatch(s[i:])
			if m == nil {
				return "", 0, fmt.Sprintf("Unclosed or unsupported start tag at byte offset %d", i)
			}
			name := strings.ToLower(m[1])
			if problem := checkTag(name, m[2]); problem != "" {
				return "", 0, fmt.Sprintf("%s at byte offset %d", problem, i)
			}
			open = append(open, name)
			i += len(m[0])
		default:
			out.WriteByte(s[i])
			i++
		}
	}
	if len(open) > 0 {
		return "", 0, fmt.Sprintf("Can't find end tag corresponding to start tag \"%s\"", open[len(open)-1])
	}
	return out.String(), min(entities, maxEntities), ""
}

// checkTag refuses tags and attributes that Telegram does not know.
func checkTag(name, attributes string) (problem string) {
	if !plainTags[name] {
		return fmt.Sprintf("Unsupported start tag %q", name)
	}
	allowed := map[string]string{"a": "href", "span": "class", "tg-emoji": "emoji-id", "code": "class", "blockquote": "expandable"}
	for _, m := range attribute.FindAllStringSubmatch(attributes, -1) {
		if allowed[name] != strings.ToLower(m[1]) {
			return fmt.Sprintf("Unsupported attribute %q of tag %q", m[1], name)
		}
		if name == "span" && strings.Trim(m[2], `"'`) != "tg-spoiler" {
			return `Tag "span" must have class "tg-spoiler"`
		}
	}
	if name == "span" && attributes == "" {
		return `Tag "span" must have class "tg-spoiler"`
	}
	return ""
}

// decode decodes a character reference. Other text is unchanged.
func decode(s string) (text string, n int) {
	m := reference.FindStringSubmatch(s)
	if m == nil {
		return "&", 1
	}
	switch name := m[1]; {
	case name == "lt":
		text = "<"
	case name == "gt":
		text = ">"
	case name == "amp":
		text = "&"
	case name == "quot":
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

// length counts UTF-16 code units.
func length(s string) int { return len(utf16.Encode([]rune(s))) }
