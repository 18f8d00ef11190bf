package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/alecthomas/kingpin/v2"
	"github.com/fatih/color"

	"github.com/alertnative/preflight/checks"
	"github.com/alertnative/preflight/metrics"
)

// runOptions are the flags of the command run.
type runOptions struct {
	config, env, envFile  string
	output, metricsOutput string
	real, noMetrics       bool
	quiet                 bool
	only, skip            []string
}

func (o *runOptions) flags(cmd *kingpin.CmdClause) {
	cmd.Flag("config.file", "What the checks look at.").Default(defaultConfig).StringVar(&o.config)
	cmd.Flag("env", "The environment that is checked: paper, live, …").Default("paper").StringVar(&o.env)
	cmd.Flag("env-file", "File with environment variables; the process's own win. Default: .env.ENV, when it is there.").StringVar(&o.envFile)
	cmd.Flag("real-check", "Let the checks use the network; without it they are skipped.").BoolVar(&o.real)
	cmd.Flag("output", "Write the evidence to this JSON file.").PlaceHolder("FILE.json").StringVar(&o.output)
	cmd.Flag("metrics-output", "The file that node_exporter's textfile collector reads.").
		Default("monitoring/textfile-collector/preflight.prom").StringVar(&o.metricsOutput)
	cmd.Flag("no-metrics", "Write no metrics.").BoolVar(&o.noMetrics)
	cmd.Flag("only", "Run only this check; can be repeated.").PlaceHolder("CHECK").StringsVar(&o.only)
	cmd.Flag("skip", "Skip this check; can be repeated.").PlaceHolder("CHECK").StringsVar(&o.skip)
	cmd.Flag("quiet", "Print only what is wrong.").BoolVar(&o.quiet)
}

// run executes the checks once, and writes the metrics and the evidence.
func (o runOptions) run(ctx context.Context, logger *slog.Logger, stdout io.Writer) (code int, err error) {
	if err := o.validate(); err != nil {
		return 0, err
	}
	config, err := checks.ReadConfig(o.config)
	if err != nil {
		return 0, err
	}
	file := o.envFile
	if file == "" {
		file = ".env." + o.env
	}
	lookup, err := checks.Lookup(file, o.envFile != "")
	if err != nil {
		return 0, err
	}
	all := config.Checks(checks.Setting{Env: o.env, EnvFile: file, Lookup: lookup})
	selected, err := selection(o.only, o.skip, all)
	if err != nil {
		return 0, err
	}
	terminal := checks.Terminal{Out: stdout, Color: colored(stdout), Total: len(all), Quiet: o.quiet}
	report := checks.Runner{Checks: all, Real: o.real, Selected: selected, Progress: terminal.Progress}.Run(ctx)
	terminal.Summary(report)
	if err := o.write(ctx, logger, config.Specs(), report); err != nil {
		return 0, err
	}
	switch {
	case report.Count(checks.Fail) > 0:
		return exitFailed, nil
	case report.Count(checks.Skip) > 0:
		return exitSkipped, nil
	default:
		return exitReady, nil
	}
}

// validate refuses what would be accepted and never seen.
func (o runOptions) validate() error {
	if !o.noMetrics && filepath.Ext(o.metricsOutput) != ".prom" {
		return fmt.Errorf("--metrics-output=%s: the name must end in .prom: node_exporter reads no other files", o.metricsOutput)
	}
	return checkEnv(o.env)
}

// write keeps the outcome. Neither file waits for the other's success.
func (o runOptions) write(ctx context.Context, logger *slog.Logger, specs []checks.Spec, report checks.Report) (err error) {
	if !o.noMetrics {
		textfile := checks.Textfile{
			Path: o.metricsOutput, Metrics: metrics.NewPreflight(metrics.Namespace, checks.Vocabulary(specs...)), Specs: specs,
		}
		var notes []string
		notes, err = textfile.Write(ctx, o.env, report)
		for _, note := range notes {
			logger.Warn("The metrics do not continue whole", "file", o.metricsOutput, "what", note)
		}
	}
	if o.output != "" {
		err = errors.Join(err, checks.NewEvidence(o.env, report).WriteFile(o.output))
	}
	return err
}

// colored reports whether to use colours: on a terminal, unless NO_COLOR is
// set.
func colored(out io.Writer) bool { return out == os.Stdout && !color.NoColor }
