package checker

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/internal/lazy"
	"github.com/alertnative/preflight/internal/outfile"
)

const (
	defaultConfig   = "preflight.yml"
	defaultTextfile = "monitoring/textfile-collector/preflight.prom"
	defaultEvidence = "data/evidence"
)

// subject holds the flags for the checked system and its evidence.
type subject struct {
	program              *program
	config, env, envFile string
	evidence             string
}

func (s *subject) flags(flags *pflag.FlagSet) {
	flags.StringVar(&s.config, "config.file", defaultConfig, "Configuration of the checks.")
	flags.StringVar(&s.envFile, "env-file", "", "Read environment variables from this `file`, by default .env.ENV beside the configuration. Variables of the process take precedence.")
	flags.StringVar(&s.evidence, "evidence.dir", defaultEvidence, "Folder with the newest evidence of each environment, as ENV.json.")
}

// declared holds the content of the subject's files.
type declared struct {
	config Config
	env    Env
	checks []Check
	specs  []spec.Spec
	key    []byte // key that seals the evidence; nil for none
}

// read reads the files.
func (s subject) read() (declared, error) {
	if err := checkEnv(s.env); err != nil {
		return declared{}, err
	}
	config, err := ReadConfig(s.config, s.program.Checks...)
	if err != nil {
		return declared{}, err
	}
	if err := config.knows(s.env); err != nil {
		return declared{}, err
	}
	file := s.envFile
	if file == "" {
		file = filepath.Join(filepath.Dir(s.config), ".env."+s.env)
	}
	lookup, err := config.lookup(file, s.envFile != "")
	if err != nil {
		return declared{}, err
	}
	d := declared{config: config, env: config.Env(s.env, lookup), checks: config.checks, specs: config.specs()}
	d.env.File = file
	if err := s.program.validate(d.specs); err != nil {
		return declared{}, err
	}
	d.key, err = evidenceKey(lookup)
	return d, err
}

// evidenceFile returns the path of the environment's newest evidence, without
// symbolic links. The files beside it are then in one folder for all programs.
func (s subject) evidenceFile() (string, error) {
	path, err := outfile.Resolve(evidenceFile(s.evidence, s.env))
	if err != nil {
		return "", fmt.Errorf("evidence: %w", err)
	}
	return path, nil
}

// evidenceKey reads the key that seals evidence, from its variable or its file.
func evidenceKey(lookup func(string) (string, bool)) ([]byte, error) {
	value, ok := lookup(evidenceKeyVariable)
	file, inFile := lookup(evidenceKeyVariable + "_FILE")
	switch {
	case ok && inFile:
		return nil, errors.New(evidenceKeyVariable + " and " + evidenceKeyVariable + "_FILE are both set: keep one")
	case inFile:
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("%s_FILE: %w", evidenceKeyVariable, err)
		}
		value, ok = string(data), true
	}
	key := strings.TrimSpace(value)
	if ok && len(key) < 16 {
		return nil, errors.New(evidenceKeyVariable + " must have 16 characters or more: make one with openssl rand -hex 32")
	}
	if !ok {
		return nil, nil
	}
	return []byte(key), nil
}

var envName = lazy.Regexp(`^[a-z][a-z0-9_-]*$`)

// checkEnv rejects a name that would collide with another environment: the
// label env is in lower case.
func checkEnv(env string) error {
	if envName().MatchString(env) {
		return nil
	}
	hint := strings.ToLower(env[strings.LastIndexByte(env, '.')+1:])
	if envName().MatchString(hint) {
		return fmt.Errorf("--env=%s: write it in lower case: --env=%s", env, hint)
	}
	return fmt.Errorf("--env=%q: must be a name in lower case, such as paper or live", env)
}

// textfile returns the file of metrics for these checks.
func (p *program) textfile(path string, specs []spec.Spec) Textfile {
	return Textfile{Path: path, Namespace: p.Namespace, Specs: specs}
}
