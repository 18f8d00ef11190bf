package routing

// Severities is the scale of a site, the most severe level first. The zero
// value means the label severity with critical (urgent, takes P0 and page),
// warning (takes P1 and ticket) and info (takes P2 and P3).
type Severities struct {
	Label  string
	Levels []Level
}

// Level is one severity.
type Level struct {
	Name   string
	Icon   string
	Urgent bool     // may wake a person: never inhibited; needs a promise if the site has promises
	Sound  Sound    // "": Loud if urgent, else Silent
	Takes  []string // severities of packs that become this level: "P0", "critical"
}

// Priorities returns the scale P0 to P3 in the label priority.
func Priorities() Severities {
	return Severities{Label: "priority", Levels: []Level{
		{Name: "P0", Icon: "🚨", Urgent: true, Sound: Loud, Takes: []string{"critical", "page"}},
		{Name: "P1", Icon: "⚠️", Sound: Loud, Takes: []string{"warning", "ticket"}},
		{Name: "P2", Icon: "🔔", Sound: Silent},
		{Name: "P3", Icon: "ℹ️", Sound: NoMessage, Takes: []string{"info"}},
	}}
}
