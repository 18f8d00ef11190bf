package dashgen

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alertnative/preflight/metrics"
)

// legendOf returns a legend with the values of labels.
func legendOf(labels []string) string {
	parts := make([]string, len(labels))
	for i, l := range labels {
		parts[i] = "{{" + l + "}}"
	}
	return strings.Join(parts, " ")
}

// description returns the descriptions of the alerts.
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

// thresholdsOf returns the base colour and the thresholds. The values at which
// an alert fires are red, up to the next value at which none fires.
func (dr *drawing) thresholdsOf(alerts []AlertPanel) (Color, []Threshold) {
	var lower, upper []float64
	at := map[float64]Color{}
	var base Color
	for _, a := range alerts {
		if !a.drawn() {
			continue // the panel does not show the values that the alert compares
		}
		for _, v := range a.Compared.Thresholds {
			switch a.Compared.Fires {
			case Above:
				upper = append(upper, v)
			case Below:
				lower = append(lower, v)
			case Equal:
				base, at[v] = Green, Red
				if unit, _ := dr.result(a.Compared.Expr); unit != metrics.Bool || v < 1 {
					setIfFree(at, v+1, Green)
				}
			case Unequal:
				base, at[v] = Red, Green
				if unit, _ := dr.result(a.Compared.Expr); unit != metrics.Bool || v < 1 {
					setIfFree(at, v+1, Red)
				}
			}
		}
	}
	for _, v := range lower {
		base = Red
		setIfFree(at, v, Red)
	}
	if len(lower) > 0 {
		at[slices.Max(lower)] = Green
	}
	for _, v := range upper {
		if len(lower) == 0 || v > slices.Max(lower) {
			at[v] = Red
		}
	}
	var out []Threshold
	for _, v := range slices.Sorted(maps.Keys(at)) {
		out = append(out, Threshold{At: v, Color: at[v]})
	}
	return base, out
}

func setIfFree(at map[float64]Color, v float64, c Color) {
	if _, taken := at[v]; !taken {
		at[v] = c
	}
}

// grafanaUnits maps base units to Grafana's. Other units have no equivalent.
var grafanaUnits = map[metrics.Unit]Unit{
	metrics.Seconds:    Seconds,
	metrics.Ratio:      Ratio,
	metrics.Bytes:      Bytes,
	"bytes_per_second": BytesPerSecond,
	"percent":          Percent,
	"count":            Count,
}

func unitOf(u metrics.Unit) Unit { return cmp.Or(grafanaUnits[u], Plain) }
