// Package help chooses the help page of a program.
package help

import "github.com/alecthomas/kingpin/v2"

// For gives a program help that shows every command with its flags, those of the
// default command included. The help of one command shows that command alone.
// args are the arguments of the program; its commands must be there already.
func For(app *kingpin.Application, args []string) {
	for _, a := range args {
		if app.GetCommand(a) != nil {
			return
		}
	}
	app.UsageTemplate(kingpin.LongHelpTemplate)
}
