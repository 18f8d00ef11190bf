package dashgen

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/alertnative/preflight/metrics"
)

// legendOf shows the values of labels.
func legendOf(labels []string) string {
	parts := make([]string, len(labels))
	for i, l := range labels {
		parts[i] = "{{" + l + "}}"
	}
	return strings.Join(parts, " ")
}

// description returns what the alerts mean.
func description(alerts []AlertPanel) string {
	var texts []string
	for _, a := range alerts {
		text := cmp.Or(a.Compared.About, fmt.Sprintf("The alert %s watches these values.", a.Panel.Alert))
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, "\n\n")
}

// thresholdsOf marks the values at which the alerts fire. Values below a lower
// bound are red, and so are those above an upper bound.
func thresholdsOf(alerts []AlertPanel) (Color, []Threshold) {
	var lower, upper []float64
	for _, a := range alerts {
		switch {
		case !a.drawn(): // the panel shows other values than the alert compares
		case a.Compared.Above:
			upper = append(upper, a.Compared.Thresholds...)
		default:
			lower = append(lower, a.Compared.Thresholds...)
		}
	}
	var out []Threshold
	slices.Sort(lower)
	slices.Sort(upper)
	lower, upper = slices.Compact(lower), slices.Compact(upper)
	for i, at := range lower {
		color := Red
		if i == len(lower)-1 {
			color = Green
		}
		out = append(out, Threshold{At: at, Color: color})
	}
	for _, at := range upper {
		if len(lower) == 0 || at > lower[len(lower)-1] {
			out = append(out, Threshold{At: at, Color: Red})
		}
	}
	if len(lower) > 0 {
		return Red, out
	}
	return "", out
}

// grafanaUnits maps the base units of metrics. The rest has no unit in Grafana.
var grafanaUnits = map[metrics.Unit]Unit{
	metrics.Seconds:    Seconds,
	metrics.Ratio:      Ratio,
	metrics.Bytes:      Bytes,
	"bytes_per_second": BytesPerSecond,
	"percent":          Percent,
	"count":            Count,
}

func unitOf(u metrics.Unit) Unit { return cmp.Or(grafanaUnits[u], Plain) }
