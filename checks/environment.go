package checks

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// EnvironmentConfig declares what the check Environment looks at.
type EnvironmentConfig struct {
	Required []VariableConfig `yaml:"required"`
	Optional []VariableConfig `yaml:"optional"` // checked only when they are set
}

// VariableConfig declares an environment variable.
type VariableConfig struct {
	Name    string   `yaml:"name"`
	Format  Format   `yaml:"format"`  // text when not given
	Schemes []string `yaml:"schemes"` // of a url; any when not given
	Min     *int64   `yaml:"min"`     // of an integer
	Max     *int64   `yaml:"max"`
	Values  []string `yaml:"values"` // of a one_of
}

func (c EnvironmentConfig) check(s Setting) Check {
	e := Environment{Lookup: s.Lookup}
	for _, v := range c.Required {
		e.Variables = append(e.Variables, v.variable(false))
	}
	for _, v := range c.Optional {
		e.Variables = append(e.Variables, v.variable(true))
	}
	return e
}

func (c EnvironmentConfig) problems(Config) (problems []problem) {
	seen := map[string]bool{}
	look := func(key string, declared []VariableConfig) {
		for i, v := range declared {
			if field, text := v.problem(); text != "" {
				problems = append(problems, wrong(text, key, i, field))
			}
			if seen[v.Name] {
				problems = append(problems, wrong(v.Name+" is declared twice", key, i, "name"))
			}
			seen[v.Name] = true
		}
	}
	look("required", c.Required)
	look("optional", c.Optional)
	return problems
}

// problem returns the first key that makes no sense, and why.
func (v VariableConfig) problem() (key, text string) {
	formats := []Format{"", FormatText, FormatURL, FormatInteger, FormatOneOf, FormatFile}
	switch {
	case !variableName.MatchString(v.Name):
		return "name", "must be the name of an environment variable: letters, digits and underscores"
	case !slices.Contains(formats, v.Format):
		return "format", fmt.Sprintf("%q is none of %v", v.Format, formats[1:])
	case v.Format == FormatOneOf && len(v.Values) == 0:
		return "format", "one_of needs values"
	case v.Format != FormatOneOf && v.Values != nil:
		return "values", "goes only with the format one_of"
	case v.Format != FormatURL && v.Schemes != nil:
		return "schemes", "goes only with the format url"
	case v.Format != FormatInteger && v.Min != nil:
		return "min", "goes only with the format integer"
	case v.Format != FormatInteger && v.Max != nil:
		return "max", "goes only with the format integer"
	case v.Min != nil && v.Max != nil && *v.Min > *v.Max:
		return "min", fmt.Sprintf("%d is above max, which is %d", *v.Min, *v.Max)
	}
	return "", ""
}

func (v VariableConfig) variable(optional bool) Variable {
	return Variable{Name: v.Name, Optional: optional, Format: v.Format, Schemes: v.Schemes, Min: v.Min, Max: v.Max, OneOf: v.Values}
}

// Environment checks that the environment variables of the system are present
// and well formed.
type Environment struct {
	Variables []Variable
	// Lookup gives the value of a variable and whether it is set.
	Lookup func(name string) (string, bool)
}

// Variable is what one environment variable must be like.
type Variable struct {
	Name     string
	Optional bool
	Format   Format
	Schemes  []string // of a URL
	Min, Max *int64   // of an integer
	OneOf    []string
}

// Format is how a variable's value is read.
type Format string

// The formats.
const (
	FormatText    Format = "text" // anything but nothing
	FormatURL     Format = "url"
	FormatInteger Format = "integer"
	FormatOneOf   Format = "one_of"
	FormatFile    Format = "file" // the path of a file that is there
)

// Spec describes the check.
func (Environment) Spec() Spec {
	return Spec{
		Name:  "Environment",
		Looks: "the environment variables that preflight.yml declares are present and well formed",
		Reasons: []Reason{
			{"missing", "the variable is not set", "set it in the environment or in the .env file of this environment"},
			{"empty", "the variable is set to nothing", "give it a value, or take it out if it is optional"},
			{"malformed", "the value is not of the declared format", "write it in the format that preflight.yml declares"},
			{"out_of_range", "the number is outside the declared range", "choose a number in the range that preflight.yml declares"},
			{"not_allowed", "the value is none of the declared ones", "choose one of the values that preflight.yml declares"},
			{"no_such_file", "the file that the value names is not there", "put the file there, or correct the path"},
		},
	}
}

// Targets are the names of the variables.
func (e Environment) Targets() []string {
	var names []string
	for _, v := range e.Variables {
		names = append(names, v.Name)
	}
	return names
}

// Run looks at each variable.
func (e Environment) Run(context.Context) []Observation {
	var out []Observation
	for _, v := range e.Variables {
		value, set := e.Lookup(v.Name)
		out = append(out, v.observe(value, set))
	}
	return out
}

// observe never shows the value: it may be a secret.
func (v Variable) observe(value string, set bool) Observation {
	switch {
	case !set && v.Optional:
		return Passed(v.Name, "not set, optional")
	case !set:
		return Failed(v.Name, "missing", "not set")
	case strings.TrimSpace(value) == "":
		return Failed(v.Name, "empty", "set to nothing")
	}
	switch v.Format {
	case FormatURL:
		return v.observeURL(value)
	case FormatInteger:
		return v.observeInteger(value)
	case FormatOneOf:
		if !slices.Contains(v.OneOf, value) {
			return Failed(v.Name, "not_allowed", "must be one of "+strings.Join(v.OneOf, ", "))
		}
	case FormatFile:
		if info, err := os.Stat(value); err != nil || info.IsDir() {
			return Failed(v.Name, "no_such_file", "must be the path of a file")
		}
	}
	return Passed(v.Name, "")
}

func (v Variable) observeURL(value string) Observation {
	u, err := url.Parse(value)
	if err != nil || u.Scheme == "" || u.Host == "" && u.Path == "" {
		return Failed(v.Name, "malformed", "must be a URL")
	}
	if len(v.Schemes) > 0 && !slices.Contains(v.Schemes, u.Scheme) {
		return Failed(v.Name, "malformed", "must be a URL that starts with "+strings.Join(v.Schemes, ":// or ")+"://")
	}
	return Passed(v.Name, "")
}

func (v Variable) observeInteger(value string) Observation {
	n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	if err != nil {
		return Failed(v.Name, "malformed", "must be an integer")
	}
	if v.Min != nil && n < *v.Min {
		return Failed(v.Name, "out_of_range", fmt.Sprintf("must be at least %d", *v.Min))
	}
	if v.Max != nil && n > *v.Max {
		return Failed(v.Name, "out_of_range", fmt.Sprintf("must be at most %d", *v.Max))
	}
	return Passed(v.Name, "")
}
