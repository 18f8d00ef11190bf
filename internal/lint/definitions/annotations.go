package definitions

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/webhook/api"
)

// annotations reports annotations that another field of the alert also gives.
// Those of rule files replace the derived ones.
func (c *Checked) annotations() []finding.Finding {
	var out []finding.Finding
	for _, a := range c.Alerts {
		if a.Group.FromFile != "" || len(a.Annotations) == 0 {
			continue
		}
		bare := a.Alert
		bare.Annotations = nil
		given := c.Context.Annotations(a.Group, bare, c.Conditions(a.Group, a.Alert, false)[0])
		for _, name := range slices.Sorted(maps.Keys(a.Annotations)) {
			if _, twice := given[name]; twice {
				out = append(out, finding.Finding{Code: finding.Clash, Where: a.Where, Part: fmt.Sprintf("annotation %q", name),
					Reason: fmt.Sprintf("Annotations sets it, and %s: leave it out of Annotations", givenBy(a.Alert, name))})
			}
		}
	}
	return out
}

// givenBy returns the field that gives an annotation.
func givenBy(a rules.Alert, name string) string {
	switch name {
	case api.RunbookURL:
		return "the RunbookURL of the site gives it"
	case api.Dashboard:
		return "it is the link to the panel of the alert"
	case api.EvaluatedAt, api.ResolveWithin, api.ResolveAfter:
		return "the generator gives it, so that the webhook can prove the end of the alert"
	case api.Title:
		if a.Title == "" {
			return "without Title it is the name of the alert in words"
		}
	}
	fields := map[string]string{
		api.Title: "Title", api.Summary: "Summary", api.Reason: "Reason", api.Headline: "Headline", api.ListTitle: "ListTitle", api.Actions: "Actions",
	}
	if field, ok := fields[name]; ok {
		return field + " gives it"
	}
	return "Translations gives it"
}

// languageName matches the suffix of an annotation after "_".
var languageName = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

// badLanguage explains why a key of translations is not a language, or returns
// "". The texts of a language become annotations: summary_ko.
func badLanguage(key string) string {
	if key == "" {
		return `a language has no name: write its tag, such as "ko"`
	}
	if api.In(api.Title, key) == api.Title {
		return "English is the language of the alert's own texts: write them there"
	}
	tag, err := language.Raw.Parse(key)
	if err != nil {
		return `it is no language: write its tag, such as "ko" or "pt_BR"`
	}
	if canonical := strings.ReplaceAll(tag.String(), "-", "_"); canonical != key || !languageName.MatchString(key) {
		return fmt.Sprintf("its texts are annotations that end in the name of the language: write %q", canonical)
	}
	return ""
}
