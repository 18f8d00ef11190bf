package main

import (
	"context"
	"io"
	"os"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/promslog"

	"github.com/alertnative/preflight/internal/stack"
	"github.com/alertnative/preflight/internal/stack/embedded"
	"github.com/alertnative/preflight/internal/stack/servers"
)

// prometheus selects the released Prometheus, or the packages of Prometheus in
// this program.
type prometheus struct{ real, set bool }

func (p *prometheus) flag(cmd *kingpin.CmdClause) {
	cmd.Flag("real", "Run the released Prometheus. --no-real runs its packages in this program, without web interface and API. Default: the released program if it is installed.").
		IsSetByUser(&p.set).BoolVar(&p.real)
}

// programs returns the command lines of the stack's programs, or none for the
// released ones.
func (p *prometheus) programs() (map[string][]string, error) {
	_, missing := servers.Find("prometheus")
	switch {
	case p.real && missing != nil:
		return nil, missing
	case p.real, !p.set && missing == nil:
		return nil, nil
	}
	self, err := os.Executable()
	return map[string][]string{stack.Prometheus: {self, prometheusCommand}}, err
}

// prometheusCommand runs the packages of Prometheus. The stack starts it with
// the flags of the released program.
const prometheusCommand = "prometheus"

func newPrometheus(app *kingpin.Application) *embedded.Options {
	o := &embedded.Options{}
	cmd := app.Command(prometheusCommand, "Run Prometheus from its packages.").Hidden()
	cmd.Flag("web.listen-address", "Address to listen on.").Required().StringVar(&o.Listen)
	cmd.Flag("config.file", "Configuration file.").Required().StringVar(&o.ConfigFile)
	cmd.Flag("storage.tsdb.path", "Folder for the data.").Required().StringVar(&o.Data)
	cmd.Flag("web.external-url", "URL of Prometheus for links.").Required().StringVar(&o.ExternalURL)
	return o
}

func runPrometheus(ctx context.Context, o *embedded.Options, stderr io.Writer) error {
	o.Log = promslog.New(&promslog.Config{Writer: stderr})
	return embedded.Prometheus(ctx, *o)
}
