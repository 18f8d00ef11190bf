package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/config"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/transport"
)

// receivers returns the receivers of a configuration file with their chats. Printed
// means that a chat whose variable is not set stands for itself.
func receivers(f config.File, path string, printed bool) ([]webhook.Receiver, error) {
	var list []webhook.Receiver
	var errs []error
	for _, r := range f.Receivers {
		out := webhook.Receiver{Name: r.Name, Sound: r.Sound}
		for _, c := range r.Chats {
			found, err := receiverChats(f, r, c, path, printed)
			errs = append(errs, err)
			for _, chat := range found {
				if !slices.ContainsFunc(out.Chats, func(other transport.Chat) bool { return isOne(chat, other) }) {
					out.Chats = append(out.Chats, chat)
				}
			}
		}
		list = append(list, out)
	}
	return list, join(errs...)
}

// receiverChats returns the chats that an entry of a receiver stands for: a variable
// can name several.
func receiverChats(f config.File, r config.Receiver, c config.ReceiverChat, path string, printed bool) ([]transport.Chat, error) {
	service, address := c.Place()
	where := fmt.Sprintf("%s: receiver %q", path, r.Name)
	if name, ok := config.Variable(address); ok {
		value, err := secret(name)
		switch {
		case err != nil:
			return nil, err
		case value == "" && printed && address == f.DefaultChat:
			return []transport.Chat{dryChat}, nil
		case value == "" && printed:
			return []transport.Chat{printedChat(service, address)}, nil
		case value == "":
			return nil, usage("%s is not set: it is the chat of the receiver %q in %s; set it, or %s_FILE to a file with it, or use --dry-run to print the messages", name, r.Name, path, name)
		}
		address, where = value, name+": receiver "+fmt.Sprintf("%q", r.Name)
	}
	list, err := parseAddresses(service, address)
	if err != nil {
		return nil, usage("%s: %w", where, err)
	}
	return list, nil
}

// isOne reports whether two notations name one chat.
func isOne(a, b transport.Chat) bool {
	return config.Spelling(a.ID) == config.Spelling(b.ID) && a.Topic == b.Topic && a.Transport == b.Transport
}

// spellOnce writes each chat in the way of its first place. Variables can contain
// another spelling than the file.
func spellOnce(chats []transport.Chat, receivers []webhook.Receiver) {
	first := map[string]string{}
	spell := func(list []transport.Chat) {
		for i, c := range list {
			spelling := config.Spelling(c.ID)
			if first[spelling] == "" {
				first[spelling] = c.ID
			}
			list[i].ID = first[spelling]
		}
	}
	spell(chats)
	for _, r := range receivers {
		spell(r.Chats)
	}
}

// printedChat stands for a chat whose variable is not set.
func printedChat(service, variable string) transport.Chat {
	if service == transport.Telegram {
		service = ""
	}
	return transport.Chat{Transport: service, ID: variable}
}

// look is how the messages of a receiver differ from those of others.
type look struct{ language, timeZone, templates, mentions string }

func lookOf(r config.Receiver) look {
	return look{r.Language, r.TimeZone, r.Templates, strings.Join(r.Mentions, "\n")}
}

// formatters returns the formatters of the chats whose first receiver has a look of
// its own.
func (f format) formatters(file config.File, list []webhook.Receiver, failed func(error)) (map[string]*message.Formatter, error) {
	byChat, byLook := map[string]*message.Formatter{}, map[look]*message.Formatter{{}: nil}
	for i, r := range file.Receivers {
		its := lookOf(r)
		formatter, known := byLook[its]
		if !known {
			var err error
			if formatter, err = f.of(file, r, failed); err != nil {
				return nil, err
			}
			byLook[its] = formatter
		}
		for _, c := range list[i].Chats {
			if _, named := byChat[c.String()]; !named {
				byChat[c.String()] = formatter
			}
		}
	}
	return byChat, nil
}

// of returns the formatter of a receiver.
func (f format) of(file config.File, r config.Receiver, failed func(error)) (*message.Formatter, error) {
	its := f
	if *f.language == "" && r.Language != "" {
		its.language = &r.Language
	}
	if r.TimeZone != "" {
		its.timezone = &r.TimeZone
	}
	if r.Templates != "" {
		if *f.templates == "" {
			return nil, usage("%s: receiver %q: its templates are in a folder of --templates, which is not given", *f.config, r.Name)
		}
		folder := filepath.Join(*f.templates, filepath.FromSlash(r.Templates))
		its.templates = &folder
	}
	its.mentions = r.Mentions
	return its.formatter(file, failed)
}

// receiverFlag adds the flag that names a receiver of the configuration file.
func receiverFlag(cmd *kingpin.CmdClause, help string) *string {
	return cmd.Flag("receiver", help).PlaceHolder("NAME").String()
}

// findReceiver returns the index of a receiver of a configuration file.
func findReceiver(f config.File, path, name string) (int, error) {
	names := make([]string, len(f.Receivers))
	for i, r := range f.Receivers {
		names[i] = r.Name
	}
	i := slices.Index(names, name)
	switch {
	case i >= 0:
		return i, nil
	case path == "":
		return 0, usage("--receiver: there are no receivers without --config.file")
	case len(names) == 0:
		return 0, usage("--receiver: %s has no receivers", path)
	default:
		return 0, usage("--receiver: no receiver %q in %s: choose one of %s", name, path, strings.Join(names, ", "))
	}
}

// printReceivers lists the receivers of a configuration file, one a line.
func printReceivers(w io.Writer, f config.File) {
	if len(f.Receivers) == 0 {
		return
	}
	fmt.Fprintln(w, "  receivers:")
	for _, r := range f.Receivers {
		if r.Silences() {
			fmt.Fprintf(w, "    %s: no messages, in the history only\n", r.Name)
			continue
		}
		var chats []string
		for _, c := range r.Chats {
			_, address := c.Place()
			chats = append(chats, address)
		}
		var more string
		for _, field := range []struct{ name, value string }{
			{"sound", string(r.Sound)}, {"language", r.Language}, {"time zone", r.TimeZone}, {"templates", r.Templates}, {"mentions", strings.Join(r.Mentions, " ")},
		} {
			if field.value != "" {
				more += "; " + field.name + " " + field.value
			}
		}
		fmt.Fprintf(w, "    %s: %s%s\n", r.Name, strings.Join(chats, ", "), more)
	}
}
