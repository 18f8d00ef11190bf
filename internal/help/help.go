// Package help selects the help page of a program.
package help

import "github.com/alecthomas/kingpin/v2"

// For makes the help of a program show every command with its flags, including
// the default command's. The help of one command shows only that command. args
// are the arguments of the program. Call For after adding all commands.
func For(app *kingpin.Application, args []string) {
	for _, a := range args {
		if app.GetCommand(a) != nil {
			return
		}
	}
	app.UsageTemplate(kingpin.LongHelpTemplate)
}
