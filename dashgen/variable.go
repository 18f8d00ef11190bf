package dashgen

import (
	"fmt"
	"strings"

	"github.com/grafana-tools/sdk"
)

// variable is the sdk's with what Grafana has learned since.
type variable struct {
	sdk.TemplateVar
	AllowCustomValue bool          `json:"allowCustomValue"`
	AllValue         string        `json:"allValue,omitempty"`
	Current          choice        `json:"current"`
	Definition       string        `json:"definition"`
	Description      string        `json:"description"`
	Query            variableQuery `json:"query"`
}

// customVariable offers values that the definition lists.
type customVariable struct {
	AllowCustomValue bool         `json:"allowCustomValue"`
	Current          choice       `json:"current"`
	Description      string       `json:"description"`
	IncludeAll       bool         `json:"includeAll"`
	Label            string       `json:"label"`
	Multi            bool         `json:"multi"`
	Name             string       `json:"name"`
	Options          []sdk.Option `json:"options"`
	Query            string       `json:"query"`
	Type             string       `json:"type"`
}

// choice is the value that a variable starts with: a list where several can be
// chosen, else a text.
type choice struct {
	Text  string `json:"text"`
	Value any    `json:"value"`
}

type variableQuery struct {
	QryType int    `json:"qryType"`
	Query   string `json:"query"`
	RefID   string `json:"refId"`
}

// Grafana's numbers for choices that a variable has.
const (
	labelValues      = 1        // the type of the query
	alphabetical     = 1        // the order of the values
	whenTimeRange    = int64(2) // the values are read anew when the time range changes
	variableQueryRef = "PrometheusVariableQueryEditor-VariableQuery"
)

func (v Variable) grafana() any {
	if len(v.Values) > 0 {
		return v.custom()
	}
	refresh := whenTimeRange
	out := variable{
		TemplateVar: sdk.TemplateVar{
			Name: v.Name, Label: v.Title, Type: "query", Datasource: prometheus(),
			Refresh: sdk.BoolInt{Value: &refresh}, Options: []sdk.Option{}, Sort: alphabetical,
			Multi: !v.Single, IncludeAll: !v.Single,
		},
		AllowCustomValue: true,
		Current:          choice{Value: ""},
		Definition:       v.query(),
		Description:      v.Description,
		Query:            variableQuery{QryType: labelValues, Query: v.query(), RefID: variableQueryRef},
	}
	if !v.Single {
		out.AllValue, out.Current = anyValue, all()
	}
	return out
}

func (v Variable) custom() customVariable {
	out := customVariable{
		AllowCustomValue: true,
		Current:          choice{Text: v.Values[0], Value: v.Values[0]},
		Description:      v.Description,
		IncludeAll:       !v.Single,
		Label:            v.Title,
		Multi:            !v.Single,
		Name:             v.Name,
		Options:          []sdk.Option{},
		Query:            strings.Join(escaped(v.Values), ","),
		Type:             "custom",
	}
	if !v.Single {
		out.Current = all() // of the values listed: no allValue
	}
	return out
}

// all is the choice of every value.
func all() choice { return choice{Text: "All", Value: []string{"$__all"}} }

// escaped protects the commas in values, which separate them in Grafana's text.
func escaped(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strings.ReplaceAll(v, ",", `\,`)
	}
	return out
}

// query is the text of the variable's query in Grafana.
func (v Variable) query() string { return fmt.Sprintf("label_values(%s, %s)", v.Series, v.Label) }

func (v Variable) where() string { return fmt.Sprintf("variable %q", v.Name) }
