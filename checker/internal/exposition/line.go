package exposition

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// line is the part of a line that is not read yet.
type line struct{ rest string }

func (l *line) skipBlanks() {
	for l.rest != "" && isBlank(l.rest[0]) {
		l.rest = l.rest[1:]
	}
}

// skip skips a byte, if it is the next one.
func (l *line) skip(c byte) bool {
	if l.rest == "" || l.rest[0] != c {
		return false
	}
	l.rest = l.rest[1:]
	return true
}

// word reads up to the next blank.
func (l *line) word() string {
	end := 0
	for end < len(l.rest) && !isBlank(l.rest[end]) {
		end++
	}
	text := l.rest[:end]
	l.rest = l.rest[end:]
	return text
}

// name reads the longest name, which may be in quotes. It returns "" if the line
// does not continue with one.
func (l *line) name(colon bool) (string, error) {
	end := 0
	for end < len(l.rest) && isNameByte(l.rest[end], end == 0, colon) {
		end++
	}
	name := l.rest[:end]
	l.rest = l.rest[end:]
	if !l.skip('"') {
		return name, nil
	}
	quoted, err := l.quoted()
	return name + quoted, err
}

// quoted reads a text up to its closing quote.
func (l *line) quoted() (string, error) {
	for i := 0; i < len(l.rest); i++ {
		switch l.rest[i] {
		case '\\':
			i++
		case '"':
			text := l.rest[:i]
			l.rest = l.rest[i+1:]
			return unescape(text)
		}
	}
	return "", errors.New("a quote is not closed")
}

// labels reads labels and their closing brace into a slice. If inside, the
// braces contain the name of the metric too.
func (l *line) labels(into []Label, inside bool) (labels []Label, metric string, err error) {
	for labels = into; ; {
		l.skipBlanks()
		if l.skip('}') {
			return labels, metric, nil
		}
		name, err := l.name(false)
		if err != nil {
			return nil, "", err
		}
		l.skipBlanks()
		switch {
		case l.skip('='):
			value, err := l.value(name)
			if err != nil {
				return nil, "", err
			}
			labels = append(labels, Label{name, value})
		case !inside || metric != "" || !IsName(name):
			return nil, "", errors.New("expected a label and its value")
		default:
			metric = name
		}
		l.skipBlanks()
		if !l.skip(',') && !strings.HasPrefix(l.rest, "}") {
			return nil, "", errors.New("expected a comma or a closing brace behind a label")
		}
	}
}

// value reads the value of a label.
func (l *line) value(label string) (string, error) {
	if !IsName(label) || strings.Contains(label, ":") || label == "__name__" {
		return "", errors.New("invalid label name")
	}
	l.skipBlanks()
	if !l.skip('"') {
		return "", errors.New("the value of a label is not in quotes")
	}
	value, err := l.quoted()
	if err == nil && !utf8.ValidString(value) {
		err = errors.New("the value of a label is not UTF-8")
	}
	return value, err
}

// unescape decodes \\, \n and \".
func unescape(text string) (string, error) {
	if strings.IndexByte(text, '\\') < 0 {
		return text, nil
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\\' {
			if i++; i == len(text) {
				return "", errors.New("invalid escape sequence")
			}
			switch c = text[i]; c {
			case '\\', '"':
			case 'n':
				c = '\n'
			default:
				return "", errors.New("invalid escape sequence")
			}
		}
		out.WriteByte(c)
	}
	return out.String(), nil
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func isNameByte(c byte, first, colon bool) bool {
	letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == ':' && colon
	return letter || !first && c >= '0' && c <= '9'
}

// IsName reports whether a text is a metric's name without quotes.
func IsName(text string) bool {
	for i := range len(text) {
		if !isNameByte(text[i], i == 0, true) {
			return false
		}
	}
	return text != ""
}
