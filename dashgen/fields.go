package dashgen

// Unit is a Grafana unit id.
type Unit string

// Color is a colour of Grafana's palette by its name, or "#rrggbb".
type Color string

// Units and colours in use. Warnings are orange, because yellow is hard to read
// on white. Grey marks unknown values.
const (
	Plain          Unit  = "none"
	Count          Unit  = "locale"      // 1,898; "short" would show 1.90 K
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

// Threshold colours values from At upwards, or from a number of run intervals.
type Threshold struct {
	At    float64 // in the metric's unit
	Runs  int     // number of run intervals, for a metric in seconds
	Color Color
}

// Mapping shows a value as a text.
type Mapping struct {
	Value float64
	Text  string
	Color Color
}

// FieldOverride changes the display of some series: those with a name, or those
// of a query.
type FieldOverride struct {
	Name, Query string // legend or title of a column; or A, B, …
	Rename      string
	Color       Color
	Fill        bool // cells of a table have the colour of their value
	Mappings    []Mapping
}
