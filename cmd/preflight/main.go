// Command preflight checks whether the system is ready to trade, and says so
// in metrics, in a summary and in an evidence file.
//
// It exits with 0 when the system is ready (a warning is still ready), 1 when a
// check failed, 2 when it could not run, and 3 when nothing failed but
// something was skipped, so that nothing is proved.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/common/promslog/flag"
	"github.com/prometheus/common/version"
	"github.com/redis/go-redis/v9/logging"

	"github.com/alertnative/preflight/checks"
)

const (
	exitReady   = 0
	exitFailed  = 1
	exitBroken  = 2
	exitSkipped = 3
)

func main() {
	logging.Disable() // go-redis: what it would log is in the observations
	// A reader of the output that goes away must not cost the metrics.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the program at once
	os.Exit(command(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// command parses the command line and runs it. It returns the exit code.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	app := kingpin.New("preflight", "Checks whether the system is ready to trade.")
	app.UsageWriter(stdout).ErrorWriter(stderr).UsageTemplate(kingpin.LongHelpTemplate)
	ended, code := false, exitReady
	app.Terminate(func(status int) { ended, code = true, status })
	app.Version(version.Print("preflight")).HelpFlag.Short('h')
	var logs promslog.Config
	logs.Writer = stderr
	flag.AddFlags(app, &logs)
	var (
		o    runOptions
		run  = app.Command("run", "Run the checks once.").Default()
		list = app.Command("list", "List the checks, what each looks at, its targets and reasons.")
	)
	o.flags(run)
	listConfig := list.Flag("config.file", "What the checks look at.").Default(defaultConfig).String()
	cmd, err := app.Parse(args)
	switch {
	case ended && err == nil:
		return code
	case err == nil && cmd == list.FullCommand():
		err = listChecks(*listConfig, stdout)
	case err == nil:
		if code, err = o.run(ctx, promslog.New(&logs), stdout); err == nil {
			return code
		}
	default:
		err = fmt.Errorf("%w, see --help", err)
	}
	if err != nil {
		fmt.Fprintf(stderr, "preflight: %v\n", err)
		return exitBroken
	}
	return exitReady
}

const defaultConfig = "preflight.yml"

var envName = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// checkEnv refuses names that would be another environment's series: the label
// env is in lower case.
func checkEnv(env string) error {
	if envName.MatchString(env) {
		return nil
	}
	hint := strings.ToLower(env[strings.LastIndexByte(env, '.')+1:])
	if envName.MatchString(hint) {
		return fmt.Errorf("--env=%s: write it in lower case: --env=%s", env, hint)
	}
	return fmt.Errorf("--env=%q: must be a name in lower case, as paper or live", env)
}

// selection turns --only and --skip into a predicate; names are compared
// without case, spaces and dashes, so that --only=live-safety finds "Live
// Safety".
func selection(only, skip []string, all []checks.Check) (func(name string) bool, error) {
	fold := strings.NewReplacer(" ", "", "-", "", "_", "")
	key := func(s string) string { return strings.ToLower(fold.Replace(s)) }
	known := map[string]bool{}
	var names []string
	for _, c := range all {
		known[key(c.Spec().Name)] = true
		names = append(names, c.Spec().Name)
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

// listChecks prints what there is to know before a run.
func listChecks(config string, out io.Writer) error {
	c, err := checks.ReadConfig(config)
	if err != nil {
		return err
	}
	for _, check := range c.Checks(checks.Setting{Lookup: os.LookupEnv}) {
		spec := check.Spec()
		fmt.Fprintf(out, "%s: %s\n", spec.Name, spec.Looks)
		if spec.Network {
			fmt.Fprintln(out, "  needs --real-check")
		}
		targets := "none declared"
		if names := check.Targets(); len(names) > 0 {
			targets = strings.Join(names, ", ")
		}
		fmt.Fprintf(out, "  targets: %s\n  reasons:\n", targets)
		for _, r := range spec.AllReasons() {
			fmt.Fprintf(out, "    %-20s %s\n", r.Name, r.Meaning)
		}
		fmt.Fprintln(out)
	}
	return nil
}
