package definitions

import (
	"regexp"
	"strings"
)

// status is a result in English and Korean texts. The Korean word may translate
// other English ones too.
type status struct{ own, twin, others *regexp.Regexp }

var statuses = []status{
	{
		regexp.MustCompile(`(?i)\bfail(?:s|ed|ing|ures?)?\b`), regexp.MustCompile(`실패`),
		regexp.MustCompile(`(?i)\b(?:fail|error|cannot|could|unable|unsuccess|refus|reject|broken|los[et]|miss|down|crash|abort|invalid|time|never|not?\b)|n't\b`),
	},
	{
		regexp.MustCompile(`(?i)\bwarn(?:s|ed|ings?)?\b`), regexp.MustCompile(`경고`),
		regexp.MustCompile(`(?i)\b(?:warn|alert|alarm|caution|notice|notif)`),
	},
	{
		regexp.MustCompile(`(?i)\bpass(?:es|ed|ing)?\b`), regexp.MustCompile(`통과`),
		regexp.MustCompile(`(?i)\b(?:pass|succe|through|accept|ok\b)`),
	},
}

// otherWord is a part of a translation that differs from the text.
type otherWord struct {
	from, to int
	own      string // words of the text
}

// code matches text for programs, which is the same in every language.
var code = regexp.MustCompile("`[^`]*`")

// prose blanks actions and code, so that positions do not change.
func prose(text string) string {
	return code.ReplaceAllStringFunc(withoutActions(text), func(m string) string { return strings.Repeat(" ", len(m)) })
}

// otherStatus returns the statuses of a Korean text that contradict the English
// text, and a requirement that only one of them has.
func otherStatus(own, twin string) []otherWord {
	own, twin = prose(own), prose(twin)
	for _, name := range []string{"PASS", "FAIL", "WARN"} {
		if strings.Contains(twin, name) { // both texts contain the name
			own = strings.ReplaceAll(own, name, strings.Repeat(" ", len(name)))
		}
	}
	var lost []string // statuses in the English text only
	for _, s := range statuses {
		if word := s.own.FindString(own); word != "" && !s.twin.MatchString(twin) {
			lost = append(lost, word)
		}
	}
	var out []otherWord
	for _, s := range statuses {
		if at := s.twin.FindStringIndex(twin); at != nil && len(lost) > 0 && !s.others.MatchString(own) {
			out = append(out, otherWord{at[0], at[1], lost[0]})
		}
	}
	return append(out, otherNeed(own, twin)...)
}

var (
	noNeed = regexp.MustCompile(`(?i)\bnothing(?: to\b| needs?\b| if\b| more\b| (?:is |else )?(?:needed|required|necessary)\b|\s*:|\s*$)` +
		`|\b(?:no|not)(?: \w+){0,3}? (?:needed|necessary|required)\b|\bno need\b|(?:\b(?:do|does|did|need) not|n't) need\b|\bneeds? not\b|\bneedn't|\bunnecessary\b|\bneedless`)
	need = regexp.MustCompile(`(?i)\b(?:need(?:s|ed)?|necessary|requires?|required)\b`)

	// The clause must end: in "필요한 파일" the word only describes the file.
	ends         = `(?:함|합니다|하다|해요)?\s*(?:[:.,;)]|$)`
	noNeedKorean = regexp.MustCompile(`불필요` + ends + `|필요(?:가|는|도|하지|치)?\s*(?:없음|없습니다|없다|않음|않습니다|않다)`)
	needKorean   = regexp.MustCompile(`필요` + ends)
)

// otherNeed returns the place where a Korean text contradicts a requirement of
// the English one. A text that has both is not checked.
func otherNeed(own, twin string) []otherWord {
	denied := noNeed.FindString(own)
	needed := need.FindString(noNeed.ReplaceAllString(own, ""))
	deniedAt := noNeedKorean.FindStringIndex(twin)
	neededAt := needKorean.FindStringIndex(noNeedKorean.ReplaceAllStringFunc(twin, func(m string) string { return strings.Repeat(" ", len(m)) }))
	switch {
	case denied != "" && needed == "" && deniedAt == nil && neededAt != nil:
		return []otherWord{{neededAt[0], neededAt[1], strings.TrimRight(denied, " :")}}
	case denied == "" && needed != "" && deniedAt != nil && neededAt == nil:
		return []otherWord{{deniedAt[0], deniedAt[1], needed}}
	}
	return nil
}
