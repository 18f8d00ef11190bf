package dashgen

// PieChart shows the newest value of each series as a share of their sum.
type PieChart struct{}

type pieOptions struct {
	Legend        legend        `json:"legend"`
	PieType       string        `json:"pieType"`
	ReduceOptions reduceOptions `json:"reduceOptions"`
	Sort          string        `json:"sort"`
	Tooltip       tooltip       `json:"tooltip"`
}

type pieCustom struct {
	HideFrom hideFrom `json:"hideFrom"`
}

func (PieChart) render() rendering {
	return rendering{
		plugin:  "piechart",
		instant: true,
		options: pieOptions{
			Legend: legend{
				DisplayMode: "table", Placement: "bottom", ShowLegend: true,
				Values: []string{"value", "percent"},
			},
			PieType:       "pie",
			ReduceOptions: lastValue(),
			Sort:          "desc",
			Tooltip:       tooltip{Mode: "single", Sort: "none"},
		},
		colorMode: byPalette,
		custom:    pieCustom{},
	}
}
