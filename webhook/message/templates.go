package message

import (
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/alertnative/preflight/internal/markup"
)

// templateNames are the files that can replace a shipped template.
var templateNames = []string{"alert.tmpl", "resolution.tmpl", "digest.tmpl"}

// ownTemplates are the user's templates.
type ownTemplates struct {
	dir   string
	texts map[string]string // by file name
}

// replace parses the user's templates over the shipped ones.
func (f *Formatter) replace(dir string) (ownTemplates, error) {
	own := ownTemplates{dir, map[string]string{}}
	if _, err := os.Stat(dir); err != nil {
		return own, err
	}
	if err := own.checkNames(); err != nil {
		return own, err
	}
	for _, name := range templateNames {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return own, err
		}
		if own.texts[name], err = templateText(text); err != nil {
			return own, fmt.Errorf("%s: %w", filepath.Join(dir, name), err)
		}
		if _, err := f.templates.Lookup(name).Parse(own.texts[name]); err != nil {
			return own, own.placed(err)
		}
	}
	return own, nil
}

// templateText returns the text of a file without a byte order mark. An empty
// template would replace nothing.
func templateText(data []byte) (string, error) {
	text := strings.TrimPrefix(string(data), "\ufeff")
	switch {
	case strings.TrimSpace(text) == "":
		return "", errors.New("is empty: write the text, or remove the file")
	case !utf8.ValidString(text):
		return "", errors.New("is not encoded in UTF-8")
	}
	return text, nil
}

// checkNames refuses a template under a name that replaces nothing.
func (own ownTemplates) checkNames() error {
	files, err := filepath.Glob(filepath.Join(own.dir, "*.tmpl"))
	if err != nil {
		return err
	}
	for _, file := range files {
		if name := filepath.Base(file); !slices.Contains(templateNames, name) {
			return fmt.Errorf("%s: there is no template of this name: choose one of %s", file, strings.Join(templateNames, ", "))
		}
	}
	return nil
}

var inTemplate = regexp.MustCompile(`(?:html/)?template: ?([a-z]+\.tmpl)\b`)

// placed returns an error of package template with the path of the file.
func (own ownTemplates) placed(err error) error {
	text := err.Error()
	m := inTemplate.FindStringSubmatchIndex(text)
	if m == nil || m[0] != 0 || own.texts[text[m[2]:m[3]]] == "" {
		return err
	}
	return errors.New(filepath.Join(own.dir, text[m[2]:m[3]]) + text[m[1]:])
}

// markupError is a rendered text that Telegram would refuse.
type markupError struct {
	template string
	html     string
	cause    error // a [*markup.Error]
}

func (e *markupError) Error() string { return e.template + ": " + e.cause.Error() }
func (e *markupError) Unwrap() error { return e.cause }

// try formats sample alerts, so that a wrong template is refused at once and not
// at the first alert. A template may link the addresses of alerts, so a link that
// Telegram does not show is a mistake only where it would link them all.
func (f *Formatter) try(own ownTemplates) error {
	for _, s := range f.samples() {
		tried := *f
		tried.strict = s.linked
		_, err := tried.format(s.notice)
		if err == nil && s.notice.Kind != Resolution && s.notice.Kind != Digest {
			_, err = tried.edit(s.notice)
		}
		var wrong *markupError
		switch {
		case errors.Is(err, errTooMuch) && s.large: // the shipped template writes such a notice
		case errors.As(err, &wrong):
			return tried.locate(own, s.notice, wrong)
		case err != nil:
			return err
		}
	}
	return nil
}

// firstMark is the private character that marks the first tag of a template.
const firstMark = '\U000F0000'

// locate returns the error about a rendered text with the line and column of the
// template. It renders the notice again, with a mark before each tag and
// character reference of the template.
func (f *Formatter) locate(own ownTemplates, n Notice, wrong *markupError) error {
	path := filepath.Join(own.dir, wrong.template)
	text, offsets := markTags(own.texts[wrong.template])
	templates, err := parseShipped()
	if err != nil {
		return err
	}
	for name, unmarked := range own.texts {
		if name == wrong.template {
			unmarked = text
		}
		if _, err := templates.Lookup(name).Parse(unmarked); err != nil {
			return wrong.in(path)
		}
	}
	marked := *f
	marked.templates = templates
	_, err = marked.format(n)
	var again *markupError
	var mistake *markup.Error
	if !errors.As(err, &again) || !errors.As(again.cause, &mistake) {
		return wrong.in(path)
	}
	mark, _ := utf8.DecodeLastRuneInString(again.html[:mistake.Offset])
	if mark < firstMark || int(mark-firstMark) >= len(offsets) {
		return wrong.in(path)
	}
	before := own.texts[wrong.template][:offsets[mark-firstMark]]
	line := strings.Count(before, "\n") + 1
	column := len(before) - strings.LastIndexByte(before, '\n')
	return wrong.in(fmt.Sprintf("%s:%d:%d", path, line, column))
}

// in returns the error with its place and what to do.
func (e *markupError) in(place string) error {
	reason, hint := e.cause.Error(), ""
	var mistake *markup.Error
	if errors.As(e.cause, &mistake) {
		reason = mistake.Reason
	}
	if strings.HasPrefix(reason, "Unsupported start tag") {
		hint = ": use one of " + strings.Join(markup.Tags, ", ") + "; write < as &lt;"
	}
	return fmt.Errorf("%s: Telegram would refuse the text: %s%s", place, reason, hint)
}

// action is an action of a template.
var action = regexp.MustCompile("(?s)\\{\\{(?:`[^`]*`|\"(?:[^\"\\\\]|\\\\.)*\"|/\\*.*?\\*/|[^`\"])*?\\}\\}")

// markTags returns a template with a mark before each tag and character reference
// outside of actions, and the offsets of these in the text.
func markTags(text string) (marked string, offsets []int) {
	var out strings.Builder
	mark := func(from, to int) {
		for i := from; i < to; i++ {
			if text[i] == '<' || text[i] == '&' {
				out.WriteRune(firstMark + rune(len(offsets)))
				offsets = append(offsets, i)
			}
			out.WriteByte(text[i])
		}
	}
	last := 0
	for _, at := range action.FindAllStringIndex(text, -1) {
		mark(last, at[0])
		out.WriteString(text[at[0]:at[1]])
		last = at[1]
	}
	mark(last, len(text))
	return out.String(), offsets
}

// parseShipped returns the shipped templates.
func parseShipped() (*template.Template, error) {
	return template.New("").Funcs(template.FuncMap{"number": number, "code": code}).ParseFS(shipped, "templates/*.tmpl")
}
