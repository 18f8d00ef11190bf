package dashgen

// TimeSeries draws each series as a line over time. Its legend shows the mean,
// maximum and newest value.
type TimeSeries struct {
	Lines   bool // draw the thresholds as dashed lines
	Stacked bool // stack the series
}

type timeSeriesOptions struct {
	Legend  legend  `json:"legend"`
	Tooltip tooltip `json:"tooltip"`
}

type timeSeriesCustom struct {
	AxisBorderShow    bool              `json:"axisBorderShow"`
	AxisCenteredZero  bool              `json:"axisCenteredZero"`
	AxisColorMode     string            `json:"axisColorMode"`
	AxisLabel         string            `json:"axisLabel"`
	AxisPlacement     string            `json:"axisPlacement"`
	BarAlignment      int               `json:"barAlignment"`
	BarWidthFactor    float64           `json:"barWidthFactor"`
	DrawStyle         string            `json:"drawStyle"`
	FillOpacity       int               `json:"fillOpacity"`
	GradientMode      string            `json:"gradientMode"`
	HideFrom          hideFrom          `json:"hideFrom"`
	InsertNulls       bool              `json:"insertNulls"`
	LineInterpolation string            `json:"lineInterpolation"`
	LineWidth         int               `json:"lineWidth"`
	PointSize         int               `json:"pointSize"`
	ScaleDistribution scaleDistribution `json:"scaleDistribution"`
	ShowPoints        string            `json:"showPoints"`
	ShowValues        bool              `json:"showValues"`
	SpanNulls         bool              `json:"spanNulls"`
	Stacking          stacking          `json:"stacking"`
	ThresholdsStyle   thresholdsStyle   `json:"thresholdsStyle"`
}

type scaleDistribution struct {
	Type string `json:"type"`
}

type stacking struct {
	Group string `json:"group"`
	Mode  string `json:"mode"`
}

type thresholdsStyle struct {
	Mode string `json:"mode"`
}

func (s TimeSeries) render() rendering {
	c := timeSeriesCustom{
		AxisColorMode:     "text",
		AxisPlacement:     "auto",
		BarWidthFactor:    0.6,
		DrawStyle:         "line",
		FillOpacity:       10,
		GradientMode:      "none",
		LineInterpolation: "linear",
		LineWidth:         2,
		PointSize:         5,
		ScaleDistribution: scaleDistribution{Type: "linear"},
		ShowPoints:        "auto",
		Stacking:          stacking{Group: "A", Mode: "none"},
		ThresholdsStyle:   thresholdsStyle{Mode: "off"},
	}
	if s.Lines {
		c.ThresholdsStyle.Mode = "dashed"
	}
	if s.Stacked {
		c.Stacking.Mode = "normal"
	}
	return rendering{
		plugin: "timeseries",
		options: timeSeriesOptions{
			Legend: legend{
				Calcs: []string{"mean", "max", "lastNotNull"}, DisplayMode: "table", Placement: "bottom", ShowLegend: true,
			},
			Tooltip: tooltip{Mode: "multi", Sort: "desc"},
		},
		colorMode: byPalette,
		custom:    c,
	}
}
