package metrics

// Mistake is something wrong in a definition that has a code of its own;
// docs/findings.md explains each.
type Mistake struct {
	Code   string // "GR002"
	Where  string // `dashboard "x", panel 1 "Up"`
	Reason string
}

func (m Mistake) Error() string { return m.Where + ": " + m.Code + ": " + m.Reason }

// Waiver says that a definition is right although there is a finding about it.
// A waiver whose finding is gone is a finding itself.
type Waiver struct {
	Code   string
	Reason string
}
