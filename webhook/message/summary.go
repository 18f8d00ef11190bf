package message

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Line is the alerts of one name and severity in one group, in a [Summary].
type Line struct {
	Cluster, Group, Name string
	Rank                 int
	Labels               Spread
	Alerts, Firing       int
	Truncated            uint64 // alerts of the group that Alertmanager left out (max_alerts)
}

// Summary is the content of a message about more groups than a chat can be shown
// one by one.
type Summary struct {
	Kind  Kind // one of the summaries
	Lines []Line
	// The first Known lines are in the message already, and stay in it.
	Known int
	// All means that the message has every line. If it cannot name them all, it
	// has the number of the others.
	All   bool
	Since time.Time // the beginning of the storm
}

// SummaryPage is the data of the template of a summary.
type SummaryPage struct {
	Title, Counts     string
	Truncated         string // about alerts that Alertmanager left out
	Sections          []Section
	More              string // about groups that are not named
	FullList, Command string // the command that lists all alerts
}

// Section is the alerts of one name: their number, and their groups.
type Section struct{ Heading, Names string }

const (
	// laterMarks is the room for marks of later edits.
	laterMarks = 400
	// mostLines bounds the lines that are tried: more never fit.
	mostLines = 1000
)

// summaryWidths are the lengths to which the values of labels are cut.
var summaryWidths = []int{60, 30, 15}

// Summarize writes a summary. It returns how many of the lines it has, the known
// ones first.
func (f *Formatter) Summarize(s Summary) (m Message, lines int, err error) {
	m, lines, err = f.summarize(s)
	if err != nil && f.shipped != nil {
		f.fails(err)
		return f.shipped.summarize(s)
	}
	return m, lines, err
}

func (f *Formatter) summarize(s Summary) (m Message, lines int, err error) {
	room := f.length - laterMarks
	if s.Known == len(s.Lines) {
		room = f.length
	}
	attempt := func(named, width int) (fits bool, err error) {
		m, err = f.renderSummary(s, named, width)
		return err == nil && m.Document.Length() <= room, err
	}
	most := min(len(s.Lines), mostLines)
	for _, width := range summaryWidths {
		if fits, err := attempt(most, width); fits || err != nil {
			return m, len(s.Lines), err
		}
	}
	narrow := summaryWidths[len(summaryWidths)-1]
	low, high := 0, most // it fits with low, and not with high
	for high-low > 1 {
		middle := (low + high) / 2
		fits, err := attempt(middle, narrow)
		if err != nil {
			return m, 0, err
		}
		if fits {
			low = middle
		} else {
			high = middle
		}
	}
	lines = low
	if s.All || low <= s.Known {
		lines = len(s.Lines)
		if !s.All {
			lines = s.Known
			s.Lines = s.Lines[:s.Known]
			low = min(low, s.Known)
		}
	} else {
		s.Lines = s.Lines[:low]
	}
	room = f.length
	fits, err := attempt(low, narrow)
	if err == nil && !fits {
		err = fmt.Errorf("a message of kind %q is longer than %d characters: its template writes too much", s.Kind, f.length)
	}
	return m, lines, err
}

// renderSummary writes the summary of all lines, and names the first ones.
func (f *Formatter) renderSummary(s Summary, named, width int) (Message, error) {
	var out bytes.Buffer
	if err := f.templates.ExecuteTemplate(&out, "summary.tmpl", f.summaryPage(s, named, width)); err != nil {
		return Message{}, err
	}
	d, err := document(strings.TrimSpace(out.String()), s.Kind)
	if err != nil {
		return Message{}, err
	}
	if gravest := s.gravest(); gravest != nil {
		severity := f.scale.Of(gravest.Labels.First())
		d.Severity, d.Urgent = severity.Name, severity.Rank < f.scale.Urgent()
	}
	return Message{Document: d, Part: 1, Parts: 1}, nil
}

// gravest returns the line of the most severe alerts that fire, or nil.
func (s Summary) gravest() (gravest *Line) {
	for i, l := range s.Lines {
		if l.Firing > 0 && (gravest == nil || l.Rank < gravest.Rank) {
			gravest = &s.Lines[i]
		}
	}
	return gravest
}

func (f *Formatter) summaryPage(s Summary, named, width int) SummaryPage {
	words := storms(f.words.language)
	p := SummaryPage{
		Title: f.summaryTitle(s, words), FullList: words.FullList,
		Command: "preflight-webhook history --since=" + s.Since.UTC().Format(time.RFC3339),
	}
	alerts, firing := 0, 0
	for _, l := range s.Lines {
		alerts, firing = alerts+l.Alerts, firing+l.Firing
	}
	if s.Kind != SummaryEnds && firing > 0 && firing < alerts {
		p.Counts = words.Counts(firing, alerts-firing)
	}
	if n := truncated(s.Lines); n > 0 && s.Kind != SummaryEnds {
		p.Truncated = f.words.Truncated(n)
	}
	p.Sections = f.sections(s, named, width, words)
	if n := groupsOf(s.Lines) - groupsOf(s.Lines[:named]); n > 0 && s.Kind != SummaryEnds {
		p.More = words.MoreGroups(n)
	}
	return p
}

// summaryTitle returns the number of the alerts and groups, with the most severe
// level that fires.
func (f *Formatter) summaryTitle(s Summary, words StormWords) string {
	gravest := s.gravest()
	alerts, firing := 0, 0
	for _, l := range s.Lines {
		alerts, firing = alerts+l.Alerts, firing+l.Firing
	}
	groups := groupsOf(s.Lines)
	if s.Kind == SummaryEnds || gravest == nil {
		return "✅ " + words.Ended(alerts, groups)
	}
	severity := f.scale.Of(gravest.Labels.First())
	title := words.Storm(strings.ToUpper(severity.Name), alerts, groups)
	if s.Kind == SummaryReminder {
		title = words.StillFiring(strings.ToUpper(severity.Name), firing, groups)
	}
	return join(severity.Icon, " ", title)
}

// truncated returns the number of alerts that Alertmanager left out of the groups
// that fire.
func truncated(lines []Line) (n uint64) {
	type group struct{ cluster, key string }
	counted := map[group]bool{}
	for _, l := range lines {
		if g := (group{l.Cluster, l.Group}); l.Firing > 0 && !counted[g] {
			counted[g] = true
			n += l.Truncated
		}
	}
	return n
}

func groupsOf(lines []Line) int {
	type group struct{ cluster, key string }
	groups := map[group]bool{}
	for _, l := range lines {
		groups[group{l.Cluster, l.Group}] = true
	}
	return len(groups)
}

// sections returns the lines by the severity and the name of the alert, and names
// the groups of the first ones.
func (f *Formatter) sections(s Summary, named, width int, words StormWords) []Section {
	type key struct {
		rank           int
		severity, name string
	}
	type section struct {
		key
		icon           string
		named          []Line
		alerts, firing int
		groups         int
	}
	byKey := map[key]*section{}
	var all []*section
	for i, l := range s.Lines {
		severity := f.scale.Of(l.Labels.First())
		k := key{l.Rank, strings.ToUpper(severity.Name), l.Name}
		sec := byKey[k]
		if sec == nil {
			if i >= named {
				continue // the title counts it
			}
			sec = &section{key: k, icon: severity.Icon}
			byKey[k] = sec
			all = append(all, sec)
		}
		sec.alerts, sec.firing, sec.groups = sec.alerts+l.Alerts, sec.firing+l.Firing, sec.groups+1
		if i < named {
			sec.named = append(sec.named, l)
		}
	}
	slices.SortStableFunc(all, func(a, b *section) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.alerts, a.alerts), cmp.Compare(a.name, b.name))
	})
	list := make([]Section, len(all))
	for i, sec := range all {
		icon, counts := sec.icon, words.Counts(sec.firing, sec.alerts-sec.firing)
		if sec.firing == 0 {
			icon = "✅"
		}
		if s.Kind == SummaryEnds {
			counts = words.InGroups(sec.alerts, sec.groups)
		}
		name := cmp.Or(shorten(sec.name, maxField), someAlert)
		if f.clusters && len(sec.named) > 0 && oneCluster(sec.named) {
			name = join(name, " ", brackets(clusterOf(sec.named[0])))
		}
		list[i].Heading = join(icon, " ", join(shorten(sec.severity, 20), " ", name)) + ": " + counts
		if s.Kind != SummaryEnds {
			list[i].Names = f.groupNames(sec.named, s.Lines, width)
		}
	}
	return list
}
