package codegen

import (
	"io"

	"github.com/alecthomas/kingpin/v2"
)

type explain struct {
	name  string
	alert *string
}

func newExplain(app *kingpin.Application) explain {
	cmd := app.Command("explain", "Say all about one alert: its condition, who is told and when, the message, the panel, the runbook.")
	return explain{name: cmd.FullCommand(), alert: cmd.Arg("ALERT", "Its name.").Required().String()}
}

func (e explain) run(pack Pack, addresses Endpoints, stdout io.Writer) (int, error) {
	return 0, nil
}
