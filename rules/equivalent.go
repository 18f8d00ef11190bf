package rules

// Equivalent excuses a mutant that no test can notice, because the rule means the
// same with it. Each is checked: on random series the mutant must give what the
// rule gives, and a waiver that excuses nothing is an error.
type Equivalent struct {
	// Mutant names the change as "preflight-gen mutate" shows it: "sum → max".
	Mutant string
	Why    string
}

// AllEquivalents returns the alert's equivalents, and those of what the generator adds
// to its expression.
func (a Alert) AllEquivalents() []Equivalent {
	out := a.Equivalents
	if a.HoldWhileDown != "" {
		out = append(out[:len(out):len(out)], Equivalent{
			"group → count", "ALERTS is read for its labels only, its value is not",
		})
	}
	return out
}

// anyFailure is why a sum of increases above zero can as well be a maximum.
var anyFailure = Equivalent{"sum → max", "increases are never negative: their sum is above 0 when one of them is"}
