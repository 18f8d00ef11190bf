package checks

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checks/internal/declared"
)

// environmentConfig declares the variables for the check Environment.
type environmentConfig struct {
	Required []variableConfig `yaml:"required"`
	Optional []variableConfig `yaml:"optional"` // checked only if set
}

// variableConfig declares an environment variable.
type variableConfig struct {
	Name    string   `yaml:"name"`
	Format  format   `yaml:"format"`  // text by default
	Schemes []string `yaml:"schemes"` // of a url; any by default
	Min     *int64   `yaml:"min"`     // of an integer
	Max     *int64   `yaml:"max"`
	Values  []string `yaml:"values"` // of a one_of
}

func (c environmentConfig) observer(env checker.Env) observer {
	e := environment{Lookup: env.Lookup}
	for _, v := range c.Required {
		e.Variables = append(e.Variables, v.variable(false))
	}
	for _, v := range c.Optional {
		e.Variables = append(e.Variables, v.variable(true))
	}
	return e
}

func (c environmentConfig) Problems(checker.Env) (problems []checker.Problem) {
	seen := map[string]bool{}
	look := func(key string, declared []variableConfig) {
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

// problem returns the first invalid key and the reason.
func (v variableConfig) problem() (key, text string) {
	formats := []format{"", formatText, formatURL, formatInteger, formatOneOf, formatFile}
	switch {
	case !declared.VariableName().MatchString(v.Name):
		return "name", "must be the name of an environment variable: letters, digits and underscores"
	case !slices.Contains(formats, v.Format):
		return "format", fmt.Sprintf("%q is none of %v", v.Format, formats[1:])
	case v.Format == formatOneOf && len(v.Values) == 0:
		return "format", "one_of needs values"
	case v.Format != formatOneOf && v.Values != nil:
		return "values", "is allowed only with the format one_of"
	case v.Format != formatURL && v.Schemes != nil:
		return "schemes", "is allowed only with the format url"
	case v.Format != formatInteger && v.Min != nil:
		return "min", "is allowed only with the format integer"
	case v.Format != formatInteger && v.Max != nil:
		return "max", "is allowed only with the format integer"
	case v.Min != nil && v.Max != nil && *v.Min > *v.Max:
		return "min", fmt.Sprintf("%d is above max, which is %d", *v.Min, *v.Max)
	}
	return "", ""
}

func (v variableConfig) variable(optional bool) variable {
	return variable{Name: v.Name, Optional: optional, Format: v.Format, Schemes: v.Schemes, Min: v.Min, Max: v.Max, OneOf: v.Values}
}

// environment checks that the system's environment variables are set and well
// formed.
type environment struct {
	Variables []variable
	// Lookup returns the value of a variable and whether it is set.
	Lookup func(name string) (string, bool)
}

// variable declares one environment variable.
type variable struct {
	Name     string
	Optional bool
	Format   format
	Schemes  []string // of a URL
	Min, Max *int64   // of an integer
	OneOf    []string
}

// format is the syntax of a variable's value.
type format string

// The formats.
const (
	formatText    format = "text" // any text but ""
	formatURL     format = "url"
	formatInteger format = "integer"
	formatOneOf   format = "one_of"
	formatFile    format = "file" // path of an existing file
)

// targets returns the names of the variables.
func (e environment) targets() []string {
	var names []string
	for _, v := range e.Variables {
		names = append(names, v.Name)
	}
	return names
}

// run looks at each variable.
func (e environment) run(_ context.Context, env checker.Env) []checker.Observation {
	file, _ := env.ReadEnvFile(env.File) // a missing file sets nothing
	var out []checker.Observation
	for _, v := range e.Variables {
		value, set := e.Lookup(v.Name)
		o := v.observe(value, set)
		if lines := file.Twice[v.Name]; o.Status == checker.Pass && len(lines) > 0 && file.Values[v.Name] == value {
			o = checker.Warned(v.Name, "set_twice", setTwice(v.Name, lines)+" of "+filepath.Base(env.File)+"; the last one counts")
		}
		out = append(out, o)
	}
	return out
}

// observe never shows the value, which may be a secret.
func (v variable) observe(value string, set bool) checker.Observation {
	switch {
	case !set && v.Optional:
		return checker.Passed(v.Name, "not set, optional")
	case !set:
		return checker.Failed(v.Name, "missing", "not set")
	case strings.TrimSpace(value) == "":
		return checker.Failed(v.Name, "empty", "empty")
	}
	switch v.Format {
	case formatURL:
		return v.observeURL(value)
	case formatInteger:
		return v.observeInteger(value)
	case formatOneOf:
		if !slices.Contains(v.OneOf, value) {
			return checker.Failed(v.Name, "not_allowed", "must be one of "+strings.Join(v.OneOf, ", ")+spaces(value))
		}
	case formatFile:
		if info, err := os.Stat(value); err != nil || info.IsDir() {
			return checker.Failed(v.Name, "no_such_file", "must be the path of a file")
		}
	}
	return checker.Passed(v.Name, "")
}

func (v variable) observeURL(value string) checker.Observation {
	u, err := url.Parse(value)
	if err != nil || u.Scheme == "" || u.Host == "" && u.Path == "" || spaces(value) != "" {
		return checker.Failed(v.Name, "malformed", "must be a URL"+spaces(value))
	}
	if len(v.Schemes) > 0 && !slices.Contains(v.Schemes, u.Scheme) {
		return checker.Failed(v.Name, "malformed", "must be a URL that starts with "+strings.Join(v.Schemes, ":// or ")+"://")
	}
	return checker.Passed(v.Name, "")
}

func (v variable) observeInteger(value string) checker.Observation {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return checker.Failed(v.Name, "malformed", "must be an integer"+spaces(value))
	}
	if v.Min != nil && n < *v.Min {
		return checker.Failed(v.Name, "out_of_range", fmt.Sprintf("must be at least %d", *v.Min))
	}
	if v.Max != nil && n > *v.Max {
		return checker.Failed(v.Name, "out_of_range", fmt.Sprintf("must be at most %d", *v.Max))
	}
	return checker.Passed(v.Name, "")
}
