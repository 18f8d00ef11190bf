package suite

import "encoding/json"

// coverage is the content of generated/prometheus/coverage.json: the proofs of
// each rule.
type coverage struct {
	Covered int            `json:"covered"`
	Waived  int            `json:"waived"`
	Rules   []ruleCoverage `json:"rules"`
}

type ruleCoverage struct {
	Name     string `json:"name"`
	Type     string `json:"type"` // alert or record
	Group    string `json:"group"`
	Severity string `json:"severity,omitempty"`
	// Scenarios are written by a person, Generated are made from the
	// expression. NotGenerated lists the parts that cannot be inverted.
	Scenarios    int      `json:"scenarios"`
	Generated    int      `json:"generated"`
	NotGenerated []string `json:"not_generated,omitempty"`
	// ReadBy are the alerts whose scenarios also prove a recording rule.
	ReadBy []string `json:"read_by,omitempty"`
	Waived string   `json:"waived,omitempty"`
}

// Coverage returns the content of coverage.json.
func (s *Suite) Coverage() ([]byte, error) {
	var c coverage
	for _, t := range s.Tests {
		c.Rules = append(c.Rules, t.covered)
		if t.covered.Waived != "" {
			c.Waived++
		} else {
			c.Covered++
		}
	}
	data, err := json.MarshalIndent(c, "", "  ")
	return append(data, '\n'), err
}
