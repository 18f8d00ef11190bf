package suite

import "encoding/json"

// coverage says what proves each rule: generated/prometheus/coverage.json.
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
	// Scenarios were written by a person, Generated were made from the
	// expression; NotGenerated is what of it was not turned around.
	Scenarios    int      `json:"scenarios"`
	Generated    int      `json:"generated"`
	NotGenerated []string `json:"not_generated,omitempty"`
	// ReadBy are the alerts whose scenarios prove a recording rule too.
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
