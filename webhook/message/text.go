package message

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxLength is the default length of the longest message, see [Options.Length].
const MaxLength = 4096

// units16 counts UTF-16 code units.
func units16(s string) int {
	n := 0
	for _, r := range s {
		n += width16(r)
	}
	return n
}

func width16(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

// clean returns a text as one line, without control characters and without the marks
// that reorder the text around them: a label must not disguise the rest of a message.
func clean(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError, isBidi(r):
			return -1
		case unicode.IsControl(r), unicode.IsSpace(r):
			return ' '
		}
		return r
	}, s)), " ")
}

func isBidi(r rune) bool {
	return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069'
}

// visible reports whether a text has a character that leaves a mark on a screen.
func visible(s string) bool { return strings.ContainsFunc(s, isVisible) }

func isVisible(r rune) bool {
	switch r {
	case '\u115F', '\u1160', '\u3164', '\uFFA0', // fillers, which count as letters
		'\u2800', '\uFFFC', '\U0001D159': // blank symbols
		return false
	}
	return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S)
}

// first returns the first text that is visible, shortened. It returns "" if none
// is.
func first(limit int, texts ...string) string {
	for _, text := range texts {
		if s := shorten(text, limit); s != "" {
			return s
		}
	}
	return ""
}

// shorten cleans a text and cuts it to a number of UTF-16 code units. An
// invisible text becomes "".
func shorten(s string, limit int) string {
	// A unit is at most three bytes, so this keeps enough, and limits the work
	// on a huge text.
	if most := 4 * limit; len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	s = clean(s)
	switch {
	case !visible(s):
		return ""
	case units16(s) <= limit:
		return s
	}
	n := 1 // the ellipsis
	for i, r := range s {
		if n += width16(r); n > limit {
			return strings.TrimRight(s[:i], " ") + "…"
		}
	}
	return s
}
