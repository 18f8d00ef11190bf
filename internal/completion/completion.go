// Package completion completes the commands of the programs in shells.
package completion

import "strings"

// Args returns the arguments for kingpin's parser. The completion scripts of
// kingpin call a program with --completion-bash and the words so far. In a
// program with a default command, kingpin parses an unfinished first word as an
// argument of that command and returns no completion. Without that word it
// returns all commands, from which the shell selects.
func Args(args []string) []string {
	if len(args) == 2 && args[0] == "--completion-bash" && !strings.HasPrefix(args[1], "-") {
		return args[:1]
	}
	return args
}
