package checks

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"time"
)

// Config is preflight.yml: what the checks look at.
type Config struct {
	Environment EnvironmentConfig `yaml:"environment"`
	Database    DatabaseConfig    `yaml:"database"`
}

// EnvironmentConfig declares what the check Environment looks at.
type EnvironmentConfig struct {
	Required []VariableConfig `yaml:"required"`
	Optional []VariableConfig `yaml:"optional"` // checked only when they are set
}

// DatabaseConfig declares what the check Database looks at.
type DatabaseConfig struct {
	Redis    *ServerConfig `yaml:"redis"`
	Postgres *ServerConfig `yaml:"postgres"`
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

// ServerConfig declares a database. Its address is in an environment variable,
// never in the file.
type ServerConfig struct {
	URLFrom string        `yaml:"url_from"` // the variable's name
	Timeout time.Duration `yaml:"timeout"`  // 2s when not given
}

const defaultTimeout = 2 * time.Second

// ReadConfig reads preflight.yml strictly: an unknown key, a value of the wrong
// kind and a declaration that makes no sense are errors that name the line.
func ReadConfig(file string) (Config, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, fmt.Errorf("%s: no such file: write one (the project has an example) or name it with --config.file", file)
	}
	if err != nil {
		return Config{}, err
	}
	return ParseConfig(file, data)
}

// ParseConfig is ReadConfig for what has been read already.
func ParseConfig(file string, data []byte) (Config, error) {
	var c Config
	doc, err := decodeStrict(file, data, &c)
	if err != nil {
		return Config{}, err
	}
	if errs := c.validate(doc); errs != nil {
		return Config{}, errors.Join(errs...)
	}
	return c, nil
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// validate returns what is well formed and makes no sense, from top to bottom.
func (c Config) validate(doc document) (errs []error) {
	seen := map[string]bool{}
	variables := func(key string, declared []VariableConfig) {
		for i, v := range declared {
			path := []any{"environment", key, i}
			if field, text := v.problem(); text != "" {
				errs = append(errs, doc.errorAt(append(path, field), "%s", text))
			}
			if seen[v.Name] {
				errs = append(errs, doc.errorAt(append(path, "name"), "%s is declared twice", v.Name))
			}
			seen[v.Name] = true
		}
	}
	variables("required", c.Environment.Required)
	variables("optional", c.Environment.Optional)
	server := func(key string, s *ServerConfig) {
		switch {
		case s == nil:
		case !variableName.MatchString(s.URLFrom):
			errs = append(errs, doc.errorAt([]any{"database", key, "url_from"},
				"must be the name of the environment variable that holds the address, as REDIS_URL; the address itself does not belong here"))
		case s.Timeout < 0:
			errs = append(errs, doc.errorAt([]any{"database", key, "timeout"}, "must be positive"))
		}
	}
	server(TargetRedis, c.Database.Redis)
	server(TargetPostgres, c.Database.Postgres)
	if len(seen) == 0 && c.Database.Redis == nil && c.Database.Postgres == nil {
		errs = append(errs, fmt.Errorf("%s: declares nothing to look at", doc.file))
	}
	return errs
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

// Checks returns the checks that the configuration declares, with the values
// that lookup gives for environment variables.
func (c Config) Checks(lookup func(name string) (string, bool)) []Check {
	env := Environment{Lookup: lookup}
	for _, v := range c.Environment.Required {
		env.Variables = append(env.Variables, v.variable(false))
	}
	for _, v := range c.Environment.Optional {
		env.Variables = append(env.Variables, v.variable(true))
	}
	return []Check{env, Database{Redis: c.Database.Redis.server(lookup), Postgres: c.Database.Postgres.server(lookup)}}
}

func (v VariableConfig) variable(optional bool) Variable {
	return Variable{Name: v.Name, Optional: optional, Format: v.Format, Schemes: v.Schemes, Min: v.Min, Max: v.Max, OneOf: v.Values}
}

func (s *ServerConfig) server(lookup func(string) (string, bool)) *Server {
	if s == nil {
		return nil
	}
	address, _ := lookup(s.URLFrom)
	timeout := s.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	return &Server{Variable: s.URLFrom, Address: address, Timeout: timeout}
}
