package routing

// Or returns the scale, or the default scale for the zero value, with the
// default sound of each level.
func (s Severities) Or() Severities {
	if s.Label == "" && len(s.Levels) == 0 {
		s = Severities{Label: "severity", Levels: []Level{
			{Name: "critical", Icon: "🚨", Urgent: true, Takes: []string{"P0", "page"}},
			{Name: "warning", Icon: "⚠️", Takes: []string{"P1", "ticket"}},
			{Name: "info", Icon: "ℹ️", Takes: []string{"P2", "P3"}},
		}}
	}
	levels := make([]Level, len(s.Levels))
	for i, l := range s.Levels {
		if l.Sound == "" {
			l.Sound = Silent
			if l.Urgent {
				l.Sound = Loud
			}
		}
		levels[i] = l
	}
	s.Levels = levels
	return s
}
