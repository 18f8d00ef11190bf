package dashgen

// Stat shows the newest value of each series in large type. A missing value or
// NaN is grey with the text "No data", because the colour of good values would
// mislead.
type Stat struct {
	Name bool // show the legend beside the value
	Fill bool // fill the tile with the colour of the value
}

type statOptions struct {
	ColorMode              string        `json:"colorMode"`
	GraphMode              string        `json:"graphMode"`
	JustifyMode            string        `json:"justifyMode"`
	Orientation            string        `json:"orientation"`
	PercentChangeColorMode string        `json:"percentChangeColorMode"`
	ReduceOptions          reduceOptions `json:"reduceOptions"`
	ShowPercentChange      bool          `json:"showPercentChange"`
	Text                   textSize      `json:"text"`
	TextMode               string        `json:"textMode"`
	WideLayout             bool          `json:"wideLayout"`
}

// textSize is in pixels. It is fixed so that adjacent tiles match; by default
// Grafana sizes each text to its tile.
type textSize struct {
	TitleSize int `json:"titleSize"`
	ValueSize int `json:"valueSize"`
}

func (s Stat) render() rendering {
	o := statOptions{
		ColorMode:              "value",
		GraphMode:              "none",
		JustifyMode:            "auto",
		Orientation:            "auto",
		PercentChangeColorMode: "standard",
		ReduceOptions:          lastValue(),
		Text:                   textSize{TitleSize: 16, ValueSize: 38},
		TextMode:               "value",
		WideLayout:             true,
	}
	if s.Fill {
		o.ColorMode = "background_solid"
	}
	if s.Name {
		o.TextMode = "value_and_name"
	}
	return rendering{plugin: "stat", instant: true, options: o, colorMode: byThreshold}
}
