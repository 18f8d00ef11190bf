package checker

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/internal/envfile"
	"github.com/alertnative/preflight/internal/yamlfile"
)

// Config is a preflight.yml that was read for some checks. Each section
// configures one check. The key live_envs lists the live environments, which
// trade for real; the default is "live". The key envs lists the others, and
// env_file_format names the reader of the .env files.
type Config struct {
	path, digest string // name of the file, and "sha256:" with the digest of its content
	file         *yamlfile.File
	checks       []Check
	envs         []string // nil if the file has no such key
	liveEnvs     []string
	envFormat    envfile.Format
	gate         gateConfig
}

// ReadConfig reads preflight.yml strictly. An unknown key, a value of the wrong
// type and an invalid declaration are errors with the line.
func ReadConfig(file string, checks ...Check) (Config, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, fmt.Errorf("%s: no such file: write one (the project has an example) or pass its path with --config.file", file)
	}
	if err != nil {
		return Config{}, err
	}
	return ParseConfig(file, data, checks...)
}

// ParseConfig parses the content of a preflight.yml as ReadConfig does.
func ParseConfig(file string, data []byte, checks ...Check) (Config, error) {
	sum := sha256.Sum256(data)
	c := Config{path: file, digest: "sha256:" + hex.EncodeToString(sum[:])}
	var err error
	if c.file, err = yamlfile.Parse(file, data); err != nil {
		return Config{}, err
	}
	if slices.Contains(checks, nil) {
		return Config{}, fmt.Errorf("check %d is nil: leave it out, or give a value", slices.Index(checks, nil)+1)
	}
	var specs []spec.Spec
	for _, check := range checks {
		specs = append(specs, check.Spec())
	}
	if err := sections(specs); err != nil {
		return Config{}, err
	}
	found := &mistakes{malformed: c.file.Unknown(spec.Sections(specs...))}
	found.malformed = append(found.malformed, c.file.Decode(spec.LiveEnvs, &c.liveEnvs)...)
	found.malformed = append(found.malformed, c.file.Decode(spec.Gate, &c.gate)...)
	for _, p := range c.gate.Problems(Env{}) {
		found.senseless = append(found.senseless, c.file.At(append([]any{spec.Gate}, p.Path...), p.Text))
	}
	if c.liveEnvs == nil {
		c.liveEnvs = []string{spec.DefaultLive}
	}
	c.envFormat = envfile.Dotenv
	found.malformed = append(found.malformed, c.file.Decode(spec.EnvFileFormat, &c.envFormat)...)
	if problem := badFormat(c.envFormat); problem != "" {
		found.senseless = append(found.senseless, c.file.At([]any{spec.EnvFileFormat}, problem))
	}
	found.malformed = append(found.malformed, c.file.Decode(spec.Envs, &c.envs)...)
	found.senseless = append(found.senseless, c.badEnvs()...)
	env := Env{config: &c, mistakes: found, Lookup: unset}
	for _, check := range checks {
		if e, ok := check.(Expander); ok {
			declared := e.Expand(env.For(check))
			if slices.Contains(declared, nil) {
				return Config{}, fmt.Errorf("check %q expands to a check that is nil", check.Spec().Name)
			}
			c.checks = append(c.checks, declared...)
		} else {
			c.checks = append(c.checks, check)
		}
	}
	targets := 0
	for _, check := range c.checks {
		targets += len(check.Targets(env.For(check)))
	}
	if err := yamlfile.Join(found.malformed); err != nil {
		return Config{}, err
	}
	if err := errors.Join(c.file.Single(), yamlfile.Join(found.senseless)); err != nil {
		return Config{}, err
	}
	if targets == 0 {
		return Config{}, fmt.Errorf("%s: declares no targets", file)
	}
	return c, c.unique()
}

// badEnvs returns the environments that cannot be names, or are both live and
// not.
func (c Config) badEnvs() []*yamlfile.Error {
	var out []*yamlfile.Error
	add := func(key string, i int, format string, args ...any) {
		out = append(out, c.file.At([]any{key, i}, fmt.Sprintf(format, args...)))
	}
	const noName = "%q must be a name in lower case, such as paper or live"
	for i, env := range c.envs {
		if !envName().MatchString(env) {
			add(spec.Envs, i, noName, env)
		}
		if slices.Contains(c.liveEnvs, env) {
			add(spec.Envs, i, "%s is in %s too, which lists the environments that trade for real: leave it out of one", env, spec.LiveEnvs)
		}
	}
	for i, env := range c.liveEnvs {
		if !envName().MatchString(env) {
			add(spec.LiveEnvs, i, noName, env)
		}
	}
	return out
}

// knows returns an error for an environment that the file does not list. A
// misspelled name would silently not be live.
func (c Config) knows(env string) error {
	live := slices.Contains(c.liveEnvs, env)
	switch {
	case c.envs == nil && live:
		return fmt.Errorf("%s: lists no %s, the environments that do not trade for real: add the line %s: [], or name them", c.path, spec.Envs, spec.Envs)
	case c.envs == nil:
		return fmt.Errorf("%s: lists no %s, the environments that do not trade for real: add the line %s: [%s]", c.path, spec.Envs, spec.Envs, env)
	case live || slices.Contains(c.envs, env):
		return nil
	}
	return fmt.Errorf("--env=%s: %s lists it in neither %s nor %s (%s): add it to %s if it trades for real, else to %s",
		env, c.path, spec.Envs, spec.LiveEnvs, strings.Join(slices.Concat(c.envs, c.liveEnvs), ", "), spec.LiveEnvs, spec.Envs)
}

func unset(string) (string, bool) { return "", false }

// unique reports two checks with one name, whose metrics would be equal.
func (c Config) unique() error {
	seen := map[string]bool{}
	for _, s := range c.specs() {
		if seen[s.Name] {
			return fmt.Errorf("there are two checks %q", s.Name)
		}
		seen[s.Name] = true
	}
	return nil
}

// sections reports checks whose section would belong to another check or to the
// checker.
func sections(specs []spec.Spec) error {
	owners := map[string]string{}
	var errs []error
	for _, s := range specs {
		key := s.Section()
		other, taken := owners[key]
		switch {
		case key == "":
			errs = append(errs, fmt.Errorf("the check %q has no letter or digit in its Name, so it has no section of preflight.yml: rename the check", s.Name))
		case slices.Contains(spec.OwnKeys(), key):
			errs = append(errs, fmt.Errorf("the check %q cannot have the section %s of preflight.yml, which is the checker's own: rename the check", s.Name, key))
		case taken && other != s.Name: // unique reports equal names
			errs = append(errs, fmt.Errorf("the checks %q and %q both have the section %s of preflight.yml: rename one", other, s.Name, key))
		}
		owners[key] = s.Name
	}
	return errors.Join(errs...)
}

// Checks returns the checks in the order in which they run. Declared checks
// replace their [Expander].
func (c Config) Checks() []Check { return slices.Clone(c.checks) }

// Env returns an environment for the checks. lookup returns the value of an
// environment variable and whether it is set.
func (c Config) Env(name string, lookup func(name string) (string, bool)) Env {
	if lookup == nil {
		lookup = unset
	}
	return Env{Name: name, Lookup: lookup, Live: slices.Contains(c.liveEnvs, name), config: &c}
}

// specs returns the specs of the checks.
func (c Config) specs() []spec.Spec {
	var specs []spec.Spec
	for _, check := range c.checks {
		specs = append(specs, check.Spec())
	}
	return specs
}
