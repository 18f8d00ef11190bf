package dashgen

// Unit is a Grafana unit id.
type Unit string

// Color is a colour of Grafana's palette by its name, or "#rrggbb".
type Color string

// The units and colours in use. Yellow is hard to read on white, so a warning is
// orange. Grey marks what is not known.
const (
	Plain          Unit  = "none"
	Count          Unit  = "locale"      // 1,898, which "short" would round to 1.90 K
	Ratio          Unit  = "percentunit" // 0.25 is shown as 25 %
	Percent        Unit  = "percent"     // 25 is shown as 25 %
	Seconds        Unit  = "s"
	Bytes          Unit  = "bytes"
	BytesPerSecond Unit  = "Bps"
	Red            Color = "red"
	Orange         Color = "orange"
	Green          Color = "green"
	Blue           Color = "blue"
	Purple         Color = "purple"
	Grey           Color = "#808080"
)

// Threshold colours values from At upwards, or from so many run intervals.
type Threshold struct {
	At    float64 // in the unit of the metric
	Runs  int     // in run intervals, for a metric in seconds
	Color Color
}

// Mapping shows a value as a word.
type Mapping struct {
	Value float64
	Text  string
	Color Color
}

// FieldOverride changes how some series are shown: those of a name, or of a query.
type FieldOverride struct {
	Name, Query string // the legend or the title of a column; or A, B, …
	Rename      string
	Color       Color
	Fill        bool // a table's cells take the colour of their value
	Mappings    []Mapping
}
