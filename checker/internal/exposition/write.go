package exposition

import (
	"math"
	"strconv"
	"strings"
)

// Append appends the text of the family.
func (f Family) Append(out []byte) []byte {
	if f.Help != "" {
		out = append(append(append(out, "# HELP "...), f.Name...), ' ')
		out = append(appendEscaped(out, f.Help, false), '\n')
	}
	kind := f.Type
	if kind == GaugeHistogram {
		kind = Histogram
	}
	out = append(append(append(out, "# TYPE "...), f.Name...), ' ')
	out = append(append(out, kind...), '\n')
	for _, s := range f.Series {
		label, distributed := kind.distributed()
		if !distributed {
			out = f.sample(out, s, "", "", 0, s.Value)
			continue
		}
		suffix, whole := "", kind == Summary
		if kind == Histogram {
			suffix = "_bucket"
		}
		for _, p := range s.Dist.Points {
			out = f.sample(out, s, suffix, label, p.At, p.Value)
			whole = whole || math.IsInf(p.At, 1)
		}
		if !whole {
			out = f.sample(out, s, suffix, label, math.Inf(1), s.Dist.Count)
		}
		out = f.sample(out, s, "_sum", "", 0, s.Dist.Sum)
		out = f.sample(out, s, "_count", "", 0, s.Dist.Count)
	}
	return out
}

// sample appends a line. A sample of a point has one label more.
func (f Family) sample(out []byte, s Series, suffix, label string, at, value float64) []byte {
	out = append(append(out, f.Name...), suffix...)
	separator := byte('{')
	for _, l := range s.Labels {
		out = append(append(append(out, separator), l.Name...), `="`...)
		out = append(appendEscaped(out, l.Value, true), '"')
		separator = ','
	}
	if label != "" {
		out = append(append(append(out, separator), label...), `="`...)
		out = append(appendFloat(out, at), '"')
		separator = ','
	}
	if separator == ',' {
		out = append(out, '}')
	}
	out = appendFloat(append(out, ' '), value)
	if s.Timestamp != nil {
		out = strconv.AppendInt(append(out, ' '), *s.Timestamp, 10)
	}
	return append(out, '\n')
}

var (
	escaper       = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	quotedEscaper = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

func appendEscaped(out []byte, text string, quoted bool) []byte {
	if quoted {
		return append(out, quotedEscaper.Replace(text)...)
	}
	return append(out, escaper.Replace(text)...)
}

// appendFloat writes a negative zero as 0, as expfmt does.
func appendFloat(out []byte, v float64) []byte {
	if v == 0 {
		return append(out, '0')
	}
	return strconv.AppendFloat(out, v, 'g', -1, 64)
}
