package message

import "strings"

// flapsTitle returns the title of a message about an alert that flaps: whether it
// fires, and its episodes.
func (f *Formatter) flapsTitle(n Notice, items []Item, severity Severity, title string) string {
	words := storms(f.words.language)
	name := strings.ToUpper(severity.Name)
	times := words.Flaps(n.Flaps.Times, n.Flaps.For)
	if n.Flaps.Over {
		times = words.Flapped(n.Flaps.Times, n.Flaps.For)
	}
	icon := severity.Icon
	switch resolved := allResolved(items); {
	case resolved && n.Kind == Flap:
		icon, title = "✅", f.words.ResolvedTitle(name, title)
	case resolved:
		icon, title = "✅", join(name, ": ", title)
	case n.Kind == Flap:
		title = words.FiresAgain(name, title)
	default:
		title = join(name, ": ", title)
	}
	return join(icon, " ", title) + " (" + times + ")"
}
