package checker

import (
	"io"
	"path/filepath"
	"reflect"
	"strings"
	"sync"

	"github.com/alertnative/preflight/internal/yamlfile"
)

// Env holds what a check knows of its run. [Config.Env] makes it.
type Env struct {
	Name   string                           // "paper": the value of the label "env"
	Lookup func(name string) (string, bool) // an environment variable
	Live   bool                             // the environment trades for real
	File   string                           // the .env file of the environment, whether it is there or not

	config   *Config
	section  string // of the check
	mistakes *mistakes
	scope    *scope
}

// Problem is a value of preflight.yml that is well formed and makes no sense.
type Problem struct {
	Path []any // from the section to the value: keys and indexes
	Text string
}

// Validator is a configuration that finds its own problems.
type Validator interface {
	Problems(Env) []Problem
}

// Config decodes the check's own section of preflight.yml into what v points
// to, strictly. The section's key is the check's name in snake_case. A section
// that is not there leaves v as it is. When what v points to is a [Validator],
// its problems are errors too.
//
// The command calls the method Targets of every check before it runs any, and
// does not start when Config returned an error there, so a check has nothing to
// do about errors.
func (e Env) Config(v any) error { return e.Section(e.section, v) }

// Section is Config for a section that several checks share. The check's spec
// must name it.
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

// problems asks the value that v leads to.
func problems(v any, e Env) []Problem {
	for value := reflect.ValueOf(v); value.Kind() == reflect.Pointer && !value.IsNil(); value = value.Elem() {
		if validator, ok := value.Interface().(Validator); ok {
			return validator.Problems(e)
		}
	}
	return nil
}

// Path returns a path of preflight.yml as the process sees it: relative paths
// start at the folder of the file.
func (e Env) Path(p string) string {
	if e.config == nil || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(filepath.Dir(e.config.path), p)
}

// Value returns the value of an environment variable without blanks around it;
// "" when it is not set.
func (e Env) Value(name string) string {
	if e.Lookup == nil {
		return ""
	}
	v, _ := e.Lookup(name)
	return strings.TrimSpace(v)
}

// For returns the Env for a check, whose section Config then decodes. The
// Runner calls it for each check.
func (e Env) For(c Check) Env {
	e.section = c.Spec().Section()
	return e
}

// Shared returns a value that the checks of one run share, such as connections;
// there is one of each type. The first check that asks creates it. The run
// closes it at its end when it is an [io.Closer].
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

// scope holds what the checks of a run share.
type scope struct {
	mu     sync.Mutex
	values map[reflect.Type]any
}

// close closes what was shared. A check that still runs can use it no longer.
func (s *scope) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, value := range s.values {
		if closer, ok := value.(io.Closer); ok {
			_ = closer.Close()
		}
	}
}
