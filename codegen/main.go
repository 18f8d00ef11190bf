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
	if len(args) > 0 && args[0] == "mutate" {
		return mutateMain(pack, args[1:], stdout, stderr)
	}
	code := exitClean
	app := kingpin.New("preflight-gen", "Generates Prometheus rules and tests, Alertmanager routing, Grafana dashboards and runbooks.")
	app.UsageWriter(stdout).ErrorWriter(stderr)
	stopped := false
	app.Terminate(func(status int) { stopped, code = true, status })
	app.Version(version.Print("preflight-gen")).VersionFlag.Short('V')
	app.HelpFlag.Short('h')
	var (
		out       = app.Flag("out", "Folder to write to.").Default("generated").String()
		check     = app.Flag("check", "Write nothing; exit 1 with a diff when the folder is stale.").Bool()
		endpoints = app.Flag("endpoints", "YAML file with other addresses.").PlaceHolder("FILE.yml").String()
	)
	if _, err := app.Parse(args); err != nil {
		if !stopped {
			fmt.Fprintf(stderr, "preflight-gen: %v, see --help\n", err)
		}
		return exitBroken
	}
	if stopped {
		return code
	}
	addresses := pack.Endpoints
	if *endpoints != "" {
		var err error
		if addresses, err = ReadEndpoints(*endpoints, pack.Endpoints); err != nil {
			fmt.Fprintf(stderr, "preflight-gen: %v\n", err)
			return exitBroken
		}
	}
	files, err := pack.Generate(addresses)
	if err != nil {
		fmt.Fprintln(stderr, err)
		fmt.Fprintln(stderr, "preflight-gen: nothing was written")
		return exitFindings
	}
	if *check {
		return report(*out, files, stdout, stderr)
	}
	if err := Write(*out, files); err != nil {
		fmt.Fprintf(stderr, "preflight-gen: %v\n", err)
		return exitBroken
	}
	return exitClean
}

// report prints what Write would change, as a unified diff.
func report(dir string, files []File, stdout, stderr io.Writer) int {
	changes, err := Changes(dir, files)
	if err != nil {
		fmt.Fprintf(stderr, "preflight-gen: %v\n", err)
		return exitBroken
	}
	if len(changes) == 0 {
		return exitClean
	}
	for _, c := range changes {
		oldName, newName := dir+"/"+c.Path, dir+"/"+c.Path+" (generated)"
		_, _ = stdout.Write(diff.Diff(oldName, c.Old, newName, c.New))
	}
	fmt.Fprintf(stderr, "preflight-gen: %d stale files in %s: run make generate and commit the result\n", len(changes), dir)
	return exitFindings
}
