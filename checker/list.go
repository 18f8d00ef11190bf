package checker

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/alertnative/preflight/checker/internal/exposition"
)

// list is the command list.
type list struct {
	program          *program
	config, language string
	format           string
	metrics          string
}

// listed is a check in the JSON output.
type listed struct {
	Name    string         `json:"name"`
	Looks   string         `json:"looks"`   // description of the check
	Network bool           `json:"network"` // needs --real-check
	Targets []string       `json:"targets"`
	Reasons []listedReason `json:"reasons"`
}

type listedReason struct {
	Name    string `json:"name"`
	Meaning string `json:"meaning"`
	Remedy  string `json:"remedy,omitempty"`
}

func newList(p *program) *cobra.Command {
	l := &list{program: p}
	cmd := newCommand("list", "List the checks with their descriptions, targets and reasons.", func(*cobra.Command) error {
		return l.run(p.stdout, p.stderr)
	})
	flags := cmd.Flags()
	flags.StringVar(&l.config, "config.file", defaultConfig, "Configuration of the checks.")
	flags.Var(newChoice(&l.language, english, korean), "language", "Language of the output: en or ko.")
	flags.StringVar(&l.metrics, "metrics-output", defaultTextfile, "File for node_exporter's textfile collector. Other files of its folder with the same series are reported.")
	flags.Var(newChoice(&l.format, "text", "json"), "format", "text, or json for programs.")
	return cmd
}

// run prints the checks with their targets and reasons, and warns of files that
// node_exporter exports instead of the metrics.
func (l *list) run(out, stderr io.Writer) error {
	c, err := ReadConfig(l.config, l.program.Checks...)
	if err != nil {
		return err
	}
	if err := l.program.validate(c.specs()); err != nil {
		return err
	}
	all, warnings := l.checks(c), l.warnings(c)
	if l.format == "json" {
		for _, text := range warnings {
			fmt.Fprintf(stderr, "preflight: %s\n", text)
		}
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(all)
	}
	l.print(out, all, warnings)
	return nil
}

// checks returns the checks in the list's language.
func (l *list) checks(c Config) []listed {
	env := c.Env("", os.LookupEnv)
	all := []listed{}
	for _, check := range c.checks {
		spec := check.Spec()
		shown := spec.In(l.language)
		x := listed{Name: shown.Name, Looks: shown.Looks, Network: spec.Network, Targets: append([]string{}, check.Targets(env.For(check))...), Reasons: []listedReason{}}
		for _, r := range shown.Reasons {
			x.Reasons = append(x.Reasons, listedReason{r.Name, r.Meaning, r.Remedy})
		}
		all = append(all, x)
	}
	return all
}

// print prints the list as text.
func (l *list) print(out io.Writer, all []listed, warnings []string) {
	words := wordsIn(l.language)
	for _, x := range all {
		fmt.Fprintf(out, "%s: %s\n", x.Name, x.Looks)
		if x.Network {
			fmt.Fprintf(out, "  %s\n", cmp.Or(words.why[whyNotReal], whyNotReal))
		}
		targets := cmp.Or(strings.Join(x.Targets, ", "), words.none)
		fmt.Fprintf(out, "  %s: %s\n  %s:\n", words.targets, targets, words.reasons)
		for _, r := range x.Reasons {
			fmt.Fprintf(out, "    %-20s %s\n", r.Name, r.Meaning)
		}
		fmt.Fprintln(out)
	}
	if len(warnings) > 0 {
		fmt.Fprintf(out, "%s\n", words.warnings)
	}
	for _, text := range warnings {
		fmt.Fprintf(out, "  %s\n", text)
	}
}

// warnings describes the files that clash with the metrics of the last run.
func (l *list) warnings(c Config) []string {
	file := l.program.textfile(l.metrics, c.specs()).readAhead()
	var out []string
	var families []*exposition.Family
	for _, name := range slices.Sorted(maps.Keys(file.ahead.families)) {
		families = append(families, file.ahead.families[name])
	}
	for _, clash := range file.clashes(file.around, families) {
		out = append(out, clash.in(l.language))
	}
	return out
}
