package codegen

import (
	"fmt"
	"io"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
	"github.com/rogpeppe/go-internal/diff"
)

// The exit codes of the generator.
const (
	exitClean    = 0 // written, or nothing to write
	exitFindings = 1 // mistakes in the definitions, or stale files
	exitBroken   = 2 // could not run
)

// Main is the command preflight-gen for a pack: a main function of one line
// makes a generator of anybody's definitions. It returns the exit code.
func Main(pack Pack, args []string, stdout, stderr io.Writer) int {
	code := exitClean
	app := kingpin.New("preflight-gen", "Generates Prometheus rules and tests, Alertmanager routing, Grafana dashboards and runbooks.")
	app.UsageWriter(stdout).ErrorWriter(stderr)
	stopped := false
	app.Terminate(func(status int) { stopped, code = true, status })
	app.Version(version.Print("preflight-gen")).VersionFlag.Short('V')
	app.HelpFlag.Short('h')
	endpoints := app.Flag("endpoints", "YAML file with other addresses.").PlaceHolder("FILE.yml").String()
	generate, lint, mutation, explain := newGenerate(app), newLint(app), newMutation(app), newExplain(app)
	command, err := app.Parse(args)
	if stopped {
		return code
	}
	if err != nil {
		fmt.Fprintf(stderr, "preflight-gen: %v, see --help\n", err)
		return exitBroken
	}
	if command == lint.name {
		code, err = lint.run(stdout, stderr)
	} else {
		addresses := pack.Endpoints
		if *endpoints != "" {
			addresses, err = ReadEndpoints(*endpoints, pack.Endpoints)
		}
		switch {
		case err != nil:
		case command == mutation.name:
			code, err = mutation.run(pack, addresses, stdout, stderr)
		case command == explain.name:
			code, err = explain.run(pack, addresses, stdout)
		default:
			code, err = generate.run(pack, addresses, stdout, stderr)
		}
	}
	if err != nil {
		fmt.Fprintf(stderr, "preflight-gen: %v\n", err)
		return exitBroken
	}
	return code
}

// generate is the command that writes the pack's files, or compares them.
type generate struct {
	out   *string
	check *bool
}

func newGenerate(app *kingpin.Application) generate {
	cmd := app.Command("generate", "Write the files of the pack. This is done when no command is named.").Default()
	return generate{
		out:   cmd.Flag("out", "Folder to write to.").Default("generated").String(),
		check: cmd.Flag("check", "Write nothing; exit 1 with a diff when the folder is stale.").Bool(),
	}
}

func (g generate) run(pack Pack, addresses Endpoints, stdout, stderr io.Writer) (int, error) {
	files, err := pack.Generate(addresses)
	if err != nil {
		fmt.Fprintln(stderr, err)
		fmt.Fprintln(stderr, "preflight-gen: nothing was written")
		return exitFindings, nil
	}
	if *g.check {
		return report(*g.out, files, stdout, stderr)
	}
	return exitClean, Write(*g.out, files)
}

// report prints what Write would change, as a unified diff.
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
