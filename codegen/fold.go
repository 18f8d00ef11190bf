package codegen

import (
	"fmt"
	"strings"

	"github.com/alertnative/preflight/finding"
)

// One mistake in a route breaks the promises of many alerts in the same way. More
// than foldAbove such findings become one, which names up to foldNames of the
// others.
const (
	foldAbove = 3
	foldNames = 20
)

// fold joins findings of one code that differ only in the alert and its labels.
func fold(findings []finding.Finding) []finding.Finding {
	alike := map[string][]finding.Finding{}
	for _, f := range findings {
		alike[foldKey(f)] = append(alike[foldKey(f)], f)
	}
	var out []finding.Finding
	for _, f := range findings {
		key := foldKey(f)
		group := alike[key]
		if len(group) > foldAbove {
			f.Reason += also(group[1:])
			delete(alike, key)
		}
		if group != nil {
			out = append(out, f)
		}
	}
	return out
}

// foldKey returns the code and the text of a finding. It leaves out the labels of
// the alert.
func foldKey(f finding.Finding) string {
	switch f.Code {
	case finding.BrokenPromise, finding.NoPromise, finding.NoReceiver:
		return string(f.Code) + " " + f.Part + " " + f.Suggestion + " " + unlabelled(f.Reason)
	}
	return f.String()
}

// unlabelled removes the first set of labels, {a="x", b="y"}, from a text.
func unlabelled(text string) string {
	from := strings.IndexByte(text, '{')
	if from < 0 {
		return text
	}
	quoted := false
	for i := from; i < len(text); i++ {
		switch {
		case quoted && text[i] == '\\':
			i++
		case text[i] == '"':
			quoted = !quoted
		case text[i] == '}' && !quoted:
			return text[:from] + text[i+1:]
		}
	}
	return text
}

// also names the alerts of further findings.
func also(findings []finding.Finding) string {
	var names []string
	for _, f := range findings {
		name := strings.Trim(strings.TrimPrefix(f.Where, "alert "), `"`)
		if len(names) == foldNames {
			names = append(names, "…")
			break
		}
		names = append(names, name)
	}
	return fmt.Sprintf("; the same for %d others: %s", len(findings), strings.Join(names, ", "))
}
