package dashgen

import (
	"strconv"

	"github.com/alertnative/preflight/metrics"
)

// fieldConfig holds the field options of a panel.
type fieldConfig struct {
	Defaults  fieldDefaults `json:"defaults"`
	Overrides []override    `json:"overrides"`
}

type fieldDefaults struct {
	Color      colorMode  `json:"color"`
	Custom     any        `json:"custom,omitempty"`
	Decimals   *int       `json:"decimals,omitempty"`
	Mappings   []mapping  `json:"mappings"`
	Max        *float64   `json:"max,omitempty"`
	Min        *float64   `json:"min,omitempty"`
	Thresholds thresholds `json:"thresholds"`
	Unit       Unit       `json:"unit"`
}

type colorMode struct {
	FixedColor Color  `json:"fixedColor,omitempty"`
	Mode       string `json:"mode"`
}

type thresholds struct {
	Mode  string `json:"mode"`
	Steps []step `json:"steps"`
}

type step struct {
	Color Color   `json:"color"`
	Value float64 `json:"value"`
}

// mapping maps values to texts: listed values, or values of a kind.
type mapping struct {
	Options any    `json:"options"`
	Type    string `json:"type"`
}

type specialMapping struct {
	Match  string        `json:"match"`
	Result mappingResult `json:"result"`
}

type mappingResult struct {
	Color Color  `json:"color"`
	Index int    `json:"index"`
	Text  string `json:"text"`
}

type override struct {
	Matcher    matcher    `json:"matcher"`
	Properties []property `json:"properties"`
}

type matcher struct {
	ID      string `json:"id"`
	Options string `json:"options"`
}

type property struct {
	ID    string `json:"id"`
	Value any    `json:"value"`
}

// emptyFieldConfig returns the field options of a panel without values.
func emptyFieldConfig() map[string]any {
	return map[string]any{"defaults": map[string]any{}, "overrides": []override{}}
}

func (p Panel) fieldConfig(t metrics.Timing) fieldConfig {
	r := p.Show.render()
	f := fieldConfig{
		Defaults: fieldDefaults{
			Color:      colorMode{Mode: r.colorMode},
			Custom:     r.custom,
			Decimals:   p.Decimals,
			Mappings:   mappings(p.Mappings),
			Max:        p.Max,
			Min:        p.Min,
			Thresholds: p.thresholds(t),
			Unit:       p.Unit,
		},
		Overrides: []override{},
	}
	if _, stat := p.Show.(Stat); stat {
		f.Defaults.Mappings = append(f.Defaults.Mappings, noData(len(p.Mappings)))
	}
	for _, o := range p.Overrides {
		f.Overrides = append(f.Overrides, o.override())
	}
	return f
}

// thresholds starts with the base colour. Grafana writes its bound as 0 and
// reads it as minus infinity.
func (p Panel) thresholds(t metrics.Timing) thresholds {
	base := p.Base
	if base == "" {
		base = Green
	}
	steps := []step{{Color: base}}
	for _, th := range p.Thresholds {
		steps = append(steps, step{Color: th.Color, Value: th.Bound(t)})
	}
	return thresholds{Mode: "absolute", Steps: steps}
}

// Bound returns the lower limit of the threshold in the unit of the metric.
func (th Threshold) Bound(t metrics.Timing) float64 {
	return th.At + float64(th.Runs)*t.Run.Seconds()
}

func mappings(ms []Mapping) []mapping {
	if len(ms) == 0 {
		return []mapping{}
	}
	values := make(map[string]mappingResult, len(ms))
	for i, m := range ms {
		values[strconv.FormatFloat(m.Value, 'f', -1, 64)] = mappingResult{Color: m.Color, Index: i, Text: m.Text}
	}
	return []mapping{{Type: "value", Options: values}}
}

// noData shows missing values in grey, and NaN, which is a quantile of no
// observations.
func noData(index int) mapping {
	return mapping{Type: "special", Options: specialMapping{
		Match:  "null+nan",
		Result: mappingResult{Color: Grey, Index: index, Text: "No data"},
	}}
}

func (o FieldOverride) override() override {
	out := override{Matcher: matcher{ID: "byName", Options: o.Name}}
	if o.Name == "" {
		out.Matcher = matcher{ID: "byFrameRefID", Options: o.Query}
	}
	add := func(id string, value any) { out.Properties = append(out.Properties, property{ID: id, Value: value}) }
	if o.Rename != "" {
		add("displayName", o.Rename)
	}
	if o.Color != "" {
		add("color", colorMode{Mode: fixedColor, FixedColor: o.Color})
	}
	if o.Fill {
		add("custom.cellOptions", cellOptions{Type: "color-background", Mode: "basic"})
	}
	if len(o.Mappings) > 0 {
		add("mappings", mappings(o.Mappings))
	}
	return out
}
