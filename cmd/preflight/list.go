package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/alertnative/preflight/checks"
)

// list is the command list.
type list struct{ config, language string }

func newList(cmd *kingpin.CmdClause) *list {
	l := &list{}
	cmd.Flag("config.file", "What the checks look at.").Default(defaultConfig).StringVar(&l.config)
	cmd.Flag("language", "Language of what is printed: en or ko.").Default(string(checks.English)).EnumVar(&l.language, checks.Languages()...)
	return l
}

// run prints what there is to know before a run.
func (l *list) run(out io.Writer) error {
	c, err := checks.ReadConfig(l.config)
	if err != nil {
		return err
	}
	for _, check := range c.Checks(checks.Setting{Lookup: os.LookupEnv}) {
		spec := check.Spec()
		shown := spec.In(checks.Language(l.language))
		fmt.Fprintf(out, "%s: %s\n", shown.Name, shown.Looks)
		if spec.Network {
			fmt.Fprintln(out, "  needs --real-check")
		}
		targets := "none declared"
		if names := check.Targets(); len(names) > 0 {
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
