package checker

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/alertnative/preflight/checker/spec"
)

const (
	defaultConfig   = "preflight.yml"
	defaultTextfile = "monitoring/textfile-collector/preflight.prom"
	defaultEvidence = "data/evidence"
)

// subject are the flags that say what is checked, and where the evidence of
// that is.
type subject struct {
	program              *program
	config, env, envFile string
	evidence             string
}

func (s *subject) flags(cmd *kingpin.CmdClause) {
	cmd.Flag("config.file", "What the checks look at.").Default(defaultConfig).StringVar(&s.config)
	cmd.Flag("env-file", "File with environment variables; the process's own win. Default: .env.ENV, when it is there.").StringVar(&s.envFile)
	cmd.Flag("evidence.dir", "The folder that holds the newest evidence of each environment, as ENV.json.").Default(defaultEvidence).StringVar(&s.evidence)
}

// declared holds what a subject's files declare.
type declared struct {
	config Config
	env    Env
	checks []Check
	specs  []spec.Spec
	key    []byte // that the evidence is sealed with; nil: none
}

// read reads the files.
func (s subject) read() (declared, error) {
	if err := checkEnv(s.env); err != nil {
		return declared{}, err
	}
	config, err := ReadConfig(s.config, s.program.checks...)
	if err != nil {
		return declared{}, err
	}
	file := s.envFile
	if file == "" {
		file = ".env." + s.env
	}
	lookup, err := lookup(file, s.envFile != "")
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

// evidenceFile returns where the newest evidence of the environment is.
func (s subject) evidenceFile() string { return evidenceFile(s.evidence, s.env) }

// evidenceKey reads the key that evidence is sealed with, or its file.
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

var envName = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// checkEnv refuses names that would be another environment's series: the label
// env is in lower case.
func checkEnv(env string) error {
	if envName.MatchString(env) {
		return nil
	}
	hint := strings.ToLower(env[strings.LastIndexByte(env, '.')+1:])
	if envName.MatchString(hint) {
		return fmt.Errorf("--env=%s: write it in lower case: --env=%s", env, hint)
	}
	return fmt.Errorf("--env=%q: must be a name in lower case, as paper or live", env)
}

// textfile returns the file of metrics for these checks.
func (p *program) textfile(path string, specs []spec.Spec) Textfile {
	return Textfile{Path: path, Namespace: p.namespace, Specs: specs}
}
