package rules

import (
	"cmp"
	"fmt"
	"maps"
	"strconv"
	"strings"
)

// Scenario proves a rule: input series, and the expected instances or samples.
type Scenario struct {
	Name string
	Step string // time between two values, "1m" by default; each value holds until the next
	// Series has one series per line, in the notation of Prometheus's tests:
	// metric{label="value"} 0 1x9 stale. ENV stands for an environment, OTHER
	// for every other one.
	Series string
	Expect []Expect
}

// Expect is the exact result of a rule at a moment. [Fires], [Quiet] and
// [Samples] return one.
type Expect struct {
	At        string // "10m", "3runs", "3runs+1m"
	Instances []Instance

	made   string // name of the function that returned it
	misuse string
}

// Instance is one firing alert or recorded sample.
type Instance struct {
	Labels string            // labels of the result: env="prod", team="payments"
	Texts  map[string]string // annotations whose template uses more than labels
	Value  float64           // value of a recorded sample
}

// Names of the functions that return an Expect.
const (
	fires   = "Fires"
	quiet   = "Quiet"
	samples = "Samples"
)

// Quiet expects that no instance fires.
func Quiet(at string) Expect { return Expect{At: at, made: quiet} }

// Fires expects exactly these instances, each given by its labels. Without
// arguments it expects one instance without labels.
func Fires(at string, labels ...string) Expect {
	if len(labels) == 0 {
		labels = []string{""}
	}
	e := Expect{At: at, made: fires}
	for _, l := range labels {
		e = e.And(l)
	}
	return e
}

// And expects one more instance of an alert.
func (e Expect) And(labels string) Expect {
	switch e.made {
	case quiet:
		e = e.misused("And adds an instance to Quiet, which expects none: use Fires")
	case samples:
		e = e.misused("And adds an instance without a number: give Samples all of them")
	}
	e.Instances = append(e.Instances[:len(e.Instances):len(e.Instances)], Instance{Labels: labels})
	return e
}

// Says expects a text in an annotation of the last instance. A later text of
// the same annotation replaces an earlier one.
func (e Expect) Says(annotation, text string) Expect {
	switch {
	case len(e.Instances) == 0:
		return e.misused("Says expects a text, and nothing fires: use Fires")
	case e.made == samples:
		return e.misused("Says expects a text, and a sample has none")
	}
	e.Instances = append([]Instance{}, e.Instances...)
	last := &e.Instances[len(e.Instances)-1]
	texts := map[string]string{}
	maps.Copy(texts, last.Texts)
	texts[annotation] = text
	last.Texts = texts
	return e
}

// Samples expects exactly these samples of a recording rule: env="prod" 0.02. A
// text without a number at the end is a finding of the generator.
func Samples(at string, list ...string) Expect {
	e := Expect{At: at, made: samples}
	for _, s := range list {
		s = strings.TrimSpace(s)
		i := strings.LastIndexAny(s, " \t")
		v, err := strconv.ParseFloat(s[i+1:], 64)
		if err != nil {
			e = e.misused(fmt.Sprintf("%q is not labels and a number: write env=\"prod\" 0.02", s))
		}
		e.Instances = append(e.Instances, Instance{Labels: strings.TrimSpace(s[:i+1]), Value: v})
	}
	return e
}

// misused returns the expectation with the reason why it is invalid. The first
// reason stays.
func (e Expect) misused(reason string) Expect {
	e.misuse = cmp.Or(e.misuse, reason)
	return e
}

// MisuseInAlert explains why an alert cannot expect this, or returns "".
func (e Expect) MisuseInAlert() string {
	if e.made == samples {
		return "Samples is for recording rules: use Fires or Quiet"
	}
	return e.misuse
}

// MisuseInRecord explains why a recording rule cannot expect this, or returns
// "".
func (e Expect) MisuseInRecord() string {
	if e.made == fires {
		return "Fires is for alerts: use Samples"
	}
	return e.misuse
}
