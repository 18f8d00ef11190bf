package rules

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/alertnative/preflight/finding"
)

var alertName = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)

// Validate returns every mistake in the groups' definitions that can be seen
// without reading PromQL.
func Validate(groups []Group) error {
	var errs []error
	owner := map[string]string{}
	for _, g := range groups {
		if g.Name == "" {
			errs = append(errs, errors.New("a group has no name"))
		}
		if other, taken := owner["group "+g.Name]; taken {
			errs = append(errs, fmt.Errorf("group %q is defined twice (%s)", g.Name, other))
		}
		owner["group "+g.Name] = "rename one"
		for _, a := range g.Alerts {
			if other, taken := owner[a.Name]; taken {
				errs = append(errs, fmt.Errorf("alert %q is defined twice, in the groups %q and %q", a.Name, other, g.Name))
			}
			owner[a.Name] = g.Name
			errs = append(errs, a.problems()...)
		}
	}
	return errors.Join(errs...)
}

// problems lists what the alert lacks.
func (a Alert) problems() []error {
	var out []error
	where := fmt.Sprintf("alert %q", a.Name)
	need := func(ok bool, problem string) {
		if !ok {
			out = append(out, fmt.Errorf("%s: %s", where, problem))
		}
	}
	coded := func(code finding.Code, ok bool, problem string) {
		if !ok {
			out = append(out, finding.Finding{Code: code, Where: where, Reason: problem})
		}
	}
	need(alertName.MatchString(a.Name), "its name must be in CamelCase")
	need(a.Expr != "", "has no Expr")
	need(a.Priority == "" || slices.Contains(Priorities(), a.Priority),
		fmt.Sprintf("priority %q is none of %v", a.Priority, Priorities()))
	coded("DF001", a.About != "", "has no About: say in the runbook what it means")
	if a.Priority != "" {
		coded("DF001", a.Title.EN != "", "has no Title")
		coded("DF001", a.Summary.EN != "", "has no Summary")
		coded("DF001", len(a.Actions) > 0, "has no Actions: say what to do")
	}
	if a.Untested != "" {
		need(len(a.Scenarios) == 0, "has scenarios and says why it has none: delete Untested")
		return out
	}
	fires, quiet := false, false
	for _, s := range a.Scenarios {
		for _, e := range s.Expect {
			fires = fires || len(e.Firing) > 0
			quiet = quiet || len(e.Firing) == 0
		}
	}
	coded("DF003", fires, "no scenario makes it fire")
	coded("DF003", quiet || a.Priority == "", "no scenario keeps it quiet")
	return out
}
