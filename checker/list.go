package checker

import (
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
}

func newList(p *program, cmd *kingpin.CmdClause) *list {
	l := &list{program: p}
	cmd.Flag("config.file", "What the checks look at.").Default(defaultConfig).StringVar(&l.config)
	cmd.Flag("language", "Language of what is printed: en or ko.").Default(english).EnumVar(&l.language, english, korean)
	return l
}

// run prints what there is to know before a run.
func (l *list) run(out io.Writer) error {
	c, err := ReadConfig(l.config, l.program.checks...)
	if err != nil {
		return err
	}
	if err := l.program.validate(c.specs()); err != nil {
		return err
	}
	env := c.Env("", os.LookupEnv)
	for _, check := range c.checks {
		spec := check.Spec()
		shown := spec.In(l.language)
		fmt.Fprintf(out, "%s: %s\n", shown.Name, shown.Looks)
		if spec.Network {
			fmt.Fprintln(out, "  needs --real-check")
		}
		targets := "none declared"
		if names := check.Targets(env.For(check)); len(names) > 0 {
			targets = strings.Join(names, ", ")
		}
		fmt.Fprintf(out, "  targets: %s\n  reasons:\n", targets)
		for _, r := range shown.Reasons {
			fmt.Fprintf(out, "    %-20s %s\n", r.Name, r.Meaning)
		}
		fmt.Fprintln(out)
	}
	return nil
}
