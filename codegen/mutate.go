package codegen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/proof/mutate"
	"github.com/alertnative/preflight/internal/proof/verdict"
)

// mutation is the command that prints the mutation score of the sites' rules
// and routes, or of files, with the survivors.
type mutation struct {
	name  string
	floor *float64
	files fileMutation
}

func newMutation(app *kingpin.Application) mutation {
	cmd := app.Command("mutate", "Make one mistake at a time in the rules and routes and run their tests: show the mistakes that no test notices.")
	m := mutation{
		name:  cmd.FullCommand(),
		floor: cmd.Flag("min-score", "Exit with 1 if the score is below this percentage.").Default("100").Float64(),
		files: newFileMutation(cmd),
	}
	cmd.Flag("floor", "An older name of --min-score.").Hidden().Float64Var(m.floor)
	return m
}

func (m mutation) run(ctx context.Context, sites []preflight.Site, stdout, stderr io.Writer) (int, error) {
	if err := m.files.check(); err != nil {
		return exitBroken, err
	}
	if len(m.files.files()) > 0 {
		return m.files.run(ctx, *m.floor, stdout, stderr)
	}
	start := time.Now()
	shown := newProgress(stderr, "mutants")
	outcomes, waivers, err := m.outcomes(ctx, sites, shown.set)
	shown.clear()
	interrupted := ctx.Err() != nil
	if err != nil && !interrupted {
		if errors.As(err, new(finding.Finding)) {
			fmt.Fprintln(stderr, located(err))
			return exitFindings, nil
		}
		return exitBroken, err
	}
	wrong := mutate.Waive(outcomes, waivers)
	result := mutate.Count(outcomes)
	if interrupted {
		result.Print(stdout, outcomes, time.Since(start))
		return exitBroken, errors.New("interrupted: only the mutants above were tried")
	}
	for _, f := range wrong {
		fmt.Fprintln(stdout, f)
	}
	result.Print(stdout, outcomes, time.Since(start))
	if len(wrong) > 0 || result.All.Score() < *m.floor || *m.floor > 0 && len(result.Untested) > 0 {
		fmt.Fprintf(stderr, "preflight-gen: %d mistakes would go unnoticed, %d %s have no test, %d waivers are wrong\n",
			result.All.Survivors(), len(result.Untested), result.Noun(), len(wrong))
		return exitFindings, nil
	}
	return exitClean, nil
}

// outcomes tries the mutants of the sites. The error joins the
// findings of an unproved site, or is the cause of a failure. If ctx is done,
// it comes with the outcomes so far.
func (m mutation) outcomes(ctx context.Context, sites []preflight.Site, shown mutate.Progress) ([]mutate.Outcome, map[mutate.RuleID][]finding.Equivalent, error) {
	var outcomes []mutate.Outcome
	waivers := map[mutate.RuleID][]finding.Equivalent{}
	for _, s := range sites {
		p, err := prove(ctx, s, verdict.Options{})
		if err != nil {
			return outcomes, waivers, err
		}
		list, excuses, err := p.mutate(ctx, shown)
		outcomes = append(outcomes, list...)
		maps.Copy(waivers, excuses)
		if err != nil {
			return outcomes, waivers, err
		}
	}
	return outcomes, waivers, nil
}

// mutate tries the mutants of a site's rules and routes. If ctx is done, the
// error comes with the outcomes so far.
func (p *proved) mutate(ctx context.Context, shown mutate.Progress) ([]mutate.Outcome, map[mutate.RuleID][]finding.Equivalent, error) {
	outcomes, waivers, err := p.suite.Mutate(ctx, shown)
	if err != nil {
		return outcomes, waivers, err
	}
	ofRoutes, excuses, err := p.Routes.Mutate()
	maps.Copy(waivers, excuses)
	return append(outcomes, ofRoutes...), waivers, err
}

// unnoticed returns the findings about mistakes in rules and routes that no test
// or promise notices.
func (p *proved) unnoticed(ctx context.Context, o verdict.Options, shown mutate.Progress) ([]finding.Finding, error) {
	out, err := p.suite.Unnoticed(ctx, o, shown)
	if err != nil {
		return out, err
	}
	ofRoutes, waivers, err := p.Routes.Mutate()
	return append(out, mutate.Unnoticed(ofRoutes, waivers)...), err
}
