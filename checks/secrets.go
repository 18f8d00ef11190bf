package checks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/joho/godotenv"
	passwordvalidator "github.com/wagslane/go-password-validator"

	"github.com/alertnative/preflight/checker"
)

// secretsConfig configures the check Secrets.
type secretsConfig struct {
	Required []string `yaml:"required"` // variables with a secret, or a URL with a password
	Optional []string `yaml:"optional"` // checked only if set
	Files    []string `yaml:"files"`    // files with secrets, in addition to the environment's .env file
	// CompareWith are the .env files of other environments. By default they are
	// those in the folder of the environment's own.
	CompareWith []string `yaml:"compare_with"`
	MinEntropy  float64  `yaml:"min_entropy"` // in bits; 60 by default
}

const defaultMinEntropy = 60

func (c secretsConfig) observer(env checker.Env) observer {
	check := secrets{Required: c.Required, Optional: c.Optional, MinEntropy: cmp.Or(c.MinEntropy, defaultMinEntropy), Lookup: env.Lookup}
	if len(c.Required)+len(c.Optional)+len(c.Files) == 0 {
		return check
	}
	check.EnvFile = env.File
	for _, name := range c.Files {
		check.Files = append(check.Files, secretFile{name, env.Path(name)})
	}
	for _, name := range c.CompareWith {
		check.Others = append(check.Others, env.Path(name))
	}
	if c.CompareWith == nil {
		check.Others = siblings(env.File)
	}
	return check
}

func (c secretsConfig) Problems(checker.Env) (problems []checker.Problem) {
	seen := map[string]bool{}
	look := func(key string, names []string, isVariable bool) {
		for i, name := range names {
			if isVariable {
				problems = append(problems, variableProblem(name, "secret", "POSTGRES_DSN", key, i)...)
			} else if name == "" {
				problems = append(problems, wrong("name the file", key, i))
			}
			if seen[name] {
				problems = append(problems, wrong(name+" is declared twice", key, i))
			}
			seen[name] = true
		}
	}
	look("required", c.Required, true)
	look("optional", c.Optional, true)
	look("files", c.Files, false)
	if c.MinEntropy < 0 {
		problems = append(problems, wrong("must be positive", "min_entropy"))
	}
	return problems
}

// siblings returns the .env files of other environments in the same folder.
func siblings(envFile string) []string {
	if envFile == "" || !strings.HasPrefix(filepath.Base(envFile), ".env.") {
		return nil
	}
	found, _ := filepath.Glob(filepath.Join(filepath.Dir(envFile), ".env.*"))
	return slices.DeleteFunc(found, func(path string) bool {
		return filepath.Clean(path) == filepath.Clean(envFile) || slices.Contains([]string{".example", ".sample", ".template"}, filepath.Ext(path))
	})
}

// targetEnvFile is the target of Secrets for the .env file.
const targetEnvFile = "env_file"

// secrets checks that secrets exist and are protected. It never shows one.
type secrets struct {
	Required, Optional []string // names of variables
	EnvFile            string
	Files              []secretFile
	Others             []string // .env files of other environments
	MinEntropy         float64  // bits
	Lookup             func(name string) (string, bool)
}

// secretFile is a file with a secret.
type secretFile struct{ Name, Path string }

// targets returns the variables and files.
func (s secrets) targets() []string {
	names := slices.Concat(s.Required, s.Optional)
	if s.EnvFile != "" {
		names = append(names, targetEnvFile)
	}
	for _, f := range s.Files {
		names = append(names, f.Name)
	}
	return names
}

// run checks each secret and each file.
func (s secrets) run(_ context.Context, _ checker.Env) []checker.Observation {
	elsewhere, notCompared := s.elsewhere()
	var out []checker.Observation
	for _, name := range slices.Concat(s.Required, s.Optional) {
		value, _ := s.Lookup(name)
		secret := secretOf(value)
		o := s.observe(name, secret, slices.Contains(s.Optional, name))
		if o.Status == checker.Pass && secret != "" {
			if file := elsewhere[secret]; file != "" {
				o = checker.Failed(name, "shared", file+" has the same")
			} else if len(notCompared) > 0 {
				o.Detail = "not compared with " + strings.Join(notCompared, ", ") + ", which cannot be read"
			}
		}
		out = append(out, o)
	}
	if s.EnvFile != "" {
		o := observeMode(targetEnvFile, s.EnvFile)
		if o.Reason == "no_such_file" {
			o = checker.Passed(targetEnvFile, "there is none: the variables come from the process")
		}
		out = append(out, o)
	}
	for _, f := range s.Files {
		out = append(out, observeMode(f.Name, f.Path))
	}
	return out
}

// placeholder matches values that examples use instead of a secret.
var placeholder = regexp.MustCompile(`(?i)change.?me|replace.?me|placeholder|^<.*>$|^\$\{\w+\}$|^\$[A-Z_]+$|^x{3,}$|` +
	`(^|[^a-z0-9])(your|todo|dummy|example|secret|password|test|none|null|token)([^a-z0-9]|$)`)

func (s secrets) observe(name, secret string, optional bool) checker.Observation {
	switch {
	case secret == "" && optional:
		return checker.Passed(name, "not set, optional")
	case secret == "":
		return checker.Failed(name, "missing", "contains no secret")
	case placeholder.MatchString(secret):
		return checker.Failed(name, "placeholder", "the value is a placeholder")
	}
	if bits := passwordvalidator.GetEntropy(secret); bits < s.MinEntropy {
		return checker.Failed(name, "weak", fmt.Sprintf("about %.0f bits, %.0f are needed", bits, s.MinEntropy))
	}
	return checker.Passed(name, "")
}

// secretOf returns the secret in a variable's value: the password of an
// address, or else the whole value.
func secretOf(value string) string {
	value = strings.TrimSpace(value)
	if strings.Contains(value, "://") {
		u, err := url.Parse(value)
		if err != nil {
			return value
		}
		password, _ := u.User.Password()
		return password
	}
	// The other form of a PostgreSQL address: host=h password=p.
	for _, word := range strings.Fields(value) {
		if password, ok := strings.CutPrefix(word, "password="); ok {
			return strings.Trim(password, "'")
		}
	}
	return value
}

// observeMode checks that only the owner can read and change a file.
func observeMode(target, path string) checker.Observation {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return checker.Failed(target, "no_such_file", "does not exist")
	case err != nil:
		return checker.Failed(target, "unreadable", "cannot be inspected")
	case info.Mode().Perm()&0o077 != 0:
		return checker.Failed(target, "open_to_others", fmt.Sprintf("its mode is %04o", info.Mode().Perm()))
	}
	return checker.Passed(target, fmt.Sprintf("its mode is %04o", info.Mode().Perm()))
}

// elsewhere returns the files of other environments by the secrets in them, and
// the files that it could not read.
func (s secrets) elsewhere() (found map[string]string, unread []string) {
	found = map[string]string{}
	for _, path := range s.Others {
		values, err := godotenv.Read(path)
		if err != nil {
			unread = append(unread, filepath.Base(path))
			continue
		}
		for _, value := range values {
			found[secretOf(value)] = filepath.Base(path)
		}
	}
	return found, unread
}
