package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/alertnative/preflight/checks"
	"github.com/alertnative/preflight/metrics"
)

const (
	defaultConfig   = "preflight.yml"
	defaultTextfile = "monitoring/textfile-collector/preflight.prom"
	defaultEvidence = "data/evidence"
)

// subject are the flags that say what is checked, and where the evidence of
// that is.
type subject struct {
	config, env, envFile string
	evidence             string
}

func (s *subject) flags(cmd *kingpin.CmdClause) {
	cmd.Flag("config.file", "What the checks look at.").Default(defaultConfig).StringVar(&s.config)
	cmd.Flag("env-file", "File with environment variables; the process's own win. Default: .env.ENV, when it is there.").StringVar(&s.envFile)
	cmd.Flag("evidence.dir", "The folder that holds the newest evidence of each environment, as ENV.json.").Default(defaultEvidence).StringVar(&s.evidence)
}

// declared is what a subject's files say.
type declared struct {
	config checks.Config
	checks []checks.Check
	specs  []checks.Spec
	key    []byte // that the evidence is sealed with; nil: none
}

// read reads the files.
func (s subject) read() (declared, error) {
	if err := checkEnv(s.env); err != nil {
		return declared{}, err
	}
	config, err := checks.ReadConfig(s.config)
	if err != nil {
		return declared{}, err
	}
	file := s.envFile
	if file == "" {
		file = ".env." + s.env
	}
	lookup, err := checks.Lookup(file, s.envFile != "")
	if err != nil {
		return declared{}, err
	}
	d := declared{config: config, checks: config.Checks(checks.Setting{Env: s.env, EnvFile: file, Lookup: lookup})}
	for _, c := range d.checks {
		d.specs = append(d.specs, c.Spec())
	}
	d.key, err = evidenceKey(lookup)
	return d, err
}

// evidenceFile is where the newest evidence of the environment is.
func (s subject) evidenceFile() string { return checks.EvidenceFile(s.evidence, s.env) }

// evidenceKey reads the key that evidence is sealed with, or its file.
func evidenceKey(lookup func(string) (string, bool)) ([]byte, error) {
	value, ok := lookup(checks.EvidenceKey)
	file, inFile := lookup(checks.EvidenceKey + "_FILE")
	switch {
	case ok && inFile:
		return nil, errors.New(checks.EvidenceKey + " and " + checks.EvidenceKey + "_FILE are both set: keep one")
	case inFile:
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("%s_FILE: %w", checks.EvidenceKey, err)
		}
		value, ok = string(data), true
	}
	key := strings.TrimSpace(value)
	if ok && len(key) < 16 {
		return nil, errors.New(checks.EvidenceKey + " must have 16 characters or more: make one with openssl rand -hex 32")
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

// textfile is the file of metrics for these checks.
func textfile(path string, specs []checks.Spec) checks.Textfile {
	return checks.Textfile{Path: path, Metrics: vocabulary(specs), Specs: specs}
}

func vocabulary(specs []checks.Spec) metrics.Preflight {
	return metrics.NewPreflight(metrics.Namespace, checks.Vocabulary(specs...))
}
