package checker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/common/version"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is the width of help pages.
const helpWidth = 80

// newCommand returns a command without arguments.
func newCommand(use, short string, run func(cmd *cobra.Command) error) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: noArguments, SilenceErrors: true, SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd) },
	}
	cmd.Flags().BoolP("help", "h", false, "Show this page.")
	return cmd
}

// noArguments refuses arguments.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unexpected %q", args[0])
	if cmd.HasAvailableSubCommands() {
		var names []string
		for _, sub := range cmd.Commands() {
			names = append(names, sub.Name())
		}
		err = fmt.Errorf("%w: the commands are %s", err, strings.Join(names, ", "))
	}
	return misused(cmd, err)
}

// newHelp returns the command that prints the page of a command.
func newHelp(root *cobra.Command) *cobra.Command {
	cmd := newCommand("help [COMMAND]", "Show the page of a command.", nil)
	for _, sub := range root.Commands() {
		cmd.ValidArgs = append(cmd.ValidArgs, sub.Name())
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 && slices.Contains(cmd.ValidArgs, args[0]) {
			args = args[1:]
		}
		return noArguments(root, args)
	}
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		about, _, err := root.Find(args)
		if err != nil {
			return err
		}
		return about.Help()
	}
	return cmd
}

// misused names the page with the flags of a command.
func misused(_ *cobra.Command, err error) error {
	if errors.Is(err, errShown) {
		return err
	}
	if invalid := (*pflag.InvalidValueError)(nil); errors.As(err, &invalid) {
		err = fmt.Errorf("--%s: %w", invalid.GetFlag().Name, invalid.Unwrap())
	}
	return fmt.Errorf("%w, see --help", err)
}

// required refuses to run a command without a flag.
func required(cmd *cobra.Command, name string) {
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if cmd.Flags().Changed(name) {
			return nil
		}
		return misused(cmd, fmt.Errorf("--%s is required", name))
	}
}

// errShown ends the parsing of the command line after the requested text was
// printed.
var errShown = errors.New("shown")

// Scripts that complete the commands and flags of the program %[1]s.
const (
	bashCompletion = `_%[1]s_bash_autocomplete() {
    local word=${COMP_WORDS[COMP_CWORD]}
    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | sed '/^:/d; s/\t.*//')" -- "$word"))
}
complete -o default -F _%[1]s_bash_autocomplete %[1]s
`
	zshCompletion = `#compdef %[1]s
autoload -U bashcompinit && bashcompinit
`
)

// execute parses the arguments and runs the selected command.
func execute(ctx context.Context, root *cobra.Command, args []string) error {
	root.SetArgs(append([]string{}, args...)) // cobra takes nil for the arguments of the process
	root.SetFlagErrorFunc(misused)
	root.SetUsageFunc(usage)
	root.CompletionOptions.DisableDefaultCmd = true
	help := newHelp(root)
	root.SetHelpCommand(help)
	root.AddCommand(help)
	for _, cmd := range append(root.Commands(), root) {
		strict(cmd, cmd.Flags())
	}
	strict(root, root.PersistentFlags())
	addShown(root)
	err := root.ExecuteContext(ctx)
	if errors.Is(err, errShown) {
		return nil
	}
	return err
}

// addShown adds the flags that print a text.
func addShown(root *cobra.Command) {
	show := func(name, usage, format string, args ...any) *pflag.Flag {
		f := root.PersistentFlags().VarPF(shown(func() { fmt.Fprintf(root.OutOrStdout(), format, args...) }), name, "", usage)
		f.NoOptDefVal = "true"
		return f
	}
	show("version", "Show the version.", "%s, version %s (branch: %s, revision: %s)\n  go version: %s\n  platform:   %s/%s\n",
		root.Name(), programVersion(), version.Branch, version.GetRevision(), version.GoVersion, version.GoOS, version.GoArch)
	show("completion-script-bash", "", bashCompletion, filepath.Base(os.Args[0])).Hidden = true
	show("completion-script-zsh", "", zshCompletion+bashCompletion, filepath.Base(os.Args[0])).Hidden = true
}

// usage prints the commands and flags of a command.
func usage(cmd *cobra.Command) error {
	out := cmd.OutOrStderr()
	fmt.Fprintf(out, "usage: %s\n", cmd.UseLine())
	if subs := cmd.Commands(); len(subs) > 0 {
		fmt.Fprintln(out, "\nCommands, see COMMAND --help:")
		for _, sub := range subs {
			fmt.Fprintf(out, "  %-7s %s\n", sub.Name(), sub.Short)
		}
	}
	fmt.Fprintf(out, "\nFlags:\n%s", cmd.LocalNonPersistentFlags().FlagUsagesWrapped(helpWidth))
	global := cmd.Root().PersistentFlags()
	fmt.Fprintf(out, "\nFlags of all commands:\n%s", global.FlagUsagesWrapped(helpWidth))
	return nil
}

// logFlags adds the flags for the log.
func logFlags(flags *pflag.FlagSet, out io.Writer) promslog.Config {
	config := promslog.Config{Level: promslog.NewLevel(), Format: promslog.NewFormat(), Writer: out}
	_ = config.Format.Set("logfmt") // a known one
	flags.Var(logValue{config.Level, promslog.LevelFlagOptions}, "log.level", "Only log messages with the given severity or above: "+strings.Join(promslog.LevelFlagOptions, ", ")+".")
	flags.Var(logValue{config.Format, promslog.FormatFlagOptions}, "log.format", "Output format of log messages: "+strings.Join(promslog.FormatFlagOptions, " or ")+".")
	return config
}

// setter is a value of a flag without a type.
type setter interface {
	String() string
	Set(string) error
}

// logValue is a flag for the log.
type logValue struct {
	setter
	words []string
}

func (logValue) Type() string        { return "word" }
func (v logValue) choices() []string { return v.words }
