package measure

import (
	"slices"
	"strings"
)

// koreanUnits are the units after a number, the longest first.
var koreanUnits = []struct {
	name string
	unit Unit
}{
	{"밀리초", Unit{Time, []float64{1e-3}}}, {"퍼센트", Unit{Kind: Percent}}, {"백분위", Unit{Percentile, []float64{0.01}}},
	{"개월", Unit{Time, []float64{30 * day}}}, {"시간", Unit{Time, []float64{3600}}}, {"주기", Unit{Kind: Intervals}},
	{"초", Unit{Time, []float64{1}}}, {"분", Unit{Time, []float64{60}}}, {"일", Unit{Time, []float64{day}}}, {"주", Unit{Time, []float64{7 * day}}},
	{"번", Unit{Kind: Times}}, {"회", Unit{Kind: Times}},
}

// koreanOther are words that start like a unit: exceeding, quarter, when it is,
// warning. "번째" makes an ordinal, "분의" a fraction.
var koreanOther = []string{
	"초과", "초기", "초당", "분기", "분류", "분리", "분석", "분산", "분의", "일때", "일부", "일치", "일반", "일정", "주의", "주요", "주세요",
	"번째", "번호", "번지", "회선", "회복", "회전", "회원",
}

func koreanUnit(word string) (Unit, bool) {
	if slices.ContainsFunc(koreanOther, func(other string) bool { return strings.HasPrefix(word, other) }) {
		return Unit{}, false
	}
	for _, k := range koreanUnits {
		if strings.HasPrefix(word, k.name) {
			return k.unit, true
		}
	}
	return Unit{}, false
}

// koreanWords are the native numerals in their form before a unit.
var koreanWords = map[string]float64{
	"한": 1, "하나": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9, "열": 10, "열한": 11, "열두": 12,
}

// koreanNumber parses a numeral with the unit after it: "세 번", "두시간". "한 일" is
// not a number: a day is "하루".
func koreanNumber(w, after word) (float64, Unit, bool) {
	if v, ok := koreanWords[w.text]; ok && !w.stop {
		u, ok := koreanUnit(after.text)
		return v, u, ok && (v != 1 || !strings.HasPrefix(after.text, "일"))
	}
	for name, v := range koreanWords {
		if rest, ok := strings.CutPrefix(w.text, name); ok && len(name) < len(w.text) {
			if u, ok := koreanUnit(rest); ok && whole(rest) {
				return v, u, true
			}
		}
	}
	return 0, Unit{}, false
}

// whole reports whether a word is a unit, with or without a particle. Days and
// weeks occur in other words: "세일" is a sale.
func whole(word string) bool {
	for _, k := range koreanUnits {
		if k.name == "일" || k.name == "주" {
			continue
		}
		if rest, ok := strings.CutPrefix(word, k.name); ok {
			return rest == "" || slices.Contains([]string{"간", "동안", "이상", "이하", "미만", "넘게", "마다", "의", "이", "을", "은", "만", "씩", "뒤", "후", "전"}, rest)
		}
	}
	return false
}
