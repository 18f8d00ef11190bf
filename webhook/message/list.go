package message

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

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
	lines, below := make([]string, len(items)), make([]string, len(items))
	alike := map[string][]Item{}
	for i, it := range items {
		text, details := f.lineAndDetails(it)
		below[i] = shorten(details, s.belowOf(n, it))
		lines[i] = f.summary(it, text, below[i], labels)
		alike[lines[i]] = append(alike[lines[i]], it)
	}
	apart := map[string]map[string]bool{}
	for text, same := range alike {
		apart[text] = labels.differing(same)
	}
	muted := f.silenced(n, items)
	for i, it := range items {
		text := lines[i]
		if f.listTitle(it) != "" {
			text += labels.ofLine(it, text, apart[text])
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
		if path := shorten(it.Annotations[api.PostedTo], maxField); path != "" {
			return append(notes, f.words.PostedTo(path))
		}
	}
	return notes
}

// complete adds the cause of its end to the summary of an alert, and in a
// digest its severity.
func (f *Formatter) complete(n Notice, it Item, text string, limit int) string {
	if n.Kind == Digest {
		if name := f.scale.Of(it.Labels).Name; name != "" {
			text = strings.ToUpper(name) + " " + text
		}
	}
	text = shorten(text, limit)
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

// summary returns the text of an alert, with the measured value and the reason in
// brackets unless the text contains them. The rule of an alert with a list title
// writes whole lines. Any other alert gets its name, and the labels that the text
// and the text below do not contain.
func (f *Formatter) summary(it Item, annotation, below string, labels labelling) string {
	text := annotation
	name := shorten(it.Labels[model.AlertNameLabel], maxField)
	whole := f.listTitle(it) != "" && text != ""
	if !whole && !mentions(text, name) && (f.titleOf(it) != name || text == "") {
		text = join(name, ": ", text)
	}
	if value := f.value(it, text); value != "" {
		text = join(text, " ", "("+value+")")
	}
	if reason := f.reason(it); reason != "" && !mentions(strings.ReplaceAll(text, "_", " "), reason) {
		text = join(text, " ", "("+reason+")")
	}
	if !whole {
		text += labels.of(it, text, annotation, below)
	}
	return cmp.Or(strings.TrimSpace(text), f.words.Alert)
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
