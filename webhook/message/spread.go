package message

import (
	"slices"

	"github.com/prometheus/alertmanager/template"
)

// keptValues is the number of values that a [Spread] keeps of a label.
const keptValues = 4

// Spread is the labels of several alerts: some values of each label. A label that
// an alert lacks has the empty value there.
type Spread map[string][]string

// NewSpread returns the labels of one alert.
func NewSpread(labels template.KV) Spread {
	s := make(Spread, len(labels))
	for name, value := range labels {
		s[name] = []string{value}
	}
	return s
}

// Add adds the labels of another alert.
func (s Spread) Add(labels template.KV) {
	for name, value := range labels {
		values, known := s[name]
		if !known {
			values = []string{""} // the alerts before lack it
		}
		s[name] = with(values, value)
	}
	for name := range s {
		if _, ok := labels[name]; !ok {
			s[name] = with(s[name], "")
		}
	}
}

// Join adds the labels of other alerts.
func (s Spread) Join(other Spread) {
	for name, values := range other {
		mine, known := s[name]
		if !known {
			mine = []string{""}
		}
		for _, value := range values {
			mine = with(mine, value)
		}
		s[name] = mine
	}
	for name := range s {
		if _, ok := other[name]; !ok {
			s[name] = with(s[name], "")
		}
	}
}

func with(values []string, value string) []string {
	if len(values) == keptValues || slices.Contains(values, value) {
		return values
	}
	return append(values, value)
}

// Common returns the labels that all alerts share.
func (s Spread) Common() template.KV {
	common := template.KV{}
	for name, values := range s {
		if len(values) == 1 {
			common[name] = values[0]
		}
	}
	return common
}

// First returns the labels of the first alert.
func (s Spread) First() template.KV {
	first := template.KV{}
	for name, values := range s {
		if values[0] != "" {
			first[name] = values[0]
		}
	}
	return first
}
