package checks

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Config is preflight.yml: what the checks look at. Each section declares one
// check, in the order in which they run; a new check is named here and nowhere
// else. A section is a [Check] itself, or knows how to make one.
type Config struct {
	LiveEnvs  []string        `yaml:"live_envs"` // they trade for real; only "live" when not given
	Exchanges ExchangesConfig `yaml:"exchanges"`

	Environment    EnvironmentConfig     `yaml:"environment"`
	Secrets        SecretsConfig         `yaml:"secrets"`
	LiveSafety     *LiveSafetyConfig     `yaml:"live_safety"`
	Database       DatabaseConfig        `yaml:"database"`
	ExchangeHealth *ExchangeHealthConfig `yaml:"exchange_health"`
	OpenPositions  *OpenPositionsConfig  `yaml:"open_positions"`
	GitSafety      *GitSafetyConfig      `yaml:"git_safety"`
	Migrations     MigrationsConfig      `yaml:"migrations"`

	Own []OwnConfig `yaml:"checks"` // checks that need no Go

	file, digest string // its name, and "sha256:" and the digest of its content
}

// Setting is what is known of a run before it looks at anything.
type Setting struct {
	Env     string // "paper"
	EnvFile string // the .env file of the environment, whether it is there or not
	// Lookup gives the value of an environment variable and whether it is set.
	Lookup func(name string) (string, bool)

	live      bool // Env trades for real
	dir       string
	exchanges ExchangesConfig
}

// section makes a check of what preflight.yml declares. With nothing declared
// the check has no targets.
type section interface{ check(Setting) Check }

// validator is a section that can be well formed and make no sense.
type validator interface{ problems(Config) []problem }

// problem is a value that makes no sense.
type problem struct {
	path []any // from the section to the value: keys and indexes
	text string
}

func wrong(text string, path ...any) problem { return problem{path, text} }

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
	sum := sha256.Sum256(data)
	c := Config{file: file, digest: "sha256:" + hex.EncodeToString(sum[:])}
	doc, err := decodeStrict(file, data, &c)
	if err != nil {
		return Config{}, err
	}
	if errs := c.validate(doc); errs != nil {
		return Config{}, errors.Join(errs...)
	}
	return c, nil
}

// Checks returns the shipped checks, with what the configuration declares for
// each, and after them the configuration's own.
func (c Config) Checks(s Setting) []Check {
	s.live, s.dir, s.exchanges = slices.Contains(c.liveEnvs(), s.Env), c.dir(), c.Exchanges
	if s.Lookup == nil {
		s.Lookup = func(string) (string, bool) { return "", false }
	}
	var all []Check
	for _, f := range c.fields() {
		switch declared := f.value.(type) {
		case section:
			all = append(all, declared.check(s))
		case Check:
			all = append(all, declared)
		}
	}
	for _, own := range c.Own {
		all = append(all, own.check(s))
	}
	return all
}

// Specs returns the specs of those checks.
func (c Config) Specs() []Spec {
	var specs []Spec
	for _, check := range c.Checks(Setting{}) {
		specs = append(specs, check.Spec())
	}
	return specs
}

// Shipped returns the specs of the shipped checks, in the order in which they
// run.
func Shipped() []Spec { return Config{}.Specs() }

func (c Config) liveEnvs() []string {
	if c.LiveEnvs == nil {
		return []string{"live"}
	}
	return c.LiveEnvs
}

type field struct {
	key   string
	value any
}

// fields returns the configuration's top-level keys with their values.
func (c Config) fields() []field {
	var fields []field
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		if key, ok := yamlKey(v.Type().Field(i)); ok {
			fields = append(fields, field{key, v.Field(i).Interface()})
		}
	}
	return fields
}

// validate returns what is well formed and makes no sense, from top to bottom.
func (c Config) validate(doc document) (errs []error) {
	report := func(key string, problems []problem) {
		for _, p := range problems {
			errs = append(errs, doc.errorAt(append([]any{key}, p.path...), "%s", p.text))
		}
	}
	for _, f := range c.fields() {
		if v, ok := f.value.(validator); ok {
			report(f.key, v.problems(c))
		}
	}
	report("checks", c.ownProblems())
	declares := func(check Check) bool { return len(check.Targets()) > 0 }
	if errs == nil && !slices.ContainsFunc(c.Checks(Setting{}), declares) {
		errs = append(errs, fmt.Errorf("%s: declares nothing to look at", doc.file))
	}
	return errs
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// variableProblem is about a key that must name an environment variable.
func variableProblem(name, what, example string, path ...any) []problem {
	if variableName.MatchString(name) {
		return nil
	}
	return []problem{wrong(fmt.Sprintf("must be the name of the environment variable that holds the %s, as %s; the %[1]s itself does not belong here", what, example), path...)}
}

func timeoutProblem(d time.Duration, path ...any) []problem {
	if d >= 0 {
		return nil
	}
	return []problem{wrong("must be positive", path...)}
}

// or returns d, or another duration when d was not given.
func or(d, instead time.Duration) time.Duration {
	if d == 0 {
		return instead
	}
	return d
}

// path is a path of the configuration as the process sees it.
func (s Setting) path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(s.dir, p)
}

// value is a variable's value; a blank one counts as not set.
func (s Setting) value(name string) string {
	v, _ := s.Lookup(name)
	return strings.TrimSpace(v)
}
