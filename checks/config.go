package checks

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"gopkg.in/yaml.v3"
)

// Config is preflight.yml: what the checks look at.
type Config struct {
	Environment struct {
		Required []VariableConfig `yaml:"required"`
		Optional []VariableConfig `yaml:"optional"`
	} `yaml:"environment"`
	Database struct {
		Redis    *ServerConfig `yaml:"redis"`
		Postgres *ServerConfig `yaml:"postgres"`
	} `yaml:"database"`
}

// VariableConfig declares an environment variable.
type VariableConfig struct {
	Name    string   `yaml:"name"`
	Format  Format   `yaml:"format"` // text when not given
	Schemes []string `yaml:"schemes"`
	Min     *int64   `yaml:"min"`
	Max     *int64   `yaml:"max"`
	Values  []string `yaml:"values"`
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
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	switch err := dec.Decode(&c); {
	case errors.Is(err, io.EOF):
		return Config{}, fmt.Errorf("%s: is empty: declare what the checks look at", file)
	case err != nil:
		return Config{}, explainYAML(file, err)
	}
	if err := dec.Decode(new(Config)); !errors.Is(err, io.EOF) {
		return Config{}, fmt.Errorf("%s: has more than one document", file)
	}
	if err := c.validate(); err != nil {
		return Config{}, fmt.Errorf("%s: %w", file, err)
	}
	return c, nil
}

var unknownField = regexp.MustCompile(`^line (\d+): field (\S+) not found in type .*$`)

// configKeys are the keys there are, for suggestions.
var configKeys = []string{
	"environment", "required", "optional", "name", "format", "schemes", "min", "max", "values",
	"database", "redis", "postgres", "url_from", "timeout",
}

// explainYAML says file, line and key, and what was probably meant.
func explainYAML(file string, err error) error {
	var typed *yaml.TypeError
	if !errors.As(err, &typed) {
		return fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	var errs []error
	for _, text := range typed.Errors {
		m := unknownField.FindStringSubmatch(text)
		if m == nil {
			errs = append(errs, fmt.Errorf("%s: %s", file, text))
			continue
		}
		hint := ""
		nearest := slices.MinFunc(configKeys, func(a, b string) int {
			return levenshtein.ComputeDistance(m[2], a) - levenshtein.ComputeDistance(m[2], b)
		})
		if levenshtein.ComputeDistance(m[2], nearest) <= 2 {
			hint = fmt.Sprintf(", did you mean %q?", nearest)
		}
		errs = append(errs, fmt.Errorf("%s:%s: unknown key %q%s", file, m[1], m[2], hint))
	}
	return errors.Join(errs...)
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (c Config) validate() error {
	var errs []error
	seen := map[string]bool{}
	for _, v := range slices.Concat(c.Environment.Required, c.Environment.Optional) {
		if err := v.validate(); err != nil {
			errs = append(errs, fmt.Errorf("environment: %q: %w", v.Name, err))
		}
		if seen[v.Name] {
			errs = append(errs, fmt.Errorf("environment: %q is declared twice", v.Name))
		}
		seen[v.Name] = true
	}
	for name, s := range map[string]*ServerConfig{TargetRedis: c.Database.Redis, TargetPostgres: c.Database.Postgres} {
		switch {
		case s == nil:
		case !variableName.MatchString(s.URLFrom):
			errs = append(errs, fmt.Errorf("database: %s: url_from must name the environment variable with the address", name))
		case s.Timeout < 0:
			errs = append(errs, fmt.Errorf("database: %s: timeout must be positive", name))
		}
	}
	if len(seen) == 0 && c.Database.Redis == nil && c.Database.Postgres == nil {
		errs = append(errs, errors.New("declares nothing to look at"))
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

func (v VariableConfig) validate() error {
	formats := []Format{"", FormatText, FormatURL, FormatInteger, FormatOneOf, FormatFile}
	switch {
	case !variableName.MatchString(v.Name):
		return errors.New("name must be that of an environment variable")
	case !slices.Contains(formats, v.Format):
		return fmt.Errorf("format %q is none of %v", v.Format, formats[1:])
	case v.Format == FormatOneOf && len(v.Values) == 0:
		return errors.New("format one_of needs values")
	case v.Format != FormatOneOf && v.Values != nil:
		return errors.New("values go with format one_of")
	case v.Format != FormatURL && v.Schemes != nil:
		return errors.New("schemes go with format url")
	case v.Format != FormatInteger && (v.Min != nil || v.Max != nil):
		return errors.New("min and max go with format integer")
	case v.Min != nil && v.Max != nil && *v.Min > *v.Max:
		return errors.New("min is above max")
	}
	return nil
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
