package amfile

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/suggest"
	site "github.com/alertnative/preflight/internal/model"
)

// Findings reports unknown and duplicate keys, and secrets that are written as
// they are, in a node for decoding into the type. No finding shows a value.
func Findings(n *yaml.Node, t reflect.Type, where, part string) []finding.Finding {
	var out []finding.Finding
	for f := range Fields(n, t) {
		add := func(code finding.Code, suggestion, format string, args ...any) {
			out = append(out, finding.Finding{Code: code, Where: where, Part: part, Suggestion: suggestion,
				Reason: Place(f.Key) + ": " + fmt.Sprintf(format, args...)})
		}
		switch {
		case f.Null:
			add(finding.Unreadable, "", "%s is empty: leave the item out", f.Path)
		case isNull(f.Value) && settings[f.Key.Value]:
			add(finding.Unreadable, "", "%s has no value, and Alertmanager ignores the key: give it one, or leave the key out%s", f.Path, quoteNull(f))
		case f.Unmerged:
			add(finding.Unreadable, "", "the merge key (<<) takes a set of keys, or a list of them: write << and an alias, as in <<: *NAME")
		case f.Unknown():
			add(finding.Unreadable, suggest.Nearest(f.Key.Value, f.Known), "Alertmanager does not know the key %q%s", f.Key.Value, within(f.Path))
		case f.Twice:
			add(finding.Unreadable, "", "the key %s is there twice: leave one out", f.Path)
		case f.Secret():
			add(finding.InlineSecret, "", "%s contains a secret%s, and generated files must hold none: %s", f.Path, hiding(f), instead(f, part))
		case f.Type.Kind() != reflect.Map && f.Value.Kind == yaml.ScalarNode && site.NamesUser(f.Value.Value):
			add(finding.InlineSecret, "", "%s contains an address with a user name or a password, and generated files must hold none: leave them out of the address: http_config reads credentials from files", f.Path)
		}
	}
	return out
}

// settings are the keys of routes and integrations whose default is another than
// what an empty one looks like. People leave others empty for "none".
var settings = map[string]bool{
	"receiver": true, "group_by": true, "group_wait": true, "group_interval": true, "repeat_interval": true, "continue": true, "send_resolved": true,
}

// quoteNull advises quotes for a name that YAML reads as no value.
func quoteNull(f Field) string {
	if f.Value.Value == "" {
		return ""
	}
	return fmt.Sprintf("; the name %q needs quotes", f.Value.Value)
}

// within names the mapping of a path.
func within(path string) string {
	at := strings.LastIndex(path, ".")
	if at < 0 {
		return ""
	}
	return " in " + path[:at]
}

// hiding names the part of a URL that may be a secret.
func hiding(f Field) string {
	if !isSecretURL(f.Type) || f.Value.Kind != yaml.ScalarNode {
		return ""
	}
	part := secretPart(f.Value.Value)
	if part == noURL {
		return ""
	}
	return " (the " + part + " of the URL may be one)"
}

// instead returns the advice for a secret.
func instead(f Field, part string) string {
	file := f.FileKey()
	switch {
	case f.Key.Value == "secrets":
		return "put it in a file, and write its path in files"
	case file == "":
		return noFile
	case strings.HasPrefix(part, "Native"):
		return fmt.Sprintf("name it in Secrets: {%q: routing.Secret(\"NAME\")}", f.Path)
	}
	return "put it in a file, and write its path in " + file
}

// noFile is the advice for a secret that Alertmanager reads from no file, such
// as that of SNS.
const noFile = "Alertmanager reads it from no file: leave it out, and let the environment of Alertmanager grant the access, as a role of the machine does"

// NoFile returns the reason for a secret without a key for its file.
func NoFile(path string) string { return fmt.Sprintf("%s: %s", path, noFile) }

var errorLine = regexp.MustCompile(`(?m)^\s*line \d+: `)

// Reason returns the text of an error of Alertmanager's loader, without the
// lines of a text that the reader does not have.
func Reason(err error) string {
	text := strings.TrimPrefix(err.Error(), "yaml: unmarshal errors:\n")
	return strings.Join(strings.Fields(errorLine.ReplaceAllString(strings.TrimPrefix(text, "yaml: "), "")), " ")
}
