package dashgen

// Table shows one line per series, with its newest value.
type Table struct {
	Columns []Column // from left to right; other labels are hidden
	SortBy  string   // title of a column, in descending order
}

// Value is the Field of the column with the values of the series.
const Value = "Value"

// Column is a column of a [Table].
type Column struct {
	Field, Title string // Field: name of a label, or [Value]
}

type tableOptions struct {
	CellHeight string   `json:"cellHeight"`
	ShowHeader bool     `json:"showHeader"`
	SortBy     []sortBy `json:"sortBy,omitempty"`
}

type sortBy struct {
	Desc        bool   `json:"desc"`
	DisplayName string `json:"displayName"`
}

type tableCustom struct {
	Align       string      `json:"align"`
	CellOptions cellOptions `json:"cellOptions"`
	Footer      tableFooter `json:"footer"`
	Inspect     bool        `json:"inspect"`
}

type cellOptions struct {
	Mode string `json:"mode,omitempty"`
	Type string `json:"type"`
}

type tableFooter struct {
	Reducers []string `json:"reducers"`
}

// organizeOptions select, order and name columns.
type organizeOptions struct {
	ExcludeByName map[string]bool   `json:"excludeByName"`
	IncludeByName map[string]bool   `json:"includeByName"`
	IndexByName   map[string]int    `json:"indexByName"`
	RenameByName  map[string]string `json:"renameByName"`
}

func (t Table) render() rendering {
	o := tableOptions{CellHeight: "sm", ShowHeader: true}
	if t.SortBy != "" {
		o.SortBy = []sortBy{{Desc: true, DisplayName: t.SortBy}}
	}
	columns := organizeOptions{
		// In a table of newest values, the time is the same in every line.
		ExcludeByName: map[string]bool{"Time": true},
		IncludeByName: map[string]bool{},
		IndexByName:   map[string]int{},
		RenameByName:  map[string]string{},
	}
	for i, c := range t.Columns {
		columns.IndexByName[c.Field] = i
		columns.RenameByName[c.Field] = c.Title
	}
	return rendering{
		plugin:    "table",
		instant:   true,
		options:   o,
		colorMode: byThreshold,
		custom: tableCustom{
			Align:       "auto",
			CellOptions: cellOptions{Type: "auto"},
			Footer:      tableFooter{Reducers: []string{}},
		},
		transformations: []transformation{{ID: "organize", Options: columns}},
	}
}
