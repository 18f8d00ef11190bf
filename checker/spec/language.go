package spec

import "cmp"

// Translation holds the texts of a Spec in another language. Missing texts are
// shown in English.
type Translation struct {
	Name    string // shown to people; the label "check" keeps the spec's name
	Looks   string
	Reasons []Reason // reasons with the spec's names
}

// Reason returns the reason of that name.
func (t Translation) Reason(name string) Reason {
	for _, r := range t.Reasons {
		if r.Name == name {
			return r
		}
	}
	return Reason{Name: name}
}

// In returns the texts of the spec in a language, with all reasons. Missing
// translations are in English.
func (s Spec) In(language string) Translation {
	out := Translation{s.Name, s.Looks, s.AllReasons()}
	t, ok := s.Translations[language]
	if !ok && language != korean {
		return out
	}
	out.Name, out.Looks = cmp.Or(t.Name, s.Name), cmp.Or(t.Looks, s.Looks)
	if language == korean {
		t.Reasons = append(t.Reasons[:len(t.Reasons):len(t.Reasons)], Reason{
			InternalError, "점검 자체가 고장 남", "증거 파일과 함께 보고: 대상의 상태는 알 수 없음",
		})
	}
	for i, r := range out.Reasons {
		translated := t.Reason(r.Name)
		out.Reasons[i] = Reason{r.Name, cmp.Or(translated.Meaning, r.Meaning), cmp.Or(translated.Remedy, r.Remedy)}
	}
	return out
}

const korean = "ko"
