package dashgen

// StateTimeline draws each series as a band over time. Its colour follows the
// value, and the panel's mappings name the values.
type StateTimeline struct{}

type timelineOptions struct {
	AlignValue  string  `json:"alignValue"`
	Legend      legend  `json:"legend"`
	MergeValues bool    `json:"mergeValues"`
	PerPage     int     `json:"perPage"`
	RowHeight   float64 `json:"rowHeight"`
	ShowValue   string  `json:"showValue"`
	Tooltip     tooltip `json:"tooltip"`
}

type timelineCustom struct {
	AxisPlacement string   `json:"axisPlacement"`
	FillOpacity   int      `json:"fillOpacity"`
	HideFrom      hideFrom `json:"hideFrom"`
	InsertNulls   bool     `json:"insertNulls"`
	LineWidth     int      `json:"lineWidth"`
	SpanNulls     bool     `json:"spanNulls"`
}

func (StateTimeline) render() rendering {
	return rendering{
		plugin: "state-timeline",
		options: timelineOptions{
			AlignValue:  "left",
			Legend:      legend{DisplayMode: "list", Placement: "bottom", ShowLegend: true},
			MergeValues: true,
			PerPage:     20,
			RowHeight:   0.9,
			ShowValue:   "auto",
			Tooltip:     tooltip{Mode: "single", Sort: "none"},
		},
		// With the colours of thresholds, this visualization ignores value
		// mappings.
		colorMode: byPalette,
		custom:    timelineCustom{AxisPlacement: "auto", FillOpacity: 70},
	}
}
