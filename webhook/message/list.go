package message

import (
	"cmp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/api"
)

// maxStillFiring is the maximum number of still firing alerts that a resolution
// lists.
const maxStillFiring = 5

// lists returns the alerts under their headings.
func (f *Formatter) lists(n Notice, items []Item, s size) []List {
	var lists []List
	add := func(heading string, items []Item) {
		if len(items) > 0 {
			lists = append(lists, List{heading, f.lines(n, items, s)})
		}
	}
	switch n.Kind {
	case Resolution:
		add(f.words.Resolved, items)
		firing := slices.SortedFunc(slices.Values(n.Firing), f.compare)
		add(f.words.StillFiring, firing[:min(len(firing), maxStillFiring)])
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
func (f *Formatter) lines(n Notice, items []Item, s size) []string {
	summaries := make([]string, len(items))
	times := map[string]int{}
	for i, it := range items {
		summaries[i] = f.summary(it)
		times[summaries[i]]++
	}
	lines := make([]string, len(items))
	for i, it := range items {
		if text := summaries[i]; times[text] > 1 && f.listTitle(it) != "" {
			summaries[i] += f.labels(it, text)
		}
		lines[i] = f.complete(n, it, summaries[i], s.line)
	}
	if s.remedies && (n.Kind == Alert || n.Kind == Reminder || n.Kind == Flapping) {
		f.withRemedies(items, lines)
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

// line returns the line of an alert, without regard to other alerts.
func (f *Formatter) line(n Notice, it Item, limit int) string {
	return f.complete(n, it, f.summary(it), limit)
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

// summary returns the text of an alert, with the reason in brackets unless the text
// contains it. The rule of an alert with a list title writes whole lines. Any other
// alert gets its name, and the labels that the text does not contain.
func (f *Formatter) summary(it Item) string {
	text := shorten(cmp.Or(f.annotation(it, api.Summary), f.annotation(it, "description"), f.annotation(it, "message")), maxLine)
	name := shorten(it.Labels[model.AlertNameLabel], maxField)
	whole := f.listTitle(it) != "" && text != ""
	if !whole && !mentions(text, name) && (f.titleOf(it) != name || text == "") {
		text = join(name, ": ", text)
	}
	reason := strings.ReplaceAll(shorten(it.Annotations[api.Reason], maxField), "_", " ")
	if reason != "" && !mentions(strings.ReplaceAll(text, "_", " "), reason) {
		text = join(text, " ", "("+reason+")")
	}
	if !whole {
		text += f.labels(it, text)
	}
	return cmp.Or(strings.TrimSpace(text), "Alert")
}

// labels returns the labels of an alert that its text does not contain, in brackets,
// without those that the message shows elsewhere.
func (f *Formatter) labels(it Item, text string) string {
	var labels []string
	for _, pair := range it.Labels.SortedPairs() {
		switch pair.Name {
		case f.scale.Label, severityLabel, model.AlertNameLabel, api.Env, api.Source, api.Delivery, model.JobLabel, "prometheus", "replica":
			continue
		case "cluster", "environment", "project": // of the whole Prometheus: a rule with a title names them where they matter
			if it.Annotations[api.Title] != "" {
				continue
			}
		}
		value := shorten(pair.Value, maxField)
		if value == "" || mentions(text, value) || len(labels) == 5 {
			continue
		}
		labels = append(labels, shorten(pair.Name, maxField)+"="+value)
	}
	if labels == nil {
		return ""
	}
	return " [" + strings.Join(labels, ", ") + "]"
}

func join(a, sep, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + sep + b
}

// mentions reports whether a text contains the words, in any case.
func mentions(text, words string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(words))
}
