package dashgen

import (
	"fmt"
	"strings"

	"github.com/grafana-tools/sdk"
)

// variable is the sdk's type with newer fields of Grafana.
type variable struct {
	sdk.TemplateVar
	AllowCustomValue bool          `json:"allowCustomValue"`
	AllValue         string        `json:"allValue,omitempty"`
	Current          choice        `json:"current"`
	Definition       string        `json:"definition"`
	Description      string        `json:"description"`
	Query            variableQuery `json:"query"`
}

// customVariable has the values that the definition lists.
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

// choice is the initial value of a variable: a list if several can be selected,
// else a text.
type choice struct {
	Text  string `json:"text"`
	Value any    `json:"value"`
}

type variableQuery struct {
	QryType int    `json:"qryType"`
	Query   string `json:"query"`
	RefID   string `json:"refId"`
}

// Grafana's constants for options of a variable.
const (
	labelValues      = 1        // type of the query
	alphabetical     = 1        // order of the values
	whenTimeRange    = int64(2) // reload the values when the time range changes
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
		out.Current = all() // all listed values: no allValue
	}
	return out
}

// all selects every value.
func all() choice { return choice{Text: "All", Value: []string{"$__all"}} }

// escaped escapes commas in values, because commas separate values.
func escaped(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strings.ReplaceAll(v, ",", `\,`)
	}
	return out
}

// query returns the text of the variable's query in Grafana.
func (v Variable) query() string { return fmt.Sprintf("label_values(%s, %s)", v.Series, v.Label) }

func (v Variable) where() string { return fmt.Sprintf("variable %q", v.Name) }
