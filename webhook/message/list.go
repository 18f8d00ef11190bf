package message

import (
	"cmp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/api"
)

// maxStillFiring bounds what a resolution lists of the alerts that go on.
const maxStillFiring = 5

// lists puts the alerts under their headings.
func (f *Formatter) lists(n Notice, items []Item, limit int) []List {
	var lists []List
	add := func(heading string, items []Item) {
		if len(items) == 0 {
			return
		}
		l := List{Heading: heading}
		for _, it := range items {
			l.Lines = append(l.Lines, f.line(n, it, limit))
		}
		lists = append(lists, l)
	}
	switch n.Kind {
	case Resolution:
		add(f.words.Resolved, items)
		firing := slices.SortedFunc(slices.Values(n.Firing), f.compare)
		add(f.words.StillFiring, firing[:min(len(firing), maxStillFiring)])
	case Digest:
		add(f.words.Resolved, items)
	default:
		var failed, warned, others []Item
		for _, it := range items {
			switch {
			case !isCheck(it):
				others = append(others, it)
			case f.urgent(it):
				failed = append(failed, it)
			default:
				warned = append(warned, it)
			}
		}
		add(f.words.FailedChecks, failed)
		add(f.words.WarningChecks, warned)
		add(f.words.Alerts, others)
	}
	return lists
}

// notes tells of what is not listed.
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
	return notes
}

// line says in one line which alert it is and why it fires.
func (f *Formatter) line(n Notice, it Item, limit int) string {
	text := f.summary(it)
	if n.Kind == Digest {
		if name := f.scale.Of(it.Labels).Name; name != "" {
			text = strings.ToUpper(name) + " " + text
		}
	}
	text = shorten(text, limit)
	if !it.Resolved {
		return text
	}
	end := f.words.Closed[it.Closed]
	if end == "" {
		end = f.words.After(f.words.Duration(it.Duration(n.Now)))
	}
	if n.Kind == Resolution || n.Kind == Digest { // its heading says so
		return text + ", " + end
	}
	return "✅ " + text + ", " + end
}

// summary is the alert's own line, completed by the check, the target and the
// reason where it does not name them.
func (f *Formatter) summary(it Item) string {
	text := shorten(cmp.Or(f.annotation(it, api.Summary), f.annotation(it, "description"), f.annotation(it, "message")), maxLine)
	if !isCheck(it) {
		return f.general(it, text)
	}
	check, target := shorten(it.Labels["check"], maxField), shorten(it.Labels["target"], maxField)
	if target != "" && !mentions(text, target) {
		text = join(target, ": ", text)
	}
	if !mentions(text, check) {
		text = join(check, ": ", text)
	}
	reason := strings.ReplaceAll(shorten(it.Annotations[api.Reason], maxField), "_", " ")
	if reason != "" && !mentions(strings.ReplaceAll(text, "_", " "), reason) {
		text += " (" + reason + ")"
	}
	return text
}

// general describes an alert of somebody else's rule: its name unless the
// title is that, its text, and the labels that tell it from its neighbours.
func (f *Formatter) general(it Item, text string) string {
	name := shorten(it.Labels[model.AlertNameLabel], maxField)
	if f.titleOf(it) == name && text != "" || mentions(text, name) {
		name = ""
	}
	text = join(name, ": ", text)
	var labels []string
	for _, pair := range it.Labels.SortedPairs() {
		switch pair.Name {
		case f.scale.Label, severityLabel, model.AlertNameLabel, api.Env, api.Source, api.Delivery, model.JobLabel, "prometheus", "replica":
			continue
		case "cluster", "environment", "project": // of the whole Prometheus: a rule that knows of titles says what matters itself
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
	if labels != nil {
		text += " [" + strings.Join(labels, ", ") + "]"
	}
	return cmp.Or(text, "Alert")
}

func join(a, sep, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + sep + b
}

// mentions reports whether a text has the words in it, in any case.
func mentions(text, words string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(words))
}
