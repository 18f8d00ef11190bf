package exposition

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Parse reads a text and returns its families by name. It reads what expfmt
// reads with the names of Prometheus 2, and to the same families, but for two
// texts that no program writes:
//
//   - A count with a fraction. The last of two lines counts, not the one with
//     the fraction.
//   - A histogram or summary whose name is inside the braces. expfmt panics, or
//     adds the sample to another family.
//
// The error has the number of the line, but not its text: a file that is not one
// of metrics may hold secrets.
func Parse(text string) (map[string]*Family, error) {
	p := parser{families: map[string]*Family{}, distributions: map[string]int{}}
	for n := 1; text != ""; n++ {
		l, rest, ended := strings.Cut(text, "\n")
		if err := p.line(l, ended); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		text = rest
	}
	for name, f := range p.families {
		if len(f.Series) == 0 {
			delete(p.families, name)
		}
	}
	return p.families, nil
}

type parser struct {
	families      map[string]*Family
	distributions map[string]int // places in their families, by family and labels
	labels        []Label        // those of the line
}

func (p *parser) line(text string, ended bool) error {
	l := line{text}
	l.skipBlanks()
	switch {
	case l.rest == "":
		return nil
	case !ended:
		return errors.New("the line is cut off")
	case l.skip('#'):
		return p.comment(&l)
	default:
		return p.sample(&l)
	}
}

// comment reads a HELP or a TYPE, and skips other comments.
func (p *parser) comment(l *line) error {
	l.skipBlanks()
	keyword := l.word()
	if keyword != "HELP" && keyword != "TYPE" || l.rest == "" {
		return nil
	}
	l.skipBlanks()
	name, err := l.name(true)
	if err != nil || l.rest == "" {
		return err
	}
	if !isBlank(l.rest[0]) {
		return errors.New("invalid metric name in comment")
	}
	f, _, err := p.family(name)
	if err != nil {
		return err
	}
	l.skipBlanks()
	switch {
	case l.rest == "":
		return nil
	case keyword == "HELP" && f.Help != "":
		return fmt.Errorf("second HELP line of %s", f.Name)
	case keyword == "HELP":
		f.Help, err = unescape(l.rest)
	case f.Type != "":
		return fmt.Errorf("second TYPE line of %s, or one behind its samples", f.Name)
	default:
		f.Type, err = typeNamed(l.rest)
	}
	return err
}

// typeNamed tolerates what expfmt does: any case, and backslashes.
func typeNamed(text string) (Type, error) {
	name := strings.ToLower(strings.ToUpper(strings.ReplaceAll(text, `\`, "")))
	if name == "gaugehistogram" { // the spelling of OpenMetrics
		return GaugeHistogram, nil
	}
	if t := Type(name); slices.Contains([]Type{Counter, Gauge, Untyped, Summary, Histogram, GaugeHistogram}, t) {
		return t, nil
	}
	return "", errors.New("unknown type of a metric")
}

// family returns the family of a name, which may be that of a sample, and the
// suffix of the sample.
func (p *parser) family(name string) (f *Family, suffix string, err error) {
	if f = p.families[name]; f != nil {
		return f, "", nil
	}
	if !IsName(name) {
		return nil, "", errors.New("invalid metric name")
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		stem, ok := strings.CutSuffix(name, suffix)
		if f = p.families[stem]; !ok || f == nil {
			continue
		}
		if label, ok := f.Type.distributed(); ok && (label == "le" || suffix != "_bucket") {
			return f, suffix, nil
		}
	}
	f = &Family{Name: name}
	p.families[name] = f
	return f, "", nil
}

// sample reads name{label="value"} number timestamp.
func (p *parser) sample(l *line) error {
	inside := strings.HasPrefix(l.rest, "{")
	name, err := l.name(true)
	if err != nil {
		return err
	}
	l.skipBlanks()
	p.labels = p.labels[:0]
	if l.skip('{') {
		var within string
		if p.labels, within, err = l.labels(p.labels, inside); err != nil {
			return err
		}
		if inside {
			name = within
		}
	}
	f, suffix, err := p.family(name)
	if err != nil {
		return err
	}
	if f.Type == "" {
		f.Type = Untyped
	}
	at, err := p.takePoint(f.Type)
	if err != nil {
		return err
	}
	l.skipBlanks()
	value, err := parseFloat(l.word())
	if err != nil {
		return err
	}
	s := p.series(f)
	if err := s.set(f.Type, suffix, at, value); err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	if l.rest == "" {
		return nil
	}
	l.skipBlanks()
	timestamp, err := strconv.ParseInt(l.word(), 10, 64)
	if err != nil || l.rest != "" {
		return errors.New("expected a whole number as timestamp at the end of the line")
	}
	s.Timestamp = &timestamp
	return nil
}

// takePoint removes the label of a point from the labels, and returns its value,
// or NaN without one. No other label may be there twice.
func (p *parser) takePoint(t Type) (at float64, err error) {
	at = math.NaN()
	if label, ok := t.distributed(); ok {
		p.labels = slices.DeleteFunc(p.labels, func(l Label) bool {
			if l.Name != label || err != nil {
				return false
			}
			at, err = parseFloat(l.Value)
			return true
		})
	}
	for i, l := range p.labels {
		if slices.ContainsFunc(p.labels[:i], func(other Label) bool { return other.Name == l.Name }) {
			return at, errors.New("a label is there twice")
		}
	}
	return at, err
}

// series returns the distribution with the labels of the line, else a new
// series.
func (p *parser) series(f *Family) *Series {
	_, distributed := f.Type.distributed()
	if !distributed {
		f.Series = append(f.Series, Series{Labels: slices.Clone(p.labels)})
		return &f.Series[len(f.Series)-1]
	}
	if last := len(f.Series) - 1; last >= 0 && slices.Equal(f.Series[last].Labels, p.labels) {
		return &f.Series[last]
	}
	id := f.Name + "\xff" + signature(p.labels)
	i, ok := p.distributions[id]
	if !ok {
		i = len(f.Series)
		p.distributions[id] = i
		f.Series = append(f.Series, Series{Labels: slices.Clone(p.labels), Dist: &Distribution{}})
	}
	return &f.Series[i]
}

// signature is a key of labels in which an empty label counts.
func signature(labels []Label) string {
	pairs := make([]string, len(labels))
	for i, l := range labels {
		pairs[i] = l.Name + "\xff" + l.Value
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "\xff")
}

// set sets the value of a sample. at is the label of a point.
func (s *Series) set(t Type, suffix string, at, value float64) error {
	switch {
	case s.Dist == nil:
		s.Value = value
	case suffix == "_sum":
		s.Dist.Sum = value
	case suffix == "_count" && t == Summary:
		s.Dist.Count = float64(uint64(value))
	case t != Summary && value < 0 && (suffix == "_count" || !math.IsNaN(at)):
		return errors.New("negative count")
	case suffix == "_count":
		s.Dist.Count = value
	case !math.IsNaN(at):
		s.Dist.Points = append(s.Dist.Points, Point{at, value})
	}
	return nil
}

// parseFloat reads a number of the text format, which knows no hexadecimal
// numbers and no underscores.
func parseFloat(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.ContainsAny(text, "pP_") {
		return 0, errors.New("expected a number")
	}
	return v, nil
}
