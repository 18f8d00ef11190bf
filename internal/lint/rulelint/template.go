package rulelint

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// blank takes the place of text that a template action makes. It is a letter to
// YAML and an error in PromQL.
const blank = '…'

// A file is a template if an action of Helm or Jinja is in it, or one that
// writes the braces of a Prometheus template.
var (
	helmWord    = regexp.MustCompile(`\.(Values|Release|Chart|Capabilities|Files)\b|\b(include|toYaml|nindent|tpl|required|lookup)\s|\btemplate\s+"[^"]*(name|labels|chart|namespace)"`)
	promWord    = regexp.MustCompile(`\$(labels|value|externalLabels|externalURL|activeAt|alertID|groupID|isPartial)\b|\.(Labels|Value|ExternalLabels|ExternalURL|ActiveAt)\b|\b(query|first|humanize\w*|reReplaceAll|stripPort|stripDomain|sortByLabel)\b`)
	helmEscape  = regexp.MustCompile("\\{\\{-?\\s*`\\s*\\{\\{|\\{\\{-?\\s*printf\\s+[\"`][^\"`]*\\{\\{")
	helmPair    = regexp.MustCompile(`\{\{-?\s*\\?["']\{\{-?\s*\\?["']\s*-?\}\}[^{}\n]*\{\{-?\s*\\?["']\s*-?\}\}\\?["']\s*-?\}\}`)
	jinja       = regexp.MustCompile(`\{%.*?%\}`)
	firstWord   = regexp.MustCompile(`^[a-z]+`)
	printfStart = regexp.MustCompile(`^printf\s+`)
)

// renderer writes a template's text as far as it is known without values. Each
// character keeps its line and column.
type renderer struct {
	text string
	out  strings.Builder
	left bool // an action of Helm or Jinja is left out
	// branches is true if an action decides about text: "if", "range", …
	branches bool
	open     []bool // for each open block: is it Helm's?
}

// render returns the text of a template with the actions of Helm and Jinja left
// out. Text that is no template is returned unchanged.
func render(text string) (rendered string, left, branches bool) {
	if !strings.Contains(text, "{{") && !strings.Contains(text, "{%") || !isTemplate(text) {
		return text, false, false
	}
	r := &renderer{text: text}
	r.out.Grow(len(text))
	for at := 0; at < len(text); {
		at = r.next(at)
	}
	rendered = r.out.String()
	if r.left {
		rendered = clearLines(rendered)
	}
	return rendered, r.left, r.branches
}

func isTemplate(text string) bool {
	if helmEscape.MatchString(text) || helmPair.MatchString(text) {
		return true
	}
	for at := 0; at < len(text); {
		from, to, ok := action(text, at)
		if !ok {
			break
		}
		if helmWord.MatchString(text[from:to]) && !inComment(text, from) {
			return true
		}
		at = to
	}
	for _, m := range jinja.FindAllStringIndex(text, 10) {
		if !inComment(text, m[0]) {
			return true
		}
	}
	return false
}

// inComment reports whether a place is in a YAML comment on its own line.
func inComment(text string, at int) bool {
	line := text[strings.LastIndexByte(text[:at], '\n')+1 : at]
	return strings.HasPrefix(strings.TrimSpace(line), "#")
}

// action returns the range of the first action "{{ … }}" from a place on.
// Braces inside strings and comments do not count.
func action(text string, at int) (from, to int, ok bool) {
	i := strings.Index(text[at:], "{{")
	if i < 0 {
		return 0, 0, false
	}
	from = at + i
	for j := from + 2; j < len(text); {
		rest := text[j:]
		switch {
		case strings.HasPrefix(rest, "}}"):
			return from, j + 2, true
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest, "*/")
			if end < 0 {
				return from, from + 2, true
			}
			j += end + 2
		case rest[0] == '"' || rest[0] == '`' || rest[0] == '\'' || strings.HasPrefix(rest, `\"`):
			end := closing(rest)
			if end < 0 { // an apostrophe of the text
				j++
				continue
			}
			j += end
		default:
			j++
		}
	}
	return from, from + 2, true
}

// closing returns the length of the string at the start of the text, or -1. In
// a double-quoted YAML scalar its quotes are escaped.
func closing(text string) int {
	quote := text[:1]
	if quote == `\` {
		quote = `\"`
	}
	for i := len(quote); i < len(text) && text[i] != '\n'; i++ {
		switch {
		case strings.HasPrefix(text[i:], quote):
			return i + len(quote)
		case text[i] == '\\' && quote == `"`:
			i++
		}
	}
	return -1
}

// next writes the text up to the next action, and the action.
func (r *renderer) next(at int) int {
	from, to, ok := action(r.text, at)
	if m := jinja.FindStringIndex(r.text[at:]); m != nil && (!ok || at+m[0] < from) {
		r.out.WriteString(r.text[at : at+m[0]])
		if inComment(r.text, at+m[0]) {
			r.out.WriteString(r.text[at+m[0] : at+m[1]])
			return at + m[1]
		}
		r.drop(r.text[at+m[0]:at+m[1]], ' ')
		r.branches = r.branches || !strings.Contains(r.text[at+m[0]:at+m[1]], "raw")
		return at + m[1]
	}
	if !ok {
		r.out.WriteString(r.text[at:])
		return len(r.text)
	}
	r.out.WriteString(r.text[at:from])
	if end := r.shortRange(from, to); end > 0 { // as for an empty list
		r.drop(r.text[from:end], ' ')
		return end
	}
	if inComment(r.text, from) || to == from+2 {
		r.out.WriteString(r.text[from:to])
	} else {
		r.action(r.text[from:to])
	}
	return to
}

// drop writes a character in the place of each of the text's, but line breaks.
func (r *renderer) drop(text string, with rune) {
	r.left = true
	for _, c := range text {
		if c == '\n' {
			r.out.WriteByte('\n')
		} else {
			r.out.WriteRune(with)
		}
	}
}

// action writes one action: the value of a string, nothing for Helm's, and a
// Prometheus template as it is.
func (r *renderer) action(text string) {
	body := strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(text[2:len(text)-2], "-"), "-"))
	if value, ok := constant(body); ok {
		r.constant(text, value)
		return
	}
	comment := strings.HasPrefix(body, "/*")
	helm := comment || !promWord.MatchString(body) || helmWord.MatchString(body)
	control := comment || strings.Contains(body, ":=") || strings.Contains(body, " = ")
	switch wordOf(text) {
	case "if", "range", "with", "define", "block":
		r.open = append(r.open, helm)
		control, r.branches = true, r.branches || helm
	case "else":
		control = true
		helm = len(r.open) == 0 || r.open[len(r.open)-1]
	case "end":
		control = true
		if helm = len(r.open) == 0 || r.open[len(r.open)-1]; len(r.open) > 0 {
			r.open = r.open[:len(r.open)-1]
		}
	}
	switch {
	case !helm:
		r.out.WriteString(text)
	case control:
		r.drop(text, ' ')
	default:
		r.drop(text, blank)
	}
}

// constant writes the value of an action. Braces stay beside the text that they
// enclose: "{{`{{`}}- end" writes "{{- end".
func (r *renderer) constant(text, value string) {
	i := strings.Index(text, value)
	before, behind := text[:i], text[i+len(value):]
	if strings.HasSuffix(value, "{{") {
		before, behind = before+behind, ""
	} else if strings.HasPrefix(value, "}}") {
		before, behind = "", before+behind
	}
	with := " "
	if strings.HasPrefix(value, "{{") || strings.HasSuffix(value, "}}") {
		with = "\u00a0" // text to YAML, also behind a colon
	}
	r.out.WriteString(strings.Repeat(with, utf8.RuneCountInString(before)))
	r.out.WriteString(value)
	r.out.WriteString(strings.Repeat(with, utf8.RuneCountInString(behind)))
}

// shortRange returns the end of a Helm range that begins with the action and
// ends on the same line, or 0: sum by ({{ range .Values.labels }}{{ . }},{{ end }} job).
func (r *renderer) shortRange(from, to int) int {
	if wordOf(r.text[from:to]) != "range" || promWord.MatchString(r.text[from:to]) {
		return 0
	}
	for depth := 1; ; {
		i, j, ok := action(r.text, to)
		if !ok || strings.Contains(r.text[to:j], "\n") {
			return 0
		}
		switch wordOf(r.text[i:j]) {
		case "if", "range", "with":
			depth++
		case "end":
			if depth--; depth == 0 {
				return j
			}
		}
		to = j
	}
}

// wordOf returns the first word of an action.
func wordOf(action string) string { return firstWord.FindString(strings.TrimLeft(action, "{- ")) }

// constant returns the text of an action that is a string, or the format of a
// printf with braces.
func constant(body string) (value string, ok bool) {
	start := printfStart.FindString(body)
	rest := body[len(start):]
	if rest == "" || !strings.Contains("\"`'\\", rest[:1]) {
		return "", false
	}
	n := closing(rest)
	if n < 0 || start == "" && n != len(rest) {
		return "", false
	}
	quote := 1
	if rest[0] == '\\' {
		quote = 2
	}
	if n < 2*quote {
		return "", false
	}
	value = rest[quote : n-quote]
	return value, start == "" || strings.Contains(value, "{{")
}

// clearLines clears lines on which only left out actions are.
func clearLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.ContainsRune(line, blank) && strings.Trim(line, " \t-…") == "" {
			lines[i] = ""
		}
	}
	return strings.Join(lines, "\n")
}
