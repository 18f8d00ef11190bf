package dashgen

// Visualization is the kind of display of a panel: [TimeSeries], [Stat],
// [PieChart], [StateTimeline], [Table] or [Text].
type Visualization interface {
	render() rendering
}

// rendering is a panel as one kind of visualization. Options and custom include
// all defaults, because Grafana would add missing ones at the first save.
type rendering struct {
	plugin          string // Grafana's plugin id
	instant         bool   // query the newest value only, no range
	options         any
	colorMode       string // source of a series' colour
	custom          any    // field options of this kind only, or nil
	transformations []transformation
}

// Colour modes in use.
const (
	byThreshold = "thresholds"
	byPalette   = "palette-classic"
	fixedColor  = "fixed"
)

// transformation rearranges the results of queries.
type transformation struct {
	ID      string `json:"id"`
	Options any    `json:"options"`
}

// reduceOptions reduce a series to one value.
type reduceOptions struct {
	Calcs  []string `json:"calcs"`
	Fields string   `json:"fields"`
	Values bool     `json:"values"`
}

func lastValue() reduceOptions { return reduceOptions{Calcs: []string{"lastNotNull"}} }

type legend struct {
	Calcs       []string `json:"calcs,omitempty"`
	DisplayMode string   `json:"displayMode"`
	Placement   string   `json:"placement"`
	ShowLegend  bool     `json:"showLegend"`
	Values      []string `json:"values,omitempty"`
}

type tooltip struct {
	HideZeros bool   `json:"hideZeros"`
	Mode      string `json:"mode"`
	Sort      string `json:"sort"`
}

type hideFrom struct {
	Legend  bool `json:"legend"`
	Tooltip bool `json:"tooltip"`
	Viz     bool `json:"viz"`
}
