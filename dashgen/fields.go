package dashgen

// Unit is a Grafana unit id.
type Unit string

// The units in use.
const (
	Plain          Unit = "none"        // a number without a unit, or a word that stands for it
	Count          Unit = "locale"      // 1,898, which "short" would round to 1.90 K
	Percent        Unit = "percentunit" // a ratio: 0.25 is shown as 25 %
	Seconds        Unit = "s"
	BytesPerSecond Unit = "Bps"
)

// Color is a colour of Grafana's palette by its name, or "#rrggbb".
type Color string

// The colours in use. A warning is orange, as yellow is hard to read on white;
// grey is what nobody knows.
const (
	Green  Color = "green"
	Orange Color = "orange"
	Red    Color = "red"
	Grey   Color = "#808080"
	Blue   Color = "blue"
	Purple Color = "purple"
)

// Threshold colours the values from a bound upwards, until the next threshold.
// Where one bound follows from the schedule, Runs says so and At is left out.
type Threshold struct {
	At    float64 // in the unit of the metric
	Runs  int     // run intervals, in seconds
	Color Color
}

// Mapping shows a value as a word.
type Mapping struct {
	Value int
	Text  string
	Color Color
}

// Series overrides how some of a panel's series are shown: those of the given
// name, or all those of a query.
type Series struct {
	Name     string // the legend, or the title of a table's column
	Query    string // A, B, …; used when there is no Name
	Rename   string // "" keeps the name
	Color    Color  // "" keeps the colour
	Fill     bool   // a table's cells take the colour of their value
	Mappings []Mapping
}
