package codegen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
	"github.com/rogpeppe/go-internal/diff"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/completion"
	"github.com/alertnative/preflight/internal/help"
	"github.com/alertnative/preflight/internal/proof/verdict"
)

// Exit codes of the generator.
const (
	exitClean    = 0 // success
	exitFindings = 1 // mistakes in the definitions, or stale files
	exitBroken   = 2 // the generator could not run
)

// Main runs the command preflight-gen for these sites. It does not return.
func Main(sites ...preflight.Site) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := Run(ctx, os.Args[1:], os.Stdout, os.Stderr, sites...)
	stop()
	os.Exit(code)
}

// Run is like [Main] for tests: it returns the exit code. 0 means success, 1
// findings or differences, 2 a run that was impossible.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer, sites ...preflight.Site) int {
	code := exitClean
	app := kingpin.New("preflight-gen", "Proves Prometheus rules, Alertmanager routing, Grafana dashboards and runbooks, and writes them.")
	app.UsageWriter(stdout).ErrorWriter(stderr)
	stopped := false
	app.Terminate(func(status int) { stopped, code = true, status })
	app.Version(version.Print("preflight-gen")).VersionFlag.Short('V')
	app.HelpFlag.Short('h')
	generate, test, lint, mutation, explain := newGenerate(app), newTest(app), newLint(app), newMutation(app), newExplain(app)
	help.For(app, args)
	command, err := app.Parse(completion.Args(args))
	if stopped {
		return code
	}
	if err != nil {
		fmt.Fprintf(stderr, "preflight-gen: %v, see --help\n", err)
		return exitBroken
	}
	switch command {
	case lint.name:
		code, err = lint.run(stdout, stderr)
	case mutation.name:
		code, err = mutation.run(ctx, sites, stdout, stderr)
	case explain.name:
		code, err = explain.run(ctx, sites, stdout, stderr)
	case test.name:
		code, err = test.run(ctx, sites, stdout, stderr)
	default:
		code, err = generate.run(ctx, sites, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintf(stderr, "preflight-gen: %v\n", err)
		return exitBroken
	}
	return code
}

// generate is the command that writes or compares the files of the sites.
type generate struct {
	out     *string
	check   *bool
	mutate  *bool
	noCache *bool
	format  *string
	toOut   bool // --out is set
}

func newGenerate(app *kingpin.Application) *generate {
	cmd := app.Command("generate", "Prove the definitions and write the files. This is done when no command is named.").Default()
	g := &generate{
		check:   cmd.Flag("check", "Write nothing. If the folder is stale, print a diff and exit with 1.").Bool(),
		mutate:  cmd.Flag("mutate", "Also fail if the tests do not notice a mistake in a rule or route, as the command mutate finds them.").Bool(),
		noCache: cmd.Flag("no-cache", "Run every proof, including those with a cached verdict.").Bool(),
		format:  formatFlag(cmd),
	}
	g.out = cmd.Flag("out", "Output folder. Several sites have a folder each in it.").Default("generated").IsSetByUser(&g.toOut).String()
	return g
}

func (g *generate) run(ctx context.Context, sites []preflight.Site, stdout, stderr io.Writer) (int, error) {
	if err := checkNames(sites); err != nil {
		return exitBroken, err
	}
	if !g.toOut {
		if err := ownModule("."); err != nil {
			return exitBroken, err
		}
	}
	var wrong []error
	all := make([][]File, len(sites))
	found := false
	for i, s := range sites {
		p, err := g.prove(ctx, s, stderr)
		if err == nil {
			all[i], err = p.files()
		}
		if err != nil {
			found, wrong = true, append(wrong, err)
		}
		if ctx.Err() != nil {
			return exitBroken, errors.Join(show(errors.Join(wrong...), *g.format, stdout, stderr), errors.New("interrupted: some tests did not run: nothing was written"))
		}
		if err != nil {
			continue
		}
		for _, note := range p.notes() {
			fmt.Fprintf(stderr, "preflight-gen: note: %s\n", finding.Text(note))
		}
	}
	if err := show(errors.Join(wrong...), *g.format, stdout, stderr); err != nil {
		return exitBroken, err
	}
	if found {
		fmt.Fprintln(stderr, "preflight-gen: nothing was written")
		return exitFindings, nil
	}
	dirs := outputs(*g.out, sites)
	for _, dir := range dirs {
		if err := checkLayout(*g.out, dir, len(sites)); err != nil {
			return exitBroken, err
		}
	}
	code := exitClean
	for i, dir := range dirs {
		if !*g.check {
			if err := Write(dir, all[i]); err != nil {
				return exitBroken, err
			}
			continue
		}
		one, err := report(dir, all[i], stdout, stderr)
		if err != nil {
			return exitBroken, err
		}
		code = max(code, one)
	}
	return code, nil
}

// prove proves a site, with --mutate also that its tests notice mistakes.
func (g *generate) prove(ctx context.Context, s preflight.Site, stderr io.Writer) (*proved, error) {
	shown := newProgress(stderr, "tests")
	p, err := prove(ctx, s, verdict.Options{NoCache: *g.noCache, Progress: shown.set})
	shown.clear()
	if err == nil {
		err = missingRunbooks(s.RunbookURL, *g.out)
	}
	if err != nil || !*g.mutate {
		return p, err
	}
	shown = newProgress(stderr, "mutants")
	findings, err := p.unnoticed(ctx, verdict.Options{NoCache: *g.noCache}, shown.set)
	shown.clear()
	if len(findings) > 0 {
		p.InFiles(findings)
		err = errors.Join(append(asErrors(findings), err)...)
	}
	return p, err
}

// outputs returns the folder of each site: the output folder itself for a single
// site, or subfolders with the names of several sites.
func outputs(out string, sites []preflight.Site) []string {
	if len(sites) == 1 {
		return []string{out}
	}
	var dirs []string
	for _, s := range sites {
		dirs = append(dirs, filepath.Join(out, s.Name))
	}
	return dirs
}

// checkNames reports sites that would share a folder.
func checkNames(sites []preflight.Site) error {
	if len(sites) == 0 {
		return fmt.Errorf("no site: pass one to codegen.Main")
	}
	seen := map[string]bool{}
	for _, s := range sites {
		switch {
		case len(sites) > 1 && (s.Name == "" || s.Name != filepath.Base(s.Name)):
			return fmt.Errorf("site %q: its Name is the name of its folder: use a Name without slashes", s.Name)
		case seen[s.Name]:
			return fmt.Errorf("site %q: two sites have this name: rename one", s.Name)
		}
		seen[s.Name] = true
	}
	return nil
}

// report prints the changes that Write would make, as a unified diff.
func report(dir string, files []File, stdout, stderr io.Writer) (int, error) {
	changes, err := Changes(dir, files)
	if err != nil {
		return exitBroken, err
	}
	if len(changes) == 0 {
		return exitClean, nil
	}
	for _, c := range changes {
		oldName, newName := dir+"/"+c.Path, dir+"/"+c.Path+" (generated)"
		_, _ = stdout.Write(diff.Diff(oldName, c.Old, newName, c.New))
	}
	fmt.Fprintf(stderr, "preflight-gen: %d stale files in %s: run make generate and commit the result\n", len(changes), dir)
	return exitFindings, nil
}
