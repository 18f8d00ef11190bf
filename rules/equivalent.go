package rules

import "github.com/alertnative/preflight/finding"

// AllEquivalents returns the alert's equivalents, and those of what the generator adds
// to its expression.
func (a Alert) AllEquivalents() []finding.Equivalent {
	out := a.Equivalents
	if a.HoldWhileDown != "" {
		out = append(out[:len(out):len(out)], finding.Equivalent{
			Mutant: "group → count", Why: "ALERTS is read for its labels only, its value is not",
		})
	}
	return out
}

// anyFailure is why a sum of increases above zero can as well be a maximum.
var anyFailure = finding.Equivalent{Mutant: "sum → max", Why: "increases are never negative: their sum is above 0 when one of them is"}
