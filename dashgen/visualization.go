package dashgen

// Visualization is how a panel is drawn: [TimeSeries], [Stat], [PieChart],
// [StateTimeline], [Table] or [Text].
type Visualization interface {
	render() rendering
}

// rendering is what one kind of visualization makes of a panel. Options and
// custom are spelled out in full, defaults too: Grafana would write what is
// missing at the first save.
type rendering struct {
	plugin          string // Grafana's name of the kind
	instant         bool   // it asks for the newest value only, not for a range
	options         any
	colorMode       string // where a series has its colour from
	custom          any    // field options of this kind alone; nil if it has none
	transformations []transformation
}

// The colour modes in use.
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

// reduceOptions turn a series into one value.
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
