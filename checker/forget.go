package checker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/alertnative/preflight/internal/outfile"
)

// forget is the command forget.
type forget struct {
	program                *program
	env, metrics, evidence string
}

func newForget(p *program) *cobra.Command {
	f := &forget{program: p}
	cmd := newCommand("forget --env=ENV", "Remove the metrics and the evidence of a retired environment.", func(cmd *cobra.Command) error {
		return f.run(cmd.Context(), p.log(), p.stdout)
	})
	flags := cmd.Flags()
	flags.StringVar(&f.env, "env", "", "Environment to remove.")
	required(cmd, "env")
	flags.StringVar(&f.metrics, "metrics-output", defaultTextfile, "File for node_exporter's textfile collector.")
	flags.StringVar(&f.evidence, "evidence.dir", defaultEvidence, "Folder with the newest evidence of each environment.")
	return cmd
}

// run removes the metrics and the evidence of the environment and reports which
// it removed.
func (f *forget) run(ctx context.Context, logger *slog.Logger, out io.Writer) error {
	if err := checkEnv(f.env); err != nil {
		return err
	}
	file, err := outfile.Resolve(evidenceFile(f.evidence, f.env))
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	evidence := os.Remove(file)
	for _, path := range append(filesBeside(file, running), filesBeside(file, valuesName)...) {
		_ = os.Remove(path) // leftover files do no harm
	}
	notes, series := f.program.textfile(f.metrics, nil).forget(ctx, f.env)
	for _, note := range notes {
		logger.Warn("The file of metrics needs attention", "file", f.metrics, "cause", note)
	}
	if series == nil {
		fmt.Fprintf(out, "%s: the series of %s are gone\n", f.metrics, f.env)
	}
	if evidence == nil {
		fmt.Fprintf(out, "%s: removed\n", file)
	}
	if errors.Is(evidence, fs.ErrNotExist) && series == nil {
		evidence = nil // runs may have written no evidence
	}
	if evidence == nil && errors.Is(series, fs.ErrNotExist) {
		series = nil // its metrics may have been served at /metrics
	}
	return errors.Join(series, evidence)
}
