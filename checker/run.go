package checker

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/fatih/color"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/alertnative/preflight/checker/spec"
)

// run is the command run.
type run struct {
	subject
	outputs
	real       bool
	only, skip []string
	every      time.Duration // 0: once
	web        Web

	abandoned abandoned
}

// outputs holds the flags for the outputs of a run.
type outputs struct {
	metrics       string
	metricsSet    bool // set by the user
	noMetrics     bool
	output, junit string
	quiet         bool
	language      string
	memory        *memory // replaces the file of metrics
}

func newRun(p *program, name, short string) *cobra.Command {
	r := &run{}
	r.program = p
	cmd := newCommand(name, short, func(cmd *cobra.Command) (err error) {
		r.metricsSet = cmd.Flags().Changed("metrics-output")
		p.code, err = r.run(cmd.Context(), p.log(), p.stdout)
		return err
	})
	flags := cmd.Flags()
	flags.StringVar(&r.env, "env", "paper", "Environment to check: paper, live, …")
	r.subject.flags(flags)
	flags.BoolVar(&r.real, "real-check", false, "Run the checks that use the network. Without this flag they are skipped.")
	flags.StringArrayVar(&r.only, "only", nil, "Run only this `check`. Can be repeated.")
	flags.StringArrayVar(&r.skip, "skip", nil, "Skip this `check`. Can be repeated.")
	flags.StringVar(&r.output, "output", "", "Also write the evidence to this JSON `file`.")
	flags.StringVar(&r.junit, "junit", "", "Write the result to this JUnit XML `file`.")
	r.outputs.flags(flags)
	every := flags.VarPF((*duration)(&r.every), "every", "", fmt.Sprintf("Run as a service at this interval; --every alone stands for --every=%s. The metrics are served at /metrics, or written to --metrics-output if it is set.", defaultEvery))
	every.DefValue, every.NoOptDefVal = "", defaultEvery.String()
	r.web.flags(flags)
	return cmd
}

// flags adds the flags that run and gate share.
func (o *outputs) flags(flags *pflag.FlagSet) {
	flags.StringVar(&o.metrics, "metrics-output", defaultTextfile, "File for node_exporter's textfile collector.")
	flags.BoolVar(&o.noMetrics, "no-metrics", false, "Write no metrics.")
	flags.BoolVar(&o.quiet, "quiet", false, "Print only problems, and the checks that were skipped.")
	flags.Var(newChoice(&o.language, english, korean), "language", "Language of the output: en or ko.")
}

// run executes the checks once, or repeatedly with --every.
func (r *run) run(ctx context.Context, logger *slog.Logger, stdout io.Writer) (code int, err error) {
	if err := r.validate(); err != nil {
		return 0, err
	}
	d, err := r.read()
	if err != nil {
		return 0, err
	}
	if r.every > 0 {
		return 0, r.loop(ctx, d, logger, stdout)
	}
	done, err := r.once(ctx, d, logger, stdout)
	if err == nil {
		err = done.err()
	}
	if err != nil {
		return 0, err
	}
	return done.code(), nil
}

// validate rejects flags whose output could not be read.
func (r *run) validate() error {
	if !r.noMetrics && filepath.Ext(r.metrics) != ".prom" {
		return fmt.Errorf("--metrics-output=%s: the name must end in .prom, because node_exporter ignores other files", r.metrics)
	}
	if r.every < 0 {
		return fmt.Errorf("--every=%s: must be positive", r.every)
	}
	return nil
}

// outcome is the result of a run and of its outputs.
type outcome struct {
	id       string
	file     string // of the evidence
	fileErr  error  // the file must not be written
	report   Report
	values   values // the variables that the checks read
	evidence Evidence
	written  map[string]error // error by output; nil for success
}

// err joins the errors of the outputs.
func (o outcome) err() error {
	var errs []error
	for _, name := range spec.Outputs() {
		errs = append(errs, o.written[name])
	}
	return errors.Join(errs...)
}

func (o outcome) code() int {
	switch {
	case o.report.Count(Fail) > 0:
		return exitFailed
	case o.report.Count(Skip) > 0:
		return exitSkipped
	default:
		return exitReady
	}
}

// once executes the checks and writes the results.
func (r *run) once(ctx context.Context, d declared, logger *slog.Logger, out io.Writer) (outcome, error) {
	selected, err := selection(r.only, r.skip, d.specs)
	if err != nil {
		return outcome{}, err
	}
	terminal := terminal{
		Out: out, Color: colored(out), Width: terminalWidth(out), Specs: d.specs, Quiet: r.quiet, Language: r.language,
	}
	terminal.start()
	file := r.readAhead(d)
	o := outcome{id: newRunID(), written: map[string]error{}}
	o.file, o.fileErr = r.evidenceFile()
	var under *marker
	if r.full() {
		under = o.withdraw(logger)
	}
	read := newRecorder(d.env.Lookup)
	d.env.Lookup = read.get
	d.env.State, d.env.Log = r.evidence, logger
	o.report = Runner{
		Checks: d.checks, Real: r.real, Only: selected, Progress: terminal.progress, abandoned: &r.abandoned,
	}.Run(ctx, d.env)
	o.values = read.values()
	terminal.summary(o.report)
	// An interrupted run has evidence too.
	about, err := d.config.subject(context.WithoutCancel(ctx), d.env, o.report)
	if err != nil {
		logger.Warn("The evidence has no commit", "err", err)
	}
	o.evidence = newEvidence(o.id, r.env, about, o.report)
	if !r.full() && o.report.Count(Fail) > 0 {
		under = o.withdraw(logger)
	}
	r.write(ctx, d, file, &o, logger)
	if under != nil {
		under.finish(o.file, o.written[spec.OutputEvidence] == nil)
	}
	return o, nil
}

// readAhead reads the file of metrics while the checks wait for servers. It
// returns a function that waits for the file.
func (r *run) readAhead(d declared) func() Textfile {
	file := r.program.textfile(r.metrics, d.specs)
	if r.noMetrics || r.memory != nil {
		return func() Textfile { return file }
	}
	file.prepare()
	read := make(chan Textfile, 1)
	go func() {
		runtime.Gosched() // let the checks start first
		read <- file.readAhead()
	}()
	return func() Textfile { return <-read }
}

// write writes all outputs. No output waits for another or depends on its
// success.
func (r *run) write(ctx context.Context, d declared, file func() Textfile, o *outcome, logger *slog.Logger) {
	var evidence, junit error
	var wg sync.WaitGroup
	wg.Go(func() { evidence = r.writeEvidence(d, o) })
	if r.junit != "" {
		wg.Go(func() { junit = writeJUnit(r.junit, r.env, d.specs, o.report) })
	}
	if isFile, err := r.writeMetrics(ctx, d, file, o.report, logger); isFile {
		o.written[spec.OutputTextfile] = err
	}
	wg.Wait()
	o.written[spec.OutputEvidence] = evidence
	if r.junit != "" {
		o.written[spec.OutputJUnit] = junit
	}
}

// writeMetrics adds the run to the metrics. It reports whether they are in a
// file.
func (r *run) writeMetrics(ctx context.Context, d declared, file func() Textfile, report Report, logger *slog.Logger) (isFile bool, err error) {
	var notes []string
	switch {
	case r.noMetrics:
		return false, nil
	case r.memory != nil:
		if notes, err = r.memory.add(r.env, d.specs, report); err != nil {
			logger.Error("The metrics were not written: they lack this run", "err", err)
		}
	default:
		isFile = true
		notes, err = file().Write(ctx, r.env, report)
	}
	for _, note := range notes {
		logger.Warn("The file of metrics needs attention", "file", r.metrics, "cause", note)
	}
	return isFile, err
}

// full reports whether the run selects every check for real.
func (r *run) full() bool { return r.real && len(r.only)+len(r.skip) == 0 }

// withdraw withdraws the standing evidence, before a complete run or after a
// partial one that failed. It returns nil if the folder cannot be changed. Then
// writing the evidence fails too.
func (o *outcome) withdraw(logger *slog.Logger) *marker {
	if o.fileErr != nil {
		return nil // the gate does not read it either
	}
	m, err := withdraw(o.file, o.id, time.Now())
	if err != nil {
		if _, missing := os.Stat(o.file); missing != nil {
			return nil // there is nothing to withdraw
		}
		logger.Error("The standing evidence cannot be withdrawn: until --max-age the gate accepts it", "err", err)
		return nil
	}
	return m
}

// writeEvidence writes the evidence for the gate, and to --output. A partial run
// leaves the evidence of a complete one alone, unless one of its checks failed.
func (r *run) writeEvidence(d declared, o *outcome) error {
	if len(d.key) > 0 {
		o.evidence.Variables = o.values.sealed(d.key)
	}
	sealed, err := o.evidence.seal(d.key)
	if err != nil {
		return err
	}
	switch {
	case o.fileErr != nil:
		err = o.fileErr
	case r.full() || o.report.Count(Fail) > 0 || !standsComplete(o.file, d.key):
		if len(d.key) == 0 {
			err = writeValues(o.file, o.id, o.values)
		}
		if err == nil {
			err = writeEvidence(o.file, sealed)
		}
	}
	if r.output != "" {
		err = errors.Join(err, writeEvidence(r.output, sealed))
	}
	return err
}

// standsComplete reports whether the standing evidence is valid and of a
// complete run.
func standsComplete(path string, key []byte) bool {
	e, err := ReadEvidence(path, key)
	return err == nil && e.RealCheck && e.Summary.Skip == 0
}

// newRunID returns a random name for a run.
func newRunID() string {
	id := make([]byte, 8)
	_, _ = rand.Read(id) // never fails
	return hex.EncodeToString(id)
}

// selection converts --only and --skip to a predicate. Names are compared
// without case, spaces and dashes, so that --only=live-safety selects "Live
// Safety".
func selection(only, skip []string, all []spec.Spec) (func(name string) bool, error) {
	fold := strings.NewReplacer(" ", "", "-", "", "_", "")
	key := func(s string) string { return strings.ToLower(fold.Replace(s)) }
	known := map[string]bool{}
	var names []string
	for _, s := range all {
		known[key(s.Name)] = true
		names = append(names, s.Name)
	}
	chosen, skipped := map[string]bool{}, map[string]bool{}
	for _, s := range only {
		chosen[key(s)] = true
	}
	for _, s := range skip {
		skipped[key(s)] = true
	}
	for _, s := range append(append([]string{}, only...), skip...) {
		if !known[key(s)] {
			return nil, fmt.Errorf("there is no check %q: the checks are %s", s, strings.Join(names, ", "))
		}
	}
	return func(name string) bool {
		return (len(chosen) == 0 || chosen[key(name)]) && !skipped[key(name)]
	}, nil
}

// colored reports whether to use colours: on a terminal, unless NO_COLOR is
// set.
func colored(out io.Writer) bool {
	return terminalWidth(out) > 0 && os.Getenv("NO_COLOR") == "" && !color.NoColor
}

// terminalWidth returns the width of the terminal, or 0 if out is not a
// terminal.
func terminalWidth(out io.Writer) int {
	file, ok := out.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return max(width, 0)
}
