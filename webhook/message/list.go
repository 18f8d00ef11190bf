package message

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/api"
)

// maxStillFiring is the maximum number of still firing alerts that a resolution
// lists.
const maxStillFiring = 5

// stillFiring returns the still firing alerts that a resolution lists.
func (f *Formatter) stillFiring(n Notice) []Item {
	firing := slices.SortedFunc(slices.Values(n.Firing), f.compare)
	return firing[:min(len(firing), maxStillFiring)]
}

// lists returns the alerts under their headings.
func (f *Formatter) lists(n Notice, items []Item, labels labelling, s size) []List {
	var lists []List
	add := func(heading string, items []Item) {
		if len(items) > 0 {
			lists = append(lists, List{heading, f.lines(n, items, labels, s)})
		}
	}
	switch n.Kind {
	case Resolution:
		add(f.words.Resolved, items)
		add(f.words.StillFiring, f.stillFiring(n))
	case Digest:
		add(f.words.Resolved, items)
	default:
		// The most severe alerts come first, and so do their list titles.
		var titles []string
		byTitle := map[string][]Item{}
		for _, it := range items {
			title := f.listTitle(it)
			if title != "" && !slices.Contains(titles, title) {
				titles = append(titles, title)
			}
			byTitle[title] = append(byTitle[title], it)
		}
		for _, title := range titles {
			add(title, byTitle[title])
		}
		add(f.words.Alerts, byTitle[""])
	}
	return lists
}

// listTitle returns the heading of the list that shows the alert; it is empty
// for alerts without a list title.
func (f *Formatter) listTitle(it Item) string {
	return shorten(f.annotation(it, api.ListTitle), maxField)
}

// lines returns a line for each alert. Lines that would be equal get the labels that
// distinguish the alerts.
func (f *Formatter) lines(n Notice, items []Item, labels labelling, s size) []string {
	summaries, below := make([]summary, len(items)), make([]string, len(items))
	alike := map[summary][]Item{}
	for i, it := range items {
		text, details := f.lineAndDetails(it)
		below[i] = shorten(details, s.belowOf(n, it))
		summaries[i] = f.summary(it, text, below[i], labels, s.line)
		alike[summaries[i]] = append(alike[summaries[i]], it)
	}
	apart := map[summary]map[string]bool{}
	for text, same := range alike {
		apart[text] = labels.differing(same)
	}
	muted := f.silenced(n, items)
	lines := make([]string, len(items))
	for i, it := range items {
		text := summaries[i]
		if f.listTitle(it) != "" {
			text.tail = join(text.tail, " ", labels.ofLine(it, text.String(), apart[text]))
		}
		lines[i] = f.complete(n, it, text, s.line) + muted.of(f, n, it)
	}
	if n.Kind == Alert || n.Kind == Reminder || n.Kind == Flapping {
		withDetails(lines, below)
		if s.remedies {
			f.withRemedies(items, lines)
		}
	}
	return lines
}

// notes returns the lines about alerts that are not listed.
func (f *Formatter) notes(n Notice) []string {
	var notes []string
	more := n.More
	if n.Kind == Resolution {
		more = max(0, len(n.Firing)-maxStillFiring)
	}
	if more > 0 {
		notes = append(notes, f.words.More(more))
	}
	if n.Truncated > 0 {
		notes = append(notes, f.words.Truncated(n.Truncated))
	}
	for _, it := range n.Items {
		if left, err := strconv.Atoi(it.Annotations[api.LeftOut]); err == nil && left > 0 {
			notes = append(notes, f.words.LeftOut(left))
			break
		}
	}
	for _, it := range n.Items {
		if path := shorten(it.Annotations[api.PostedTo], maxField); path != "" {
			return append(notes, f.words.PostedTo(path))
		}
	}
	return notes
}

// complete adds the cause of its end to the summary of an alert, and in a
// digest its severity.
func (f *Formatter) complete(n Notice, it Item, line summary, limit int) string {
	if n.Kind == Digest {
		line.text = join(strings.ToUpper(f.scale.Of(it.Labels).Name), " ", line.text)
	}
	text := cmp.Or(line.cut(limit), f.words.Alert)
	switch {
	case it.Resolved:
	case it.Stale:
		return text + ", " + f.words.Stale
	case !it.AgainAt.IsZero():
		return text + ", " + f.words.Again(f.clock(it.AgainAt))
	default:
		return text
	}
	end := f.words.Closed[it.Closed]
	if end == "" {
		end = f.words.After(f.words.Duration(it.Duration(n.Now)))
	}
	if it.Closed == Unverified {
		end += " " + f.words.Unverified
	}
	if n.Kind == Resolution || n.Kind == Digest || n.Kind == Flap { // the title shows it
		return text + ", " + end
	}
	return "✅ " + text + ", " + end
}

// summary is the line of an alert: a text, and what stands in brackets behind it.
type summary struct{ text, tail string }

func (s summary) String() string { return join(s.text, " ", s.tail) }

// cut returns the line in a number of UTF-16 code units. The text is cut first:
// what stands behind it distinguishes the alert from others with the same text.
func (s summary) cut(limit int) string {
	most := limit * 3 / 4
	if limit < shortLine {
		most = max(most, limit-2)
	}
	tail := shorten(s.tail, most)
	if room := limit - units16(tail) - 1; tail != "" && room > 0 {
		return join(shorten(s.text, room), " ", tail)
	}
	return shorten(s.String(), limit)
}

// summary returns the line of an alert, with the measured value and the reason in
// brackets unless the text contains them. The rule of an alert with a list title
// writes whole lines. Any other alert gets the name of its rule, and the labels
// that the text and the text below do not contain. Limit is the length of the line,
// in UTF-16 code units.
func (f *Formatter) summary(it Item, annotation, below string, labels labelling, limit int) summary {
	text := annotation
	rule := f.ruleOf(it)
	whole := f.listTitle(it) != "" && text != ""
	if !whole && !names(text, rule) && (labels.several() || f.titleOf(it) != rule || text == "") {
		text = join(rule, ": ", text)
	}
	line := summary{text, f.tail(it, text, annotation, below, whole, labels)}
	if units16(line.String()) > limit { // the rest of the text contains less
		line.tail = f.tail(it, shorten(text, limit/4), annotation, below, whole, labels)
	}
	return line
}

// tail returns what stands in brackets behind the text of an alert.
func (f *Formatter) tail(it Item, text, annotation, below string, whole bool, labels labelling) (tail string) {
	if value := f.value(it, text); value != "" {
		tail = "(" + value + ")"
	}
	// The rule of missing data is named so.
	if reason := f.reason(it); reason != "" && f.grafanaTitle(it) == "" && !mentions(strings.ReplaceAll(join(text, " ", tail), "_", " "), reason) {
		tail = join(tail, " ", "("+reason+")")
	}
	if !whole {
		tail = join(tail, " ", labels.of(it, join(text, " ", tail), annotation, below))
	}
	return tail
}

// Line describes an alert of any rule in a number of UTF-16 code units, without its
// name: the text of its line in messages, with the labels that the text does not
// contain.
func (f *Formatter) Line(labels, annotations template.KV, limit int) string {
	it := Item{Alert: template.Alert{Labels: labels, Annotations: annotations}}
	apart := map[string]bool{}
	for name := range labels {
		apart[name] = !f.elsewhere(it, name)
	}
	text := f.text(it)
	line := summary{text: text}
	if text == "" || f.listTitle(it) == "" {
		line.tail = labelling{formatter: f, apart: map[string]map[string]bool{f.ruleOf(it): apart}}.of(it, text, text, "")
	}
	return line.cut(limit)
}

// ruleOf returns the name of the rule of an alert.
func (f *Formatter) ruleOf(it Item) string {
	return first(maxField, f.grafanaTitle(it), it.Labels[model.AlertNameLabel])
}

// texts are the annotations of which the first is the line of an alert.
var texts = []string{api.Summary, api.Description, api.Message, grafanaError}

// text returns the annotation that is the line of an alert.
func (f *Formatter) text(it Item) string {
	text, _ := f.lineAndDetails(it)
	return text
}

// reason returns the reason of an alert.
func (f *Formatter) reason(it Item) string {
	return strings.ReplaceAll(first(maxField, it.Annotations[api.Reason], it.Annotations[StateReason]), "_", " ")
}

// value returns the measured value of an alert, such as "value=93.2", unless the
// text contains it.
func (f *Formatter) value(it Item, text string) string {
	value := shorten(it.Annotations[api.Value], maxField)
	number, err := strconv.ParseFloat(value, 64)
	switch {
	case f.listTitle(it) != "":
		return ""
	case value == "":
		return grafanaValues(it, text)
	case err != nil:
		if mentions(text, value) {
			return ""
		}
		return value
	}
	return withoutKnown(text, api.Value, number)
}

func join(a, sep, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + sep + b
}
