package rules

// Waiver excuses a mutant that no test can notice, because the rule means the
// same with it. Each is checked: on random series the mutant must give what the
// rule gives, and a waiver that excuses nothing is an error.
type Waiver struct {
	// Mutant names the change as "preflight-gen mutate" shows it: "sum → max".
	Mutant string
	Why    string
}

// AllWaivers returns the alert's waivers, and those of what the generator adds
// to its expression.
func (a Alert) AllWaivers() []Waiver {
	out := a.Waivers
	if a.HoldWhileDown != "" {
		out = append(out[:len(out):len(out)], Waiver{
			"group → count", "ALERTS is read for its labels only, its value is not",
		})
	}
	return out
}

// anyFailure is why a sum of increases above zero can as well be a maximum.
var anyFailure = Waiver{"sum → max", "increases are never negative: their sum is above 0 when one of them is"}
