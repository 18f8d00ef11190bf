package rules

import (
	"maps"
	"strconv"
	"strings"
)

// Scenario proves a rule: series in, firing instances or samples out.
type Scenario struct {
	Name string
	Step string // time between two values, "1m" when not given; each value holds until the next
	// Series has one series a line, in the notation of Prometheus's tests:
	// metric{label="value"} 0 1x9 stale. ENV is an environment, OTHER every
	// other one.
	Series string
	Expect []Expect
}

// Expect lists exactly what fires, or is recorded, at a moment. [Fires],
// [Quiet] and [Samples] make one.
type Expect struct {
	At        string // "10m", "3runs", "3runs+1m"
	Instances []Instance
}

// Instance is one firing alert or recorded sample.
type Instance struct {
	Labels string            // of the expression: env="prod", team="payments"
	Texts  map[string]string // annotations whose template does more than name a label
	Value  float64           // of a recorded sample
}

// Quiet expects that nothing fires.
func Quiet(at string) Expect { return Expect{At: at} }

// Fires expects these instances and no others, each by its labels. Without any
// it expects one instance without labels.
func Fires(at string, labels ...string) Expect {
	if len(labels) == 0 {
		labels = []string{""}
	}
	e := Expect{At: at}
	for _, l := range labels {
		e = e.And(l)
	}
	return e
}

// And expects one more instance.
func (e Expect) And(labels string) Expect {
	e.Instances = append(e.Instances[:len(e.Instances):len(e.Instances)], Instance{Labels: labels})
	return e
}

// Says expects a text of the last instance, by the name of the annotation.
// Without an instance it changes nothing.
func (e Expect) Says(annotation, text string) Expect {
	if len(e.Instances) == 0 {
		return e
	}
	e.Instances = append([]Instance{}, e.Instances...)
	last := &e.Instances[len(e.Instances)-1]
	texts := map[string]string{}
	maps.Copy(texts, last.Texts)
	texts[annotation] = text
	last.Texts = texts
	return e
}

// Samples expects these samples of a recording rule and no others:
// env="prod" 0.02. A text without a number at its end is a finding of the
// generator.
func Samples(at string, samples ...string) Expect {
	e := Expect{At: at}
	for _, s := range samples {
		s = strings.TrimSpace(s)
		i := strings.LastIndexAny(s, " \t")
		v, err := strconv.ParseFloat(s[i+1:], 64)
		if err != nil {
			e.Instances = append(e.Instances, Instance{Labels: s})
			continue
		}
		e.Instances = append(e.Instances, Instance{Labels: strings.TrimSpace(s[:i+1]), Value: v})
	}
	return e
}
