package message

import (
	"slices"
)

// clusterLabel is the label that shows the name of the cluster of Alertmanagers
// of an alert that has no such label.
const clusterLabel = "cluster"

// managerLabel shows that name beside a label cluster with another value.
const managerLabel = "alertmanager"

// cluster returns the cluster of an alert as a label, unless a text contains its name.
func cluster(it Item, text string) string {
	value, label := shownValue(it.Cluster), clusterLabel
	if value == "" || names(text, value) {
		return ""
	}
	if own := it.Labels[clusterLabel]; own != "" && own != it.Cluster {
		label = managerLabel
	}
	return label + "=" + value
}

// nameClusters chooses the place of the names of the clusters: once above the lists if
// all alerts have the same one, or else in each line.
func (l *labelling) nameClusters(n Notice, items []Item) {
	f := l.formatter
	if !f.clusters || len(items) == 0 {
		return
	}
	one := n.Kind != Digest && n.Kind != Flap && !slices.ContainsFunc(items, func(it Item) bool {
		return it.Cluster != items[0].Cluster || cluster(it, "") != cluster(items[0], "")
	})
	if l.clusters = !one; !one {
		return
	}
	for _, it := range items {
		if name := cluster(it, f.titleOf(it)+" "+f.text(it)); name != "" {
			l.cluster = name
		}
	}
}

// clusterIn returns the cluster of an alert as its line shows it, or "".
func (l labelling) clusterIn(it Item, text string) string {
	if !l.clusters || it.Labels[clusterLabel] == it.Cluster && !l.formatter.elsewhere(it, clusterLabel) { // shown as any label
		return ""
	}
	return cluster(it, text)
}
