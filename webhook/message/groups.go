package message

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
)

const (
	// namingLabels is the maximum number of labels that name a group.
	namingLabels = 3
	// loneLabels is the maximum number of labels of the only group.
	loneLabels = 5
)

// groupNames names groups with alerts of one name by the values of the labels
// that distinguish them.
func (f *Formatter) groupNames(lines, all []Line, width int) string {
	if len(lines) == 0 {
		return ""
	}
	labels := f.distinguishing(lines)
	if f.clusters && !oneCluster(lines) && !slices.Contains(labels, clusterLabel) {
		labels = append([]string{clusterLabel}, labels...)
	}
	if labels == nil {
		return f.lone(lines[0], all, len(lines), width)
	}
	type name struct{ key, text string }
	names := make([]name, len(lines))
	for i, l := range lines {
		var values []string
		for _, label := range labels {
			if v := shownIn(labelValue(l, label), width); v != "" {
				values = append(values, v)
			}
		}
		text := cmp.Or(strings.Join(values, "/"), "–")
		names[i] = name{text, text}
		if l.Alerts > 1 {
			names[i].text += fmt.Sprintf(" ×%d", l.Alerts)
		}
		if l.Firing == 0 {
			names[i].text = "✅ " + names[i].text
		}
	}
	slices.SortStableFunc(names, func(a, b name) int { return cmp.Compare(a.key, b.key) })
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = n.text
	}
	return shorten(strings.Join(labels, "/"), maxField) + ": " + strings.Join(list, ", ")
}

// oneCluster reports whether groups are of one cluster.
func oneCluster(lines []Line) bool {
	return !slices.ContainsFunc(lines, func(l Line) bool { return l.Cluster != lines[0].Cluster })
}

// clusterOf returns the cluster of a group as a label.
func clusterOf(l Line) (labels []string) {
	if value := shownValue(l.Cluster); value != "" {
		labels = append(labels, clusterLabel+"="+value)
	}
	return labels
}

// labelValue returns the value of a label in a group, or one of several values.
func labelValue(l Line, label string) string {
	switch values := l.Labels[label]; len(values) {
	case 0:
		if label == clusterLabel {
			return l.Cluster
		}
		return ""
	case 1:
		return values[0]
	default:
		return cmp.Or(values[0], values[1]) + "…"
	}
}

// distinguishing returns the labels whose values distinguish groups: those with the
// most different values first, and no more than it takes. It returns nil for
// groups that no label distinguishes.
func (f *Formatter) distinguishing(lines []Line) []string {
	type candidate struct {
		label  string
		values int
		shared int // groups whose alerts have several values
	}
	known := map[string]bool{}
	for _, l := range lines {
		for label := range l.Labels {
			known[label] = true
		}
		known[clusterLabel] = known[clusterLabel] || l.Cluster != ""
	}
	var candidates []candidate
	for _, label := range slices.Sorted(maps.Keys(known)) {
		if f.common(label) {
			continue
		}
		c := candidate{label: label}
		different := map[string]bool{}
		for _, l := range lines {
			different[labelValue(l, label)] = true
			if len(l.Labels[label]) > 1 {
				c.shared++
			}
		}
		if c.values = len(different); c.values > 1 {
			candidates = append(candidates, c)
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.values, a.values), cmp.Compare(a.shared, b.shared))
	})
	var labels []string
	apart := 1
	for _, c := range candidates {
		more := append(slices.Clone(labels), c.label)
		different := map[string]bool{}
		for _, l := range lines {
			var values []string
			for _, label := range more {
				values = append(values, labelValue(l, label))
			}
			different[strings.Join(values, "\x00")] = true
		}
		if len(different) > apart {
			labels, apart = more, len(different)
		}
		if apart == len(lines) || len(labels) == namingLabels {
			break
		}
	}
	return labels
}

// lone names the only group with alerts of a name: labels that its alerts share
// and others do not, and some values of the label that distinguishes them.
func (f *Formatter) lone(l Line, all []Line, groups, width int) string {
	var shared []string
	var apart string
	for _, label := range slices.Sorted(maps.Keys(l.Labels)) {
		values := l.Labels[label]
		switch {
		case f.common(label):
		case len(values) > 1:
			if apart == "" || len(values) > len(l.Labels[apart]) {
				apart = label
			}
		case len(shared) < loneLabels && values[0] != "" && label != model.JobLabel && differs(all, label):
			shared = append(shared, shorten(label, maxField)+"="+shownIn(values[0], width))
		}
	}
	name := strings.Join(shared, ", ")
	if apart != "" {
		var values []string
		for _, v := range l.Labels[apart] {
			if v != "" {
				values = append(values, shownIn(v, width))
			}
		}
		name = join(name, "; ", shorten(apart, maxField)+": "+strings.Join(values, ", ")+" …")
	}
	if groups > 1 {
		name = join(name, " ", fmt.Sprintf("(×%d)", groups))
	}
	return name
}

// differs reports whether a label has several values in the lines, or whether
// there is only one line.
func differs(lines []Line, label string) bool {
	return len(lines) == 1 || slices.ContainsFunc(lines, func(l Line) bool { return labelValue(l, label) != labelValue(lines[0], label) })
}
