package checker

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/xhit/go-str2duration/v2"
)

// strict completes the flags of a command: each switch has a negation, a value is
// given once, and shells complete the words of a choice.
func strict(cmd *cobra.Command, flags *pflag.FlagSet) {
	var switches []*pflag.Flag
	flags.VisitAll(func(f *pflag.Flag) {
		if _, list := f.Value.(pflag.SliceValue); list {
			return
		}
		if c, ok := f.Value.(interface{ choices() []string }); ok {
			words := cobra.FixedCompletions(c.choices(), cobra.ShellCompDirectiveNoFileComp)
			_ = cmd.RegisterFlagCompletionFunc(f.Name, words) // fails only for unknown flags
		}
		f.Value = &once{Value: f.Value}
		if f.Value.Type() == "bool" {
			switches = append(switches, f)
		}
	})
	for _, f := range switches {
		n := flags.VarPF(negation{f.Value}, "no-"+f.Name, "", "")
		n.NoOptDefVal, n.Hidden = "true", true
	}
}

// once is a value that is set at most once.
type once struct {
	pflag.Value
	set bool
}

func (o *once) Set(text string) error {
	if o.set {
		return errors.New("is given twice")
	}
	o.set = true
	return o.Value.Set(text)
}

// negation switches off what a flag switches on.
type negation struct{ pflag.Value }

func (n negation) Set(text string) error {
	if text != "true" {
		return errors.New("takes no value")
	}
	return n.Value.Set("false")
}

func (negation) String() string { return "" }

// shown is a flag that prints a text in the place of a run.
type shown func()

func (shown) String() string { return "" }
func (shown) Type() string   { return "bool" }

func (s shown) Set(string) error {
	s()
	return errShown
}

// choice is one of some words.
type choice struct {
	value *string
	words []string
}

func newChoice(value *string, words ...string) choice {
	*value = words[0]
	return choice{value, words}
}

func (c choice) String() string    { return *c.value }
func (choice) Type() string        { return "word" }
func (c choice) choices() []string { return c.words }

func (c choice) Set(text string) error {
	if !slices.Contains(c.words, text) {
		return fmt.Errorf("must be one of %s", strings.Join(c.words, ", "))
	}
	*c.value = text
	return nil
}

// duration is a flag such as 90s, 1h30m or 2d.
type duration time.Duration

func (d duration) String() string { return str2duration.String(time.Duration(d)) }
func (duration) Type() string     { return "duration" }

func (d *duration) Set(text string) error {
	v, err := str2duration.ParseDuration(text)
	*d = duration(v)
	return err
}
