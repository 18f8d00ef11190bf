package message

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/api"
)

const (
	maxLabels = 5   // in a line, without those that distinguish alerts
	maxApart  = 10  // in a line
	maxHeader = 300 // UTF-16 code units of the labels that all alerts share
)

// labelling chooses the labels that a message shows of its alerts: once those
// that all share, and in each line the others. The labels that distinguish the
// alerts of a rule are always shown.
type labelling struct {
	formatter *Formatter
	shared    template.KV                // not shown in the lines
	named     map[string]bool            // the shared labels that each text contains
	apart     map[string]map[string]bool // by the name of the rule, see [Formatter.ruleOf]
	texts     map[string]int             // how many alerts have the text
	envs      bool                       // there are several environments
	cluster   string                     // of all alerts, as a label; "" to leave it out
	clusters  bool                       // each line names its own
	ranks     bool                       // there are several severities
}

// labelling chooses the labels of a message about alerts.
func (f *Formatter) labelling(n Notice, items []Item) labelling {
	if n.Kind == Resolution {
		items = slices.Concat(items, f.stillFiring(n))
	}
	l := f.distinguish(items)
	l.ranks = l.ranks && n.Kind != Digest // its lines begin with the severity
	l.nameClusters(n, items)
	if n.Kind == Digest || len(items) < 2 {
		return l
	}
	lines := 0 // that get labels
	for _, it := range items {
		if f.listTitle(it) == "" {
			lines++
		}
	}
	if lines < 2 {
		return l
	}
	l.shared, l.named = maps.Clone(items[0].Labels), map[string]bool{}
	for name, value := range l.shared {
		shared, named := f.shares(name, value, items)
		if l.named[name] = named; !shared {
			delete(l.shared, name)
		}
	}
	return l
}

// distinguish finds the labels that distinguish the alerts of a rule. A label that
// stands elsewhere counts only if no other label does.
func (f *Formatter) distinguish(items []Item) labelling {
	l := labelling{formatter: f, apart: map[string]map[string]bool{}, texts: map[string]int{}}
	rules := map[string][]Item{}
	for _, it := range items {
		rule := f.ruleOf(it)
		rules[rule] = append(rules[rule], it)
		l.texts[f.text(it)]++
		l.envs = l.envs || it.Labels[api.Env] != items[0].Labels[api.Env]
		l.ranks = l.ranks || f.scale.Of(it.Labels) != f.scale.Of(items[0].Labels)
	}
	for rule, alerts := range rules {
		l.apart[rule] = l.differing(alerts)
	}
	return l
}

// differing returns the labels that distinguish alerts.
func (l labelling) differing(alerts []Item) map[string]bool {
	if len(alerts) == 1 {
		return nil
	}
	f := l.formatter
	one, shown, all := alerts[0], map[string]bool{}, map[string]bool{}
	for _, it := range alerts[1:] {
		for _, labels := range []template.KV{one.Labels, it.Labels} {
			for name := range labels {
				if one.Labels[name] == it.Labels[name] || private(name) {
					continue
				}
				all[name] = true
				if name == f.scale.Label || name == severityLabel || !f.elsewhere(it, name) {
					shown[name] = true
				}
			}
		}
		if it.Cluster != one.Cluster {
			all[clusterLabel] = true
		}
	}
	if len(shown) == len(all) {
		return shown
	}
	seen := map[string]bool{}
	for _, it := range alerts {
		var key strings.Builder
		for _, name := range slices.Sorted(maps.Keys(shown)) {
			key.WriteString(strconv.Quote(it.Labels[name]))
		}
		if seen[key.String()] {
			return all
		}
		seen[key.String()] = true
	}
	return shown
}

// shares reports whether all alerts have a label that is to be shown, and whether
// each text contains its value.
func (f *Formatter) shares(name, value string, items []Item) (shared, named bool) {
	named = true
	for _, it := range items {
		if it.Labels[name] != value || f.elsewhere(it, name) {
			return false, false
		}
		named = named && names(f.titleOf(it)+" "+f.text(it), value)
	}
	return true, named
}

// header returns the labels that all alerts share.
func (l labelling) header() string {
	var labels []string
	if l.cluster != "" {
		labels = append(labels, l.cluster)
	}
	for _, pair := range l.shared.SortedPairs() {
		if value := shownValue(pair.Value); value != "" && !l.named[pair.Name] && pair.Name+"="+value != l.cluster {
			labels = append(labels, shorten(pair.Name, maxField)+"="+value)
		}
	}
	return shorten(strings.Join(labels, ", "), maxHeader)
}

// several reports whether the message is about several rules.
func (l labelling) several() bool { return len(l.apart) > 1 }

// of returns the labels of an alert that its text does not contain, in brackets.
// Those that distinguish it stand first. Of the others, those that the text below
// the line contains are left out too. Annotation is the annotation in the text.
func (l labelling) of(it Item, text, annotation, below string) string {
	apart := l.apart[l.formatter.ruleOf(it)]
	alike := l.texts[annotation] > 1 // so the text distinguishes none
	var first, others []string
	for _, pair := range it.Labels.SortedPairs() {
		value := shownValue(pair.Value)
		_, shared := l.shared[pair.Name]
		switch {
		case value == "" || shared:
		case apart[pair.Name] || l.envs && pair.Name == api.Env || l.ranks && pair.Name == l.formatter.scale.labelOf(it.Labels):
			if (alike || !names(text, value)) && len(first) < maxApart {
				first = append(first, shorten(pair.Name, maxField)+"="+value)
			}
		case !l.formatter.elsewhere(it, pair.Name) && !names(text, value) && !names(below, value):
			others = append(others, shorten(pair.Name, maxField)+"="+value)
		}
	}
	if name := l.clusterIn(it, text); name != "" {
		first = append(first, name)
	} else if value := shownValue(it.Cluster); apart[clusterLabel] && it.Labels[clusterLabel] == "" && value != "" {
		first = append(first, clusterLabel+"="+value)
	}
	return brackets(append(first, others[:max(0, min(len(others), maxLabels-len(first)))]...))
}

// ofLine returns the labels by which an alert with a list title differs from those
// with the same line. Its rule writes the whole line.
func (l labelling) ofLine(it Item, text string, apart map[string]bool) string {
	var labels []string
	for _, pair := range it.Labels.SortedPairs() {
		env := l.envs && pair.Name == api.Env
		if value := shownValue(pair.Value); (apart[pair.Name] || env && !names(text, pair.Value)) && value != "" && len(labels) < maxApart {
			labels = append(labels, shorten(pair.Name, maxField)+"="+value)
		}
	}
	if name := l.clusterIn(it, text); name != "" {
		labels = append(labels, name)
	}
	return brackets(labels)
}

// nameOf returns the values that distinguish an alert from the others of a message, or "".
func (l labelling) nameOf(it Item) string {
	var texts []string
	if l.several() {
		texts = append(texts, l.formatter.ruleOf(it))
	}
	apart := l.apart[l.formatter.ruleOf(it)]
	for _, pair := range it.Labels.SortedPairs() {
		if value := shownValue(pair.Value); apart[pair.Name] && value != "" {
			texts = append(texts, value)
		}
	}
	return strings.Join(texts, " ")
}

func brackets(labels []string) string {
	if len(labels) == 0 {
		return ""
	}
	return "[" + strings.Join(labels, ", ") + "]"
}

// elsewhere reports whether a label of an alert stands elsewhere in the message,
// or is of no use to a reader.
func (f *Formatter) elsewhere(it Item, name string) bool {
	switch name {
	case api.Env, model.JobLabel, "endpoint":
		return true
	case clusterLabel, "environment", "project": // of the whole Prometheus: a rule with a title names them where they matter
		return it.Annotations[api.Title] != ""
	}
	return f.common(name)
}

// common reports whether a label has the name or severity of an alert, or is of
// the program that sent it.
func (f *Formatter) common(name string) bool {
	switch name {
	case f.scale.Label, severityLabel, model.AlertNameLabel, api.Source, api.Delivery,
		"prometheus", "prometheus_replica", "replica", "alertgroup", "uid", grafanaFolder, grafanaRule, "datasource_uid", "ref_id":
		return true
	}
	return private(name)
}

// private reports whether a label is for programs only.
func private(name string) bool { return strings.HasPrefix(name, "__") }

// shownValue returns the value of a label as it is shown.
func shownValue(value string) string { return shownIn(value, maxField) }

// shownIn returns the value of a label in a number of UTF-16 code units. An
// invisible value is shown by its code points. A long one keeps its end, because
// names often differ there.
func shownIn(value string, width int) string {
	text := shorten(value, width)
	if text == "" && value != "" {
		text = shorten(strconv.QuoteToASCII(value), width)
	}
	rest := width / 3
	end := []rune(clean(value[max(0, len(value)-4*rest):]))
	end = end[max(0, len(end)-rest):]
	if strings.HasSuffix(text, "…") && !strings.HasSuffix(text, string(end)) {
		return shorten(text, width-rest) + string(end)
	}
	return text
}

// mentions reports whether a text contains the words, in any case.
func mentions(text, words string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(words))
}

// names reports whether a text contains a value as a word of its own, so that it
// distinguishes an alert. Other numbers can equal a number.
func names(text, value string) bool {
	if strings.Trim(value, "0123456789.") == "" {
		return false
	}
	text, value = strings.ToLower(text), strings.ToLower(value)
	for {
		before, after, found := strings.Cut(text, value)
		if !found {
			return false
		}
		left, _ := utf8.DecodeLastRuneInString(before)
		right, _ := utf8.DecodeRuneInString(after)
		inside, _ := utf8.DecodeRuneInString(value)
		last, _ := utf8.DecodeLastRuneInString(value)
		if !(isWord(left) && isWord(inside)) && !(isWord(last) && isWord(right)) {
			return true
		}
		text = after
	}
}

// isWord reports whether a character joins those beside it to a word. A letter of
// another script can be a particle that follows a name.
func isWord(r rune) bool {
	return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_')
}
