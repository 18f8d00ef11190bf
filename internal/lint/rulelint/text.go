package rulelint

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// Reasons for not reading a file's bytes.
var (
	errBinary = errors.New("binary, not text")
	errUTF16  = errors.New("UTF-16 without a byte order mark: save it as UTF-8")
)

// decode returns the text of a file with "\n" at the ends of lines. Like
// Prometheus it accepts UTF-8, and UTF-16 with a byte order mark. For other
// bytes it takes ISO 8859-1, and returns the line of the first that is not
// UTF-8, from 1.
func decode(data []byte) (text string, wrong int, err error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")):
		data, err = unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM).NewDecoder().Bytes(data)
		if err != nil {
			return "", 0, errBinary
		}
	case bytes.IndexByte(data, 0) >= 0:
		if looksUTF16(data) {
			return "", 0, errUTF16
		}
		return "", 0, errBinary
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		wrong = 1 + bytes.Count(data[:firstInvalid(data)], []byte("\n"))
		data, _ = charmap.ISO8859_1.NewDecoder().Bytes(data)
	}
	text = string(data)
	if strings.Contains(text, "\r") {
		text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	}
	return text, wrong, nil
}

// looksUTF16 reports whether every second byte of the start is 0.
func looksUTF16(data []byte) bool {
	start := data[:min(len(data), 64)&^1]
	even, odd := 0, 0
	for i, b := range start {
		switch {
		case b != 0:
		case i%2 == 0:
			even++
		default:
			odd++
		}
	}
	return len(start) > 0 && max(even, odd)*10 > len(start)*4 && min(even, odd) == 0
}

func firstInvalid(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(data)
}

// otherBreaks are the line breaks of YAML besides "\n".
const otherBreaks = "\u0085\u2028\u2029"

// splitLines returns the lines as YAML counts them.
func splitLines(text string) []string {
	if !strings.ContainsAny(text, otherBreaks) {
		return strings.Split(text, "\n")
	}
	return strings.Split(strings.NewReplacer("\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(text), "\n")
}
