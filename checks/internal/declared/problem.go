package declared

import (
	"fmt"
	"time"

	"github.com/alertnative/preflight/internal/lazy"
)

// Problem is a well-formed value that is invalid.
type Problem struct {
	Path []any // from the section to the value: keys and indexes
	Text string
}

// Wrong returns a problem with the value at a path.
func Wrong(text string, path ...any) Problem { return Problem{path, text} }

// VariableName matches the names of environment variables.
var VariableName = lazy.Regexp(`^[A-Za-z_][A-Za-z0-9_]*$`)

// VariableProblem returns a problem if a key does not name an environment
// variable. holds describes the content of the variable.
func VariableProblem(name, holds, example string, path ...any) []Problem {
	if VariableName().MatchString(name) {
		return nil
	}
	return []Problem{Wrong(fmt.Sprintf("must be the name of the environment variable that holds the %s, such as %s; the %[1]s itself does not belong here", holds, example), path...)}
}

// TimeoutProblem returns a problem if a duration is negative.
func TimeoutProblem(d time.Duration, path ...any) []Problem {
	if d >= 0 {
		return nil
	}
	return []Problem{Wrong("must be positive", path...)}
}
