package codegen

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/lint/rulelint"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/promcheck"
)

// lint is the command that checks rules in files. It does not use the pack.
type lint struct {
	name       string
	catalogues *[]string
	complete   *bool
	labels     *string
	scrape     *string
	evaluation *string
	format     *string
	paths      *[]string
}

func newLint(app *kingpin.Application) lint {
	cmd := app.Command("lint", "Check rule files, manifests and values of charts that were written elsewhere. The exit status is 0 without findings, 1 with findings, and 2 if a file could not be read.")
	return lint{
		name: cmd.FullCommand(),
		catalogues: cmd.Flag("catalogue", "File with an exporter's metrics. Metric names, types and labels are checked against it. Can be repeated.").
			PlaceHolder("FILE.prom").ExistingFiles(),
		complete: cmd.Flag("complete", "The catalogues hold every metric, so any other is unknown. By default only names similar to a known one are reported.").Bool(),
		labels: cmd.Flag("target-labels", "Labels that scraping adds to each series. With them, all other labels outside the catalogues are unknown.").
			PlaceHolder("job,instance,…").String(),
		scrape:     cmd.Flag("scrape-interval", "Scrape interval of targets. Windows must contain four scrapes.").PlaceHolder("15s").String(),
		evaluation: cmd.Flag("evaluation-interval", "Evaluation interval of groups without one.").PlaceHolder("1m").String(),
		format:     formatFlag(cmd),
		paths:      cmd.Arg("FILE", "Files with rules, or folders of them; - is standard input.").Required().Strings(),
	}
}

func (l lint) run(stdout, stderr io.Writer) (int, error) {
	checker, err := l.checker()
	if err != nil {
		return exitBroken, err
	}
	paths := slices.Clone(*l.paths)
	for i, p := range paths {
		if p == "" { // kingpin turns "-" into ""
			paths[i] = rulelint.Stdin
		}
	}
	report := rulelint.Lint(checker, paths, os.Stdin)
	if err := report.Write(stdout, *l.format); err != nil {
		return exitBroken, err
	}
	report.Summary(stderr)
	switch {
	case report.Failed():
		return exitBroken, nil
	case len(report.Issues) > 0:
		return exitFindings, nil
	}
	return exitClean, nil
}

// checker returns a checker for the catalogues and the flags about Prometheus.
func (l lint) checker() (*promcheck.Checker, error) {
	var target []metrics.Label
	for name := range strings.SplitSeq(*l.labels, ",") {
		if name = strings.TrimSpace(name); name != "" {
			target = append(target, metrics.Label{Name: name, Optional: true})
		}
	}
	var all []metrics.Desc
	seen := map[string]bool{}
	for _, file := range *l.catalogues {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, d := range metrics.Exposition(string(data)) {
			if f, wrong := d.Problem(); wrong {
				return nil, fmt.Errorf("%s: %s%s", file, f.Reason, f.Detail())
			}
			seen[d.Name] = true
			all = append(all, site.WithLabels(d, target))
		}
	}
	if len(all) > 0 {
		for _, d := range metrics.Scraping() {
			if !seen[d.Name] {
				all = append(all, site.WithLabels(d, target))
			}
		}
	}
	catalogue, err := metrics.NewCatalogue(all...)
	if err != nil {
		return nil, err
	}
	options := promcheck.Options{Complete: *l.complete, ClosedLabels: len(target) > 0}
	for _, label := range target {
		options.TargetLabels = append(options.TargetLabels, label.Name)
	}
	for _, d := range []struct {
		flag, text string
		to         *model.Duration
	}{
		{"scrape-interval", *l.scrape, (*model.Duration)(&options.Timing.Scrape)},
		{"evaluation-interval", *l.evaluation, (*model.Duration)(&options.Timing.Evaluation)},
	} {
		if d.text == "" {
			continue
		}
		if *d.to, err = model.ParseDuration(d.text); err != nil {
			return nil, fmt.Errorf("--%s: %w", d.flag, err)
		}
	}
	return promcheck.New(catalogue, options), nil
}
