package checker

import (
	"io"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"sync"

	"github.com/alertnative/preflight/internal/envfile"
	"github.com/alertnative/preflight/internal/yamlfile"
)

// Env is the environment of a check. [Config.Env] makes it.
type Env struct {
	Name   string                           // "paper": the value of the label "env"
	Lookup func(name string) (string, bool) // value of an environment variable
	Live   bool                             // the environment is live: it trades for real
	File   string                           // path of the environment's .env file, which may be missing
	State  string                           // folder for what checks remember over runs; "" for none
	Log    *slog.Logger                     // for what no observation can say; nil for none

	config   *Config
	section  string // section of the check
	mistakes *mistakes
	scope    *scope
}

// Problem is a well-formed value of preflight.yml that is invalid.
type Problem struct {
	Path []any // from the section to the value: keys and indexes
	Text string
}

// Validator is a configuration that checks itself.
type Validator interface {
	Problems(Env) []Problem
}

// Config decodes the check's section of preflight.yml into v, strictly. The
// section's key is the check's name in snake_case. A missing section leaves v
// unchanged. If v is a [Validator], its problems are errors too.
//
// The command calls Targets of every check before it runs any. It does not
// start if Config returned an error there, so a check may ignore the error.
func (e Env) Config(v any) error { return e.Section(e.section, v) }

// Section is like Config for a section that several checks share. The check's
// spec must list it.
func (e Env) Section(key string, v any) error {
	if e.config == nil {
		return nil
	}
	malformed := e.config.file.Decode(key, v)
	var senseless []*yamlfile.Error
	if len(malformed) == 0 {
		for _, p := range problems(v, e) {
			senseless = append(senseless, e.config.file.At(append([]any{key}, p.Path...), p.Text))
		}
	}
	if e.mistakes != nil {
		e.mistakes.malformed = append(e.mistakes.malformed, malformed...)
		e.mistakes.senseless = append(e.mistakes.senseless, senseless...)
	}
	return yamlfile.Join(append(malformed, senseless...))
}

// mistakes collects the errors of all sections.
type mistakes struct {
	malformed, senseless []*yamlfile.Error
}

// problems returns the problems of v if it is a Validator.
func problems(v any, e Env) []Problem {
	for value := reflect.ValueOf(v); value.Kind() == reflect.Pointer && !value.IsNil(); value = value.Elem() {
		if validator, ok := value.Interface().(Validator); ok {
			return validator.Problems(e)
		}
	}
	return nil
}

// Path resolves a path of preflight.yml. A relative path starts in the folder
// of the file.
func (e Env) Path(p string) string {
	if e.config == nil || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(filepath.Dir(e.config.path), p)
}

// Value returns the value of an environment variable as the system gets it,
// spaces included, or "" if it is not set or only spaces.
func (e Env) Value(name string) string {
	if e.Lookup == nil {
		return ""
	}
	v, _ := e.Lookup(name)
	if strings.TrimSpace(v) == "" {
		return ""
	}
	return v
}

// EnvFile is the content of a .env file.
type EnvFile struct {
	Values map[string]string
	// Twice has the lines of each variable that is set more than once. The last
	// one counts.
	Twice map[string][]int
}

// ReadEnvFile reads a .env file in the format of the key env_file_format. An
// error has the line, and never the text. A pipe is an error, too: it would have
// to be written again.
func (e Env) ReadEnvFile(path string) (EnvFile, error) {
	format := envfile.Dotenv
	if e.config != nil {
		format = e.config.envFormat
	}
	file, err := readRegular(format, path)
	return EnvFile(file), err
}

// For returns the Env for a check, whose section Config then decodes. The
// Runner calls it for each check.
func (e Env) For(c Check) Env {
	e.section = c.Spec().Section()
	return e
}

// Shared returns a value that the checks of one run share, such as connections;
// there is one per type. The first call creates it. The run closes it at the
// end if it is an [io.Closer].
func Shared[T any](e Env, create func() T) T {
	if e.scope == nil {
		return create()
	}
	e.scope.mu.Lock()
	defer e.scope.mu.Unlock()
	key := reflect.TypeFor[T]()
	if value, ok := e.scope.values[key]; ok {
		return value.(T)
	}
	value := create()
	e.scope.values[key] = value
	return value
}

// scope holds the values that the checks of a run share.
type scope struct {
	mu     sync.Mutex
	values map[reflect.Type]any
}

// close closes the shared values. Checks that still run can no longer use them.
func (s *scope) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, value := range s.values {
		if closer, ok := value.(io.Closer); ok {
			_ = closer.Close()
		}
	}
}
