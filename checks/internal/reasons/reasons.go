// Package reasons holds the reasons that several checks share, in English and
// Korean.
package reasons

import "github.com/alertnative/preflight/checker/spec"

// Reason is a reason of a check in both languages.
type Reason struct {
	Name                        string
	Meaning, Remedy             string
	KoreanMeaning, KoreanRemedy string
}

// List holds the reasons of a check.
type List []Reason

// English returns the reasons in English.
func (l List) English() []spec.Reason {
	out := make([]spec.Reason, len(l))
	for i, r := range l {
		out[i] = spec.Reason{Name: r.Name, Meaning: r.Meaning, Remedy: r.Remedy}
	}
	return out
}

// Korean returns the Korean translations. name and looks may be "".
func (l List) Korean(name, looks string) map[string]spec.Translation {
	t := spec.Translation{Name: name, Looks: looks, Reasons: make([]spec.Reason, len(l))}
	for i, r := range l {
		t.Reasons[i] = spec.Reason{Name: r.Name, Meaning: r.KoreanMeaning, Remedy: r.KoreanRemedy}
	}
	return map[string]spec.Translation{"ko": t}
}

// Without returns the list without one reason.
func (l List) Without(name string) List {
	var kept List
	for _, r := range l {
		if r.Name != name {
			kept = append(kept, r)
		}
	}
	return kept
}
