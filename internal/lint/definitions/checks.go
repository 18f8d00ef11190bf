package definitions

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/finding"
)

// checkLabel is the label with the name of a check.
const checkLabel = "check"

var reasonName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// Explained returns the checks whose reasons the runbook of an alert explains:
// those of its pack, and of all packs if its instances name a check. If an
// alert of the site shows reasons, only such alerts do.
func (c *Checked) Explained(a Alert) []spec.Spec {
	shows := func(x Alert) bool { return x.Reason != "" }
	names := a.Labels.Can(checkLabel)
	if !shows(a) && (!names || slices.ContainsFunc(c.Alerts, shows)) {
		return nil
	}
	var out []spec.Spec
	for _, check := range c.Checks {
		if names || slices.Contains(check.Packs, a.Group.Pack) {
			out = append(out, check.Spec)
		}
	}
	return out
}

// checks checks the packs' checks: the texts that runbooks show, and whether a
// runbook shows them.
func (c *Checked) checks() []finding.Finding {
	var out []finding.Finding
	for _, check := range c.Checks {
		add := func(code finding.Code, part, format string, args ...any) {
			out = append(out, finding.Finding{Code: code, Where: fmt.Sprintf("check %q", check.Name), Part: part, Reason: fmt.Sprintf(format, args...)})
		}
		if check.Looks == "" {
			add(finding.Incomplete, "", "has no Looks: describe in one line what it looks at")
		}
		if check.Timeout < 0 {
			add(finding.Incomplete, "", "its Timeout %s is negative", check.Timeout)
		}
		for part, problem := range reasonProblems(check.Reasons) {
			add(finding.Incomplete, part, "%s", problem)
		}
		for _, language := range slices.Sorted(maps.Keys(check.Translations)) {
			part := fmt.Sprintf("Translations[%q]", language)
			if reason := badLanguage(language); reason != "" {
				add(finding.NoTranslation, part, "%s", reason)
				continue
			}
			out = append(out, translated(check.Spec, language)...)
		}
		if !slices.ContainsFunc(c.Alerts, func(a Alert) bool {
			return slices.ContainsFunc(c.Explained(a), func(x spec.Spec) bool { return x.Name == check.Name })
		}) {
			add(finding.NotShown, "", "no runbook explains it: no alert of the pack %s shows a Reason, and none of another pack has a Reason and the label %q; give one a Reason, or leave the check out of Checks",
				strings.Join(check.Packs, ", "), checkLabel)
		}
	}
	return out
}

// translated checks the texts of a check in another language.
func translated(check spec.Spec, language string) []finding.Finding {
	var out []finding.Finding
	t := check.Translations[language]
	compare := func(part, own, twin string) {
		part = fmt.Sprintf("Translations[%q].%s", language, part)
		for _, x := range contradictions(own, twin, language) {
			out = append(out, finding.Finding{
				Code: finding.OtherMeaning, Where: fmt.Sprintf("check %q", check.Name), Part: part, Text: twin, From: x.from, To: x.to, Reason: x.reason,
			})
		}
	}
	compare("Looks", check.Looks, t.Looks)
	for _, r := range t.Reasons {
		i := slices.IndexFunc(check.AllReasons(), func(x spec.Reason) bool { return x.Name == r.Name })
		if i < 0 {
			out = append(out, finding.Finding{Code: finding.NoTranslation, Where: fmt.Sprintf("check %q", check.Name), Part: fmt.Sprintf("Translations[%q]", language),
				Reason: fmt.Sprintf("it has the reason %q, which the check does not have", r.Name)})
			continue
		}
		own := check.AllReasons()[i]
		compare(fmt.Sprintf("reason %q, Meaning", r.Name), own.Meaning, r.Meaning)
		compare(fmt.Sprintf("reason %q, Remedy", r.Name), own.Remedy, r.Remedy)
	}
	return out
}

// reasonProblems yields the mistakes in the reasons of a check, each with its
// part.
func reasonProblems(reasons []spec.Reason) func(yield func(part, problem string) bool) {
	return func(yield func(part, problem string) bool) {
		seen := map[string]bool{}
		for i, r := range reasons {
			part := fmt.Sprintf("reason %q", r.Name)
			for _, p := range []struct {
				wrong   bool
				problem string
			}{
				{r.Name == "", fmt.Sprintf("reason %d has no Name", i+1)},
				{r.Name != "" && !reasonName.MatchString(r.Name), "the Name is a label's value: write it in snake_case"},
				{seen[r.Name], "the check has it twice"},
				{r.Name == spec.InternalError, "every check has it: leave it out"},
				{r.Meaning == "", "has no Meaning: describe the observation"},
				{r.Remedy == "", "has no Remedy: describe the fix"},
			} {
				if p.wrong && !yield(part, p.problem) {
					return
				}
			}
			seen[r.Name] = true
		}
	}
}
