// Package completion lets shells complete the commands of the programs.
package completion

import "strings"

// Args returns the arguments for kingpin's parser. The completion scripts of
// kingpin call a program with --completion-bash and the words so far. A program
// with a default command takes an unfinished first word for an argument of that
// command and answers nothing. Without the word it answers with all commands, and
// the shell selects those that the word begins.
func Args(args []string) []string {
	if len(args) == 2 && args[0] == "--completion-bash" && !strings.HasPrefix(args[1], "-") {
		return args[:1]
	}
	return args
}
