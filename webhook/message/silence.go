package message

// maxSilencedLines is the maximum number of lines that name their silence. Above
// it, each silence is named once below the lists.
const maxSilencedLines = 5

// maxSilences is the maximum number of silences below the lists.
const maxSilences = 3

// silenced is how a message shows silences.
type silenced struct {
	inLines bool // each line names its silence
	marks   bool // the lines of silenced alerts are marked
	notes   []string
}

// silenced chooses how a message shows the silences of its alerts.
func (f *Formatter) silenced(n Notice, items []Item) silenced {
	var order []Silence
	open, muted := 0, 0
	counts := map[Silence]int{}
	for _, it := range items {
		if it.Resolved {
			continue
		}
		open++
		silence := it.mutedBy(n)
		if silence == (Silence{}) {
			continue
		}
		muted++
		if counts[silence]++; counts[silence] == 1 {
			order = append(order, silence)
		}
	}
	all := muted == open && len(order) == 1
	if muted <= maxSilencedLines && !(all && muted > 1) {
		return silenced{inLines: true}
	}
	s := silenced{marks: muted < open}
	for _, silence := range order[:min(len(order), maxSilences)] {
		count := counts[silence]
		if all {
			count = 0
		}
		s.notes = append(s.notes, "🔕 "+f.silence(silence, count))
	}
	return s
}

// of returns the text that follows the line of an open alert, or "".
func (s silenced) of(f *Formatter, n Notice, it Item) string {
	switch silence := it.mutedBy(n); {
	case silence == (Silence{}):
		return ""
	case s.inLines:
		return ", " + f.silence(silence, 0)
	case s.marks:
		return ", " + f.words.Silenced
	}
	return ""
}

// silence describes a silence of n alerts, or of the alert beside it if n is 0.
func (f *Formatter) silence(s Silence, n int) string {
	return f.words.SilencedUntil(f.clock(s.Until), shorten(s.By, maxField), n)
}

// mutedBy returns the silence that mutes the alert at the time of a notice.
func (it Item) mutedBy(n Notice) Silence {
	if it.Resolved || !it.Silence.Until.After(n.Now) {
		return Silence{}
	}
	return it.Silence
}
