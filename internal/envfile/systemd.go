package envfile

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/alertnative/preflight/internal/lazy"
)

// systemdName matches the names that systemd takes; it drops others.
var systemdName = lazy.Regexp(`^[A-Za-z_][A-Za-z0-9_]*$`)

// parseSystemd reads a file by the rules of EnvironmentFile= in systemd.exec(5).
func parseSystemd(data []byte) (map[string]string, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("is not UTF-8")
	}
	values := map[string]string{}
	s := &systemdScanner{rest: string(data)}
	for s.rest != "" {
		name, value, ok := s.assignment()
		if ok && systemdName().MatchString(name) {
			values[name] = value
		}
	}
	return values, nil
}

// systemdScanner reads assignments one after the other.
type systemdScanner struct{ rest string }

const (
	systemdBlank = " \t\r\n"
	systemdEnd   = "\r\n"
)

// next returns the next byte, and false at the end of the text.
func (s *systemdScanner) next() (c byte, ok bool) {
	if s.rest == "" {
		return 0, false
	}
	c, s.rest = s.rest[0], s.rest[1:]
	return c, true
}

// assignment reads the next line that is no comment. A line without "=" is no
// assignment.
func (s *systemdScanner) assignment() (name, value string, ok bool) {
	s.rest = strings.TrimLeft(s.rest, systemdBlank)
	if s.rest != "" && strings.IndexByte("#;", s.rest[0]) >= 0 {
		s.line()
		return "", "", false
	}
	i := strings.IndexAny(s.rest, "="+systemdEnd)
	if i < 0 || s.rest[i] != '=' {
		s.line()
		return "", "", false
	}
	name, s.rest = strings.TrimRight(s.rest[:i], systemdBlank), s.rest[i+1:]
	return name, s.value(), true
}

// line skips the rest of a line.
func (s *systemdScanner) line() {
	if i := strings.IndexAny(s.rest, systemdEnd); i >= 0 {
		s.rest = s.rest[i+1:]
	} else {
		s.rest = ""
	}
}

// value reads the text after "=". Quotes count only where no unquoted text came
// before them.
func (s *systemdScanner) value() string {
	var text strings.Builder
	for {
		start := s.rest
		c, ok := s.next()
		switch {
		case !ok || strings.IndexByte(systemdEnd, c) >= 0:
			return text.String()
		case c == '\'':
			s.single(&text)
		case c == '"':
			s.double(&text)
		case strings.IndexByte(systemdBlank, c) < 0:
			s.rest = start
			s.plain(&text)
			return text.String()
		}
	}
}

// plain reads unquoted text to the end of the line.
func (s *systemdScanner) plain(text *strings.Builder) {
	blank := "" // blanks that end the value unless more follows
	for {
		c, ok := s.next()
		switch {
		case !ok || strings.IndexByte(systemdEnd, c) >= 0:
			return
		case strings.IndexByte(systemdBlank, c) >= 0:
			blank += string(c)
			continue
		case c == '\\':
			text.WriteString(blank)
			blank = ""
			if c, ok = s.next(); !ok {
				return
			}
			if strings.IndexByte(systemdEnd, c) >= 0 {
				continue // the line goes on
			}
		}
		text.WriteString(blank)
		text.WriteByte(c)
		blank = ""
	}
}

// single reads to the closing single quote.
func (s *systemdScanner) single(text *strings.Builder) {
	for {
		c, ok := s.next()
		if !ok || c == '\'' {
			return
		}
		text.WriteByte(c)
	}
}

// double reads to the closing double quote.
func (s *systemdScanner) double(text *strings.Builder) {
	for {
		c, ok := s.next()
		if !ok || c == '"' {
			return
		}
		if c == '\\' {
			if c, ok = s.next(); !ok {
				return
			}
			switch {
			case strings.IndexByte(systemdEnd, c) >= 0:
				continue
			case strings.IndexByte("\"\\`$", c) < 0:
				text.WriteByte('\\')
			}
		}
		text.WriteByte(c)
	}
}
