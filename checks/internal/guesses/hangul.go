package guesses

import (
	"strings"
)

// The keys of the Korean keyboard, in the order of Unicode.
var (
	initials = strings.Fields("r R s e E f a q Q t T d w W c z x v g")
	vowels   = strings.Fields("k o i O j p u P h hk ho hl y n nj np nl b m ml l")
	finals   = strings.Fields("r R rt s sw sg e f fr fa fq ft fx fv fg a q qt t T d w c z x v g")
	single   = strings.Fields("r R rt s sw sg e E f fr fa fq ft fx fv fg a q Q qt t T d w W c z x v g")
)

// typed returns the keys that type a text. An attacker tries both "비밀번호" and
// "qlalfqjsgh". Wide letters count as the usual ones.
func typed(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r >= 0x80 }) < 0 {
		return text
	}
	var out strings.Builder
	for _, r := range text {
		at := func(first rune, keys []string) bool {
			i := int(r - first)
			if i < 0 || i >= len(keys) {
				return false
			}
			out.WriteString(keys[i])
			return true
		}
		switch {
		case r >= '가' && r <= '힣':
			const perVowel, perInitial = 28, 21 * 28
			i := int(r - '가')
			out.WriteString(initials[i/perInitial] + vowels[i%perInitial/perVowel])
			if final := i % perVowel; final > 0 {
				out.WriteString(finals[final-1])
			}
		case at('ㄱ', single), at('ㅏ', vowels), at(0x1100, initials), at(0x1161, vowels), at(0x11a8, finals):
		case r >= '！' && r <= '～':
			out.WriteRune(r - '！' + '!')
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}
