package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/alecthomas/kingpin/v2"
	"golang.org/x/term"

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
func (o runOptions) run(ctx context.Context, stdout, stderr io.Writer) (code int, err error) {
	if err := checkEnv(o.env); err != nil {
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
	all := config.Checks(lookup)
	selected, err := selection(o.only, o.skip, all)
	if err != nil {
		return 0, err
	}
	terminal := checks.Terminal{Out: stdout, Color: colored(stdout), Total: len(all), Quiet: o.quiet}
	report := checks.Runner{Checks: all, Real: o.real, Selected: selected, Progress: terminal.Progress}.Run(ctx)
	terminal.Summary(report)
	if err := o.write(ctx, report, stderr); err != nil {
		return 0, err
	}
	switch {
	case !report.Succeeded():
		return exitFailed, nil
	case report.Count(checks.Skip) > 0:
		return exitSkipped, nil
	default:
		return exitReady, nil
	}
}

// write keeps the outcome: the metrics first, since others wait for them.
func (o runOptions) write(ctx context.Context, report checks.Report, stderr io.Writer) error {
	if !o.noMetrics {
		specs := checks.Shipped()
		textfile := checks.Textfile{
			Path: o.metricsOutput, Metrics: metrics.NewPreflight(metrics.Namespace, checks.Vocabulary(specs...)), Specs: specs,
		}
		notes, err := textfile.Write(ctx, o.env, report)
		for _, note := range notes {
			fmt.Fprintf(stderr, "preflight: %s: %s\n", o.metricsOutput, note)
		}
		if err != nil {
			return err
		}
	}
	if o.output != "" {
		if err := checks.NewEvidence(o.env, report).WriteFile(o.output); err != nil {
			return fmt.Errorf("evidence: %w", err)
		}
	}
	return nil
}

// colored reports whether to use colours: on a terminal, unless NO_COLOR is
// set.
func colored(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(file.Fd()))
}
