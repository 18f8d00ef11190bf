package checker

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kingpin/v2"
)

// list is the command list.
type list struct {
	program          *program
	config, language string
	format           string
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

func newList(p *program, cmd *kingpin.CmdClause) *list {
	l := &list{program: p}
	cmd.Flag("config.file", "Configuration of the checks.").Default(defaultConfig).StringVar(&l.config)
	cmd.Flag("language", "Language of the output: en or ko.").Default(english).EnumVar(&l.language, english, korean)
	cmd.Flag("format", "text, or json for programs.").Default("text").EnumVar(&l.format, "text", "json")
	return l
}

// run prints the checks with their targets and reasons.
func (l *list) run(out io.Writer) error {
	c, err := ReadConfig(l.config, l.program.checks...)
	if err != nil {
		return err
	}
	if err := l.program.validate(c.specs()); err != nil {
		return err
	}
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
	if l.format == "json" {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(all)
	}
	for _, x := range all {
		fmt.Fprintf(out, "%s: %s\n", x.Name, x.Looks)
		if x.Network {
			fmt.Fprintln(out, "  needs --real-check")
		}
		targets := "none declared"
		if len(x.Targets) > 0 {
			targets = strings.Join(x.Targets, ", ")
		}
		fmt.Fprintf(out, "  targets: %s\n  reasons:\n", targets)
		for _, r := range x.Reasons {
			fmt.Fprintf(out, "    %-20s %s\n", r.Name, r.Meaning)
		}
		fmt.Fprintln(out)
	}
	return nil
}
