package checker

import (
	"math"
	"strconv"
	"strings"
)

// Measurement is a number that a check compares with limits. It is shown for a
// target that passes, too.
type Measurement struct {
	Value      float64
	Unit       string // with a space before a word or symbol that needs one: " s", "%"
	Warn, Fail Limit
}

// Limit is the range outside of which a measurement warns or fails. nil is no
// limit.
type Limit struct{ Above, Below *float64 }

// String returns the number and its limits: "41 (fails above 95)".
func (m Measurement) String() string { return m.in(english) }

// Number returns the number with its unit.
func (m Measurement) Number() string { return m.number(m.Value) }

// number shows all digits of a whole number: it may differ from a limit in the last one.
func (m Measurement) number(v float64) string {
	const exact = 1e15
	if v == math.Trunc(v) && math.Abs(v) < exact {
		return strconv.FormatFloat(v, 'f', 0, 64) + m.Unit
	}
	return strconv.FormatFloat(v, 'g', 6, 64) + m.Unit
}

// in returns the text in a language.
func (m Measurement) in(language string) string {
	words := wordsIn(language)
	var limits []string
	for _, l := range []struct {
		Limit
		above, below string
	}{{m.Warn, words.warnsAbove, words.warnsBelow}, {m.Fail, words.failsAbove, words.failsBelow}} {
		if l.Above != nil {
			limits = append(limits, strings.Replace(l.above, "N", m.number(*l.Above), 1))
		}
		if l.Below != nil {
			limits = append(limits, strings.Replace(l.below, "N", m.number(*l.Below), 1))
		}
	}
	if len(limits) == 0 {
		return m.Number()
	}
	return m.Number() + " (" + strings.Join(limits, ", ") + ")"
}
