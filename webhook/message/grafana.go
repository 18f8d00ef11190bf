package message

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
)

// Labels and annotations of Grafana's own alerting. They are the same whether
// Grafana posts an alert itself or gives it to an Alertmanager.
const (
	grafanaFolder = "grafana_folder" // the folder of the rule
	grafanaRule   = "rulename"       // the rule of an alert about missing data or a failed query
	grafanaError  = "Error"          // the annotation with the reason of a failed query

	// StateReason names the cause of a state that no evaluation made, such as
	// NoData.
	StateReason = "grafana_state_reason"
	// Values has the values of the rule's expressions as a JSON object, and
	// ValueString as text: "[ var='B' labels={} value=44.2 ]".
	Values      = "__values__"
	ValueString = "__value_string__"
	// OrgID is the organisation of the rule.
	OrgID = "__orgId__"
)

// grafanaTitle returns the title of an alert that Grafana makes when a rule has
// no data or its query fails. It returns "" for others.
func (f *Formatter) grafanaTitle(it Item) string {
	rule := shorten(it.Labels[grafanaRule], maxField)
	switch it.Labels[model.AlertNameLabel] {
	case "DatasourceNoData":
		return join(f.words.NoData, ": ", rule)
	case "DatasourceError":
		return join(f.words.QueryFailed, ": ", rule)
	}
	return ""
}

// maxValues is the maximum number of values in a line.
const maxValues = 3

var valueOf = regexp.MustCompile(`\[ var='([^']*)'.*?\bvalue=([^\s\]]+)`)

// grafanaValues returns the measured values, such as "B=44.24", without those that
// the text contains. A condition is 0 or 1, so it is left out beside other values.
func grafanaValues(it Item, text string) string {
	values := map[string]float64{}
	var known map[string]*float64 // nil for an expression without a value
	if json.Unmarshal([]byte(it.Annotations[Values]), &known) == nil {
		for name, v := range known {
			if v != nil {
				values[name] = *v
			}
		}
	}
	if len(values) == 0 {
		for _, m := range valueOf.FindAllStringSubmatch(it.Annotations[ValueString], 20) {
			if v, err := strconv.ParseFloat(m[2], 64); err == nil {
				values[m[1]] = v
			}
		}
	}
	all := slices.Sorted(maps.Keys(values))
	measured := slices.DeleteFunc(slices.Clone(all), func(name string) bool { return values[name] == 0 || values[name] == 1 })
	if len(measured) == 0 {
		measured = all
	}
	var texts []string
	for _, name := range measured[:min(len(measured), maxValues)] {
		if value := withoutKnown(text, shorten(name, 20), values[name]); value != "" {
			texts = append(texts, value)
		}
	}
	return strings.Join(texts, ", ")
}

// withoutKnown returns a name and a number, or "" if a text contains the number. A
// short number can be another one.
func withoutKnown(text, name string, v float64) string {
	number := number4(v)
	if len(number) > 2 && mentions(text, number) {
		return ""
	}
	return name + "=" + number
}

// number4 returns a number with four significant digits, and without an exponent
// unless it is very large or small.
func number4(v float64) string {
	short := strconv.FormatFloat(v, 'g', 4, 64)
	if rounded, err := strconv.ParseFloat(short, 64); err == nil && strings.Contains(short, "e") {
		if text := strconv.FormatFloat(rounded, 'f', -1, 64); len(text) <= 12 {
			return text
		}
	}
	return short
}
