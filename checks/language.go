package checks

import (
	"cmp"
	"slices"
)

// Language is one that people read.
type Language string

// The languages.
const (
	English Language = "en"
	Korean  Language = "ko"
)

// Languages returns the languages, for a flag.
func Languages() []string { return []string{string(English), string(Korean)} }

// Twin is the texts of a [Spec] in another language. What is left out is shown
// in English.
type Twin struct {
	Name    string // only shown: the label "check" stays as it is
	Looks   string
	Reasons []Reason // of the same names
}

// Shown is what people are told of a [Spec], in one language.
type Shown struct {
	Name, Looks string
	Reasons     []Reason // all of them
}

// In returns the texts of the spec in that language.
func (s Spec) In(l Language) Shown {
	out := Shown{s.Name, s.Looks, s.AllReasons()}
	if l != Korean {
		return out
	}
	shipped := shippedKorean(s.Name)
	twins := slices.Concat(s.Korean.Reasons, shipped.Reasons, commonKorean())
	for i, r := range out.Reasons {
		out.Reasons[i] = r.or(twins)
	}
	out.Name, out.Looks = cmp.Or(s.Korean.Name, shipped.Name, s.Name), cmp.Or(s.Korean.Looks, shipped.Looks, s.Looks)
	return out
}

// Reason returns the reason of that name.
func (s Shown) Reason(name string) Reason {
	for _, r := range s.Reasons {
		if r.Name == name {
			return r
		}
	}
	return Reason{Name: name}
}

// or returns the twin of the reason, as far as there is one.
func (r Reason) or(twins []Reason) Reason {
	for _, t := range twins {
		if t.Name == r.Name {
			return Reason{r.Name, cmp.Or(t.Meaning, r.Meaning), cmp.Or(t.Remedy, r.Remedy)}
		}
	}
	return r
}

// words are the texts of the terminal and of the page that no check supplies.
type words struct {
	summary, ready, yes, no, todo string
	why                           map[string]string // those of skipped checks
}

func (l Language) words() words {
	if l == Korean {
		return words{
			summary: "합계: %d / PASS: %d / FAIL: %d / WARN: %d / SKIP: %d", ready: "LIVE 준비 완료: %s", yes: "예", no: "아니오", todo: "조치:",
			why: map[string]string{
				whyNotSelected: "선택되지 않음", whyNotReal: "--real-check 필요",
				whyNoTargets: "preflight.yml에 점검 대상이 없음", whyInterrupted: "실행이 중단됨",
			},
		}
	}
	return words{
		summary: "Total: %d / PASS: %d / FAIL: %d / WARN: %d / SKIP: %d", ready: "Ready for LIVE: %s", yes: "True", no: "False", todo: "What to do:",
	}
}
