package amfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Place returns the place of a node in its text: "line 3, column 5".
func Place(n *yaml.Node) string { return at(n.Line, n.Column) }

func at(line, column int) string { return fmt.Sprintf("line %d, column %d", line, column) }

// Parse returns the keys of a YAML text as a mapping. A text without keys has an
// empty mapping. Errors start with the line and the column.
func Parse(text string) (*yaml.Node, error) {
	empty := Mapping()
	dec := yaml.NewDecoder(strings.NewReader(text))
	var doc yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return empty, nil
	case err != nil:
		return empty, syntaxError(text, err)
	}
	if more := secondDocument(dec); more != nil {
		return empty, fmt.Errorf("%s: it has more than one document: a line of --- starts another", Place(more))
	}
	root := doc.Content[0]
	switch {
	case isNull(root):
		return empty, nil
	case root.Kind != yaml.MappingNode:
		return empty, fmt.Errorf("%s: it is %s, and not a set of keys", Place(root), kindOf(root))
	}
	c := aliases{inside: map[*yaml.Node]bool{}}
	if err := c.check(root); err != nil {
		return empty, err
	}
	return root, nil
}

// secondDocument returns another document that is not null, or nil.
func secondDocument(dec *yaml.Decoder) *yaml.Node {
	for {
		var doc yaml.Node
		switch err := dec.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil: // the parser does not report where it starts
			return &yaml.Node{Line: 1, Column: 1}
		case !isNull(doc.Content[0]):
			return doc.Content[0]
		}
	}
}

// kindOf names the kind of a node.
func kindOf(n *yaml.Node) string {
	switch target(n).Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a set of keys"
	}
	return "a text"
}

var parserLine = regexp.MustCompile(`^yaml: (line \d+: )?`)

// syntaxError returns an error of the parser with its place. The parser's own
// lines are those of the surrounding part, or off by one.
func syntaxError(text string, err error) error {
	line, column := mistakeIn(text)
	lines := strings.Split(text, "\n")
	reason := parserLine.ReplaceAllString(err.Error(), "")
	if line <= len(lines) {
		if indent := lines[line-1][:len(lines[line-1])-len(strings.TrimLeft(lines[line-1], " \t"))]; strings.Contains(indent, "\t") {
			return fmt.Errorf("%s: a tab indents the line: indent with spaces", at(line, 1+strings.Index(indent, "\t")))
		}
	}
	advice := "check the indentation, the quotes and the brackets here and on the line before"
	if strings.Contains(reason, "anchor") {
		advice = "define it before with &"
	}
	return fmt.Errorf("%s: it is not YAML: %s: %s", at(line, column), reason, advice)
}

// maxTried limits the parts of a text that are parsed in search of a mistake.
const maxTried = 2_000

// mistakeIn returns the place of the mistake in a text that does not parse: the
// first character after the longest part that does.
func mistakeIn(text string) (line, column int) {
	ends := []int{0} // of the lines
	for i := range len(text) {
		if text[i] == '\n' {
			ends = append(ends, i+1)
		}
	}
	line = readLines(text)
	for tried := 0; line > 1 && tried < maxTried && !parses(text[:ends[line-1]]); tried++ {
		line--
	}
	rest := text[ends[line-1]:]
	if end := strings.IndexByte(rest, '\n'); end >= 0 {
		rest = rest[:end]
	}
	for length, tried := len(rest), 0; length > 0 && tried < maxTried; tried++ {
		_, size := utf8.DecodeLastRuneInString(rest[:length])
		length -= size
		if parses(text[:ends[line-1]+length]) {
			return line, utf8.RuneCountInString(rest[:length]) + 1
		}
	}
	return line, 1
}

func parses(text string) bool {
	err := yaml.Unmarshal([]byte(text), new(yaml.Node))
	return err == nil
}

// readLines returns the number of lines that the parser reads before it finds a
// mistake.
func readLines(text string) int {
	r := &byteReader{text: text}
	_ = yaml.NewDecoder(r).Decode(new(yaml.Node)) // the mistake
	return bytes.Count([]byte(text[:r.next]), []byte("\n")) + 1
}

// byteReader reads one byte at a time, so that a parser does not read ahead.
type byteReader struct {
	text string
	next int
}

func (r *byteReader) Read(p []byte) (int, error) {
	if r.next == len(r.text) {
		return 0, io.EOF
	}
	p[0] = r.text[r.next]
	r.next++
	return 1, nil
}
