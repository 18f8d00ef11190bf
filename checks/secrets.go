package checks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checks/internal/guesses"
	"github.com/alertnative/preflight/internal/lazy"
)

// secretsConfig configures the check Secrets.
type secretsConfig struct {
	Required []string `yaml:"required"` // variables with a secret, or a URL with a password
	Optional []string `yaml:"optional"` // checked only if set
	Files    []string `yaml:"files"`    // files with secrets, in addition to the environment's .env file
	// CompareWith are the .env files of other environments. By default they are
	// those in the folder of the environment's own.
	CompareWith []string `yaml:"compare_with"`
	MinEntropy  float64  `yaml:"min_entropy"` // binary logarithm of the guesses; 60 by default
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
	name := filepath.Base(envFile)
	if name != ".env" && !strings.HasPrefix(name, ".env.") {
		return nil
	}
	dir := filepath.Dir(envFile)
	found, _ := filepath.Glob(filepath.Join(dir, ".env.*"))
	if plain := filepath.Join(dir, ".env"); exists(plain) && !sameFile(plain, envFile) {
		found = append(found, plain)
	}
	return slices.DeleteFunc(found, func(path string) bool {
		other := filepath.Base(path)
		copied := name != ".env" && (strings.HasPrefix(other, name+".") || strings.HasPrefix(other, name+"~")) // a backup of the same environment
		return other == name || copied || slices.Contains([]string{".example", ".sample", ".template"}, filepath.Ext(path))
	})
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// sameFile reports whether two paths lead to one file.
func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
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
func (s secrets) run(_ context.Context, env checker.Env) []checker.Observation {
	elsewhere, notCompared := s.elsewhere(env)
	var out []checker.Observation
	for _, name := range slices.Concat(s.Required, s.Optional) {
		value, _ := s.Lookup(name)
		found := secretsIn(value)
		o := s.observe(name, found, slices.Contains(s.Optional, name))
		if o.Status == checker.Pass && len(found.values) > 0 {
			if file := elsewhere.has(found); file != "" {
				o = checker.Failed(name, "shared", file+" has the same")
			} else if len(notCompared) > 0 {
				o.Detail = "not compared with " + strings.Join(notCompared, ", ") + ", which cannot be read"
			}
		}
		out = append(out, o)
	}
	if s.EnvFile != "" {
		out = append(out, s.observeEnvFile(env))
	}
	for _, f := range s.Files {
		out = append(out, observeMode(f.Name, f.Path))
	}
	return out
}

// observeEnvFile looks at the .env file of the environment.
func (s secrets) observeEnvFile(env checker.Env) checker.Observation {
	o := observeMode(targetEnvFile, s.EnvFile)
	if o.Reason == "no_such_file" {
		return checker.Passed(targetEnvFile, "there is none: the variables come from the process")
	}
	file, err := env.ReadEnvFile(s.EnvFile)
	if o.Status == checker.Pass && err == nil && len(file.Twice) > 0 {
		var twice []string
		for _, name := range slices.Sorted(maps.Keys(file.Twice)) {
			twice = append(twice, setTwice(name, file.Twice[name]))
		}
		return checker.Warned(targetEnvFile, "set_twice", some(twice)+"; the last one counts")
	}
	return o
}

// setTwice names a variable and the lines that set it.
func setTwice(name string, lines []int) string {
	numbers := make([]string, len(lines))
	for i, n := range lines {
		numbers[i] = strconv.Itoa(n)
	}
	return fmt.Sprintf("%s is set on the lines %s", name, some(numbers))
}

// placeholder matches values that examples use instead of a secret.
var placeholder = lazy.Regexp(`(?i)change.?me|replace.?(me|with)|placeholder|example|[^a-z0-9]here$|^<.*>$|^\$\{\w+\}$|^\$[A-Z_]+$|^x{3,}$|` +
	`(^|[^a-z0-9])(your|todo|dummy|secret|password|test|none|null|token)([^a-z0-9]|$)`)

// observe judges all secrets in the value of a variable.
func (s secrets) observe(name string, found addressSecrets, optional bool) checker.Observation {
	switch {
	case len(found.values) == 0 && optional:
		return checker.Passed(name, "not set, optional")
	case len(found.values) == 0:
		return checker.Failed(name, "missing", "contains no secret")
	case slices.ContainsFunc(found.values, placeholder().MatchString):
		return checker.Failed(name, "placeholder", "the value is a placeholder")
	}
	weakest := math.Inf(1)
	for _, secret := range found.values {
		weakest = min(weakest, guesses.Bits(secret, append(found.known, name)...))
	}
	if weakest < s.MinEntropy {
		return checker.Failed(name, "weak", fmt.Sprintf("about 2^%.0f guesses find it, 2^%.0f are wanted", weakest, s.MinEntropy))
	}
	return checker.Passed(name, "")
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

// otherSecrets has the file of another environment by each secret in it.
type otherSecrets map[string]string

// has returns a file that has one of the secrets, or "".
func (o otherSecrets) has(found addressSecrets) string {
	for _, secret := range found.values {
		if file := o[secret]; file != "" {
			return file
		}
	}
	return ""
}

// elsewhere returns the secrets of other environments, and the files that it
// could not read.
func (s secrets) elsewhere(env checker.Env) (found otherSecrets, unread []string) {
	found = otherSecrets{}
	for _, path := range s.Others {
		file, err := env.ReadEnvFile(path)
		if err != nil {
			unread = append(unread, filepath.Base(path))
			continue
		}
		for _, value := range file.Values {
			for _, secret := range secretsIn(value).values {
				found[secret] = filepath.Base(path)
			}
		}
	}
	return found, unread
}
