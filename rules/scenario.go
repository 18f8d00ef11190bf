package rules

import "time"

// Scenario is a story that proves a rule: series over time, and the instances
// that fire, or the samples that are recorded, at given moments.
type Scenario struct {
	Name   string
	Series []Series
	Expect []Expect
}

// Series is an input series in the notation of promtool, one value a minute.
type Series struct {
	Name   string // metric{label="value"}
	Values string // "0 1x10 _": a value, a value repeated 10 more times, a gap
}

// Expect says which instances of the alert fire at a moment, or which samples
// the recording rule yields: exactly these.
type Expect struct {
	At      string // "10m" after the first value
	Firing  []Instance
	Samples []Sample
}

// Sample is one that a recording rule yields.
type Sample struct {
	Labels map[string]string // without the metric's name
	Value  float64
}

// Instance is one firing alert.
type Instance struct {
	// Labels are those that come from the expression; the rule's own are
	// added to them.
	Labels map[string]string
	// Texts are the annotations expected of this instance, by name
	// ("reason", "summary_ko"). Only those whose template does more than
	// name a label need be given; "" expects none.
	Texts map[string]string
}

// scenarioStep is the time between two values of a series and between two
// evaluations in a scenario.
const scenarioStep = time.Minute
