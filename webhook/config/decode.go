package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/alertnative/preflight/webhook/api"
)

// Read reads a webhook.yml.
func Read(path string) (File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return File{}, err
	}
	return Parse(path, data)
}

// Parse decodes a webhook.yml strictly. The error lists all mistakes, each with
// the file's name and the line.
func Parse(name string, data []byte) (File, error) {
	f := Default()
	f.Severities = Severities{}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	switch err := dec.Decode(&f); {
	case errors.Is(err, io.EOF):
		return File{}, fmt.Errorf("%s: is empty", name)
	case err != nil:
		return File{}, explain(name, err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return File{}, fmt.Errorf("%s: has more than one document: remove the line of ---", name)
	}
	c := checker{name: name}
	if err := yaml.Unmarshal(data, &c.root); err != nil {
		return File{}, explain(name, err)
	}
	c.emptyItems(&c.root)
	c.check(f)
	if !c.scaled(f) {
		f.Severities = Priorities()
	}
	f.Receivers = tidied(f.Receivers)
	return f, errors.Join(c.errs...)
}

// explain rewrites the decoder's errors, which name Go types.
func explain(name string, err error) error {
	texts := []string{strings.TrimPrefix(err.Error(), "yaml: ")}
	if typed := (*yaml.TypeError)(nil); errors.As(err, &typed) {
		texts = typed.Errors
	}
	var (
		onLine       = regexp.MustCompile(`^line (\d+): (.*)$`)
		unknownField = regexp.MustCompile(`^field (.+) not found in type config\.(\w+)$`)
		wrongKind    = regexp.MustCompile("^cannot unmarshal !!(\\w+) (?:`(.*)` )?into (.+)$")
		errs         []error
	)
	for _, text := range texts {
		where, text := name, strings.ReplaceAll(text, "\n", " ")
		if m := onLine.FindStringSubmatch(text); m != nil {
			where, text = name+":"+m[1], m[2]
		}
		if m := unknownField.FindStringSubmatch(text); m != nil {
			text = unknownKey(m[1], keys(m[2]))
		} else if m := wrongKind.FindStringSubmatch(text); m != nil {
			text = fmt.Sprintf("%s is not %s", value(m[1], m[2]), kind(m[3]))
		}
		errs = append(errs, fmt.Errorf("%s: %s", where, text))
	}
	return errors.Join(errs...)
}

func unknownKey(key string, known []string) string {
	if near := suggest.Nearest(key, known); near != "" {
		return fmt.Sprintf("unknown key %q: did you mean %s?", key, near)
	}
	return fmt.Sprintf("unknown key %q: there are %s", key, strings.Join(known, ", "))
}

// keys returns the keys of a type of this package.
func keys(name string) (list []string) {
	for _, t := range []reflect.Type{reflect.TypeFor[File](), reflect.TypeFor[Severities](), reflect.TypeFor[Level](), reflect.TypeFor[Receiver](), reflect.TypeFor[ReceiverChat]()} {
		if t.Name() != name {
			continue
		}
		for i := range t.NumField() {
			key, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
			list = append(list, key)
		}
	}
	return list
}

func value(tag, text string) string {
	switch {
	case text != "":
		return fmt.Sprintf("%q", text)
	case tag == "seq":
		return "a list"
	case tag == "map":
		return "a set of keys"
	default:
		return "this"
	}
}

// kind describes a Go type in the words of YAML.
func kind(goType string) string {
	switch {
	case goType == "bool":
		return "true or false"
	case goType == "string", goType == "api.Sound":
		return "text"
	case strings.HasPrefix(goType, "[]"):
		return "a list"
	default:
		return "a set of keys"
	}
}

// checker collects the mistakes of a decoded file.
type checker struct {
	name string
	root yaml.Node
	errs []error
}

// emptyItems reports items of lists without a value, which the decoder leaves out.
func (c *checker) emptyItems(n *yaml.Node) {
	for _, item := range n.Content {
		if n.Kind == yaml.SequenceNode && item.Tag == "!!null" {
			c.errs = append(c.errs, fmt.Errorf("%s:%d: an item of the list is empty: remove it", c.name, item.Line))
		}
		c.emptyItems(item)
	}
}

func (c *checker) check(f File) {
	c.chats(f.DefaultChat)
	c.receivers(f.Receivers)
	c.spellings(f)
	if c.scaled(f) {
		c.severities(f.Severities)
	}
}

// isPlace reports whether a text is the notation of a chat of any transport.
func isPlace(text string) bool {
	_, _, telegram := Chat(text)
	_, slack := Channel(text)
	return telegram || slack
}

// chats checks the chats of the key default_chat.
func (c *checker) chats(list string) {
	at := []any{"default_chat"}
	if list == "" {
		c.add(at, "default_chat is empty: name a chat, or remove the key")
		return
	}
	if _, ok := Variable(list); ok {
		if !IsVariable(list) {
			c.add(at, "%q names no variable: write $NAME", list)
		}
		return
	}
	for i, text := range strings.Split(list, ",") {
		if !isPlace(strings.TrimSpace(text)) {
			c.add(at, "default_chat: chat %d of the list is not a chat: %s", i+1, PlaceForm)
		}
	}
}

// scaled reports whether the file has severities.
func (c *checker) scaled(f File) bool {
	return c.find("severities") != nil || f.Severities.Label != "" || f.Severities.Levels != nil
}

func (c *checker) severities(s Severities) {
	if s.Label == "" {
		c.add([]any{"severities"}, "severities have no label: add the label of alerts that holds the level")
	}
	if len(s.Levels) == 0 {
		c.add([]any{"severities"}, "severities have no levels: list them, the most severe first")
	}
	for i, l := range s.Levels {
		at := []any{"severities", "levels", i}
		if !strings.ContainsFunc(l.Name, isVisible) {
			c.add(at, "the level has no name")
		}
		if utf8.RuneCountInString(l.Name) > maxName || strings.ContainsFunc(l.Name, unicode.IsControl) {
			c.add(at, "level %d: write its name in one line, with %d characters at most", i+1, maxName)
		}
		if utf8.RuneCountInString(l.Icon) > maxIcon || strings.ContainsFunc(l.Icon, unicode.IsControl) {
			c.add(append(at, "icon"), "level %d: write its icon in one line, with %d characters at most", i+1, maxIcon)
		}
		if first, ok := s.Find(l.Name); ok && first < i && l.Name != "" {
			c.add(at, "level %q is listed twice", l.Name)
		}
		if l.Sound != "" && !slices.Contains(api.Sounds(), l.Sound) {
			c.add(append(at, "sound"), "level %q: unknown sound %q: choose loud, silent or none", l.Name, l.Sound)
		}
		if l.Urgent && i > s.Urgent() {
			c.add(at, "level %q is urgent, but level %q before it is not: list the most severe first", l.Name, s.Levels[s.Urgent()].Name)
		}
	}
}

// Limits of the parts of a title, in characters. An icon can be composed of several.
const (
	maxName = 50
	maxIcon = 20
)

// isVisible reports whether a character leaves a mark on a screen.
func isVisible(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) }

// add records a mistake at a path of keys and indexes.
func (c *checker) add(path []any, format string, args ...any) {
	line := 1
	if n := c.find(path...); n != nil {
		line = n.Line
	}
	c.errs = append(c.errs, fmt.Errorf("%s:%d: %s", c.name, line, fmt.Sprintf(format, args...)))
}

// find returns the value at a path, or nil if the file has none.
func (c *checker) find(path ...any) *yaml.Node {
	n := c.root.Content[0]
	for _, step := range path {
		if n.Kind == yaml.AliasNode {
			n = n.Alias
		}
		i, isIndex := step.(int)
		for !isIndex && i < len(n.Content) && n.Content[i].Value != step {
			i += 2
		}
		if !isIndex {
			i++ // a key's value follows it
		}
		if i >= len(n.Content) {
			return nil
		}
		n = n.Content[i]
	}
	return n
}
