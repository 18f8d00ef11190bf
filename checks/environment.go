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
