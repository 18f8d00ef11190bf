package declared

import (
	"fmt"
	"regexp"
	"time"
)

// Problem is a value that is well formed and makes no sense.
type Problem struct {
	Path []any // from the section to the value: keys and indexes
	Text string
}

// Wrong returns a problem of the value at a path.
func Wrong(text string, path ...any) Problem { return Problem{path, text} }

// VariableName matches the names of environment variables.
var VariableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// VariableProblem is about a key that must name the environment variable that
// holds something.
func VariableProblem(name, holds, example string, path ...any) []Problem {
	if VariableName.MatchString(name) {
		return nil
	}
	return []Problem{Wrong(fmt.Sprintf("must be the name of the environment variable that holds the %s, as %s; the %[1]s itself does not belong here", holds, example), path...)}
}

// TimeoutProblem is about a duration that must not be negative.
func TimeoutProblem(d time.Duration, path ...any) []Problem {
	if d >= 0 {
		return nil
	}
	return []Problem{Wrong("must be positive", path...)}
}
