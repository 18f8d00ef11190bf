package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/alertnative/preflight/webhook/config"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/transport"
)

// configFlag adds the flag that names the configuration file.
func configFlag(cmd *kingpin.CmdClause) *string {
	return cmd.Flag("config.file", "Configuration file, webhook.yml. Default: severities P0 to P3 in the label priority, chats from TELEGRAM_CHAT_ID.").PlaceHolder("FILE").String()
}

// readConfig reads and checks a configuration file. An empty path gives the
// default configuration.
func readConfig(path string) (config.File, error) {
	if path == "" {
		return config.Default(), nil
	}
	f, err := config.Read(path)
	if f.Language != "" && !slices.Contains(message.Languages(), f.Language) {
		err = errors.Join(err, fmt.Errorf("%s: language: no messages in %q: choose one of %s", path, f.Language, strings.Join(message.Languages(), ", ")))
	}
	return f, errors.Join(err, checkLanguages(path, f.Remedies))
}

// checkLanguages returns an error about remedies in languages that no message has.
func checkLanguages(path string, r config.Remedies) error {
	var errs []error
	for _, check := range slices.Sorted(maps.Keys(r)) {
		for _, reason := range slices.Sorted(maps.Keys(r[check])) {
			for _, language := range slices.Sorted(maps.Keys(r[check][reason])) {
				if !slices.Contains(message.Languages(), language) {
					errs = append(errs, fmt.Errorf("%s: remedies: %s: %s: no messages in %q: choose one of %s", path, check, reason, language, strings.Join(message.Languages(), ", ")))
				}
			}
		}
	}
	return errors.Join(errs...)
}

// chats returns the chats of a configuration file. path is empty if there is no
// file.
func chats(f config.File, path string) ([]transport.Chat, error) {
	list, where := f.DefaultChat, path+": default_chat"
	if name, ok := config.Variable(list); ok {
		what := "lists the chats, as chat, chat:topic or slack:channel, separated by commas"
		if path != "" {
			what = "is the default_chat of " + path
		}
		value, err := required(name, what)
		if err != nil {
			return nil, err
		}
		list, where = value, name
	}
	found, err := parseChats(list)
	if err != nil {
		return nil, usage("%s: %w", where, err)
	}
	return found, nil
}

// checkConfig checks a configuration file.
type checkConfig struct {
	name            string
	file, templates *string
}

func newCheckConfig(app *kingpin.Application) *checkConfig {
	cmd := app.Command("check-config", "Check a configuration file, and templates.")
	return &checkConfig{
		name: cmd.FullCommand(), templates: templatesFlag(cmd),
		file: cmd.Arg("FILE", "The file, such as webhook.yml.").Required().String(),
	}
}

// run prints a summary of a correct file. Variables need not be set.
func (c *checkConfig) run(stdout io.Writer) error {
	if *c.file == "" { // kingpin turns "-" into "" too
		return usage("check-config: name a file")
	}
	f, err := readConfig(*c.file)
	if unreadable := (*fs.PathError)(nil); errors.As(err, &unreadable) {
		return usage("%w", err)
	}
	if err != nil {
		return err
	}
	if err := c.checkLooks(f); err != nil {
		return err
	}
	chat := f.DefaultChat
	if name, ok := config.Variable(chat); ok {
		chat = "of the variable " + name + " or the file that " + name + "_FILE names"
	}
	heartbeat := "expected"
	if !f.Watchdog {
		heartbeat = "not expected"
	}
	fmt.Fprintf(stdout, "%s is correct\n  severities: %s (label %s)\n", *c.file, strings.Join(f.Severities.Names(), ", "), f.Severities.Label)
	printReceivers(stdout, f)
	_, err = fmt.Fprintf(stdout, "  default chat: %s\n  heartbeat: %s\n", chat, heartbeat)
	return err
}

// checkLooks reads the templates of all receivers.
func (c *checkConfig) checkLooks(f config.File) error {
	none, zone := "", "UTC"
	looks := format{config: c.file, language: &none, templates: c.templates, timezone: &zone}
	if _, err := looks.formatter(f, nil); err != nil {
		return err
	}
	for _, r := range f.Receivers {
		if _, err := looks.of(f, r, nil); err != nil {
			return fmt.Errorf("receiver %q: %w", r.Name, err)
		}
	}
	return nil
}
