package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/config"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/state"
	"github.com/alertnative/preflight/webhook/transport"
)

// render prints the messages for a payload.
type render struct {
	name     string
	format   format
	receiver *string
	html     *bool
	file     *string
}

func newRender(app *kingpin.Application) *render {
	cmd := app.Command("render", "Show the messages for an Alertmanager payload.")
	return &render{
		name: cmd.FullCommand(), format: newFormat(cmd),
		receiver: receiverFlag(cmd, "Show them as in the chats of this receiver of --config.file."),
		html:     cmd.Flag("html", "Show the HTML that Telegram gets instead of the displayed text.").Bool(),
		file:     cmd.Arg("FILE", "The payload as JSON; default: standard input.").String(),
	}
}

func (r *render) run(stdin io.Reader, stdout io.Writer) error {
	file, err := readConfig(*r.format.config)
	if err != nil {
		return usage("%w", err)
	}
	var failed error
	formatter, err := r.formatter(file, func(err error) { failed = errors.Join(failed, err) })
	if err != nil {
		return err
	}
	var body []byte
	name := *r.file
	if name == "" { // kingpin turns "-" into "" too
		name = "standard input"
		body, err = io.ReadAll(stdin)
	} else {
		body, err = os.ReadFile(*r.file)
	}
	if err != nil {
		return usage("%w", err)
	}
	payload, err := state.ParsePayload(body)
	if err != nil {
		return usage("%s: %w", name, err)
	}
	for _, n := range notices(payload) {
		messages, err := formatter.Format(n)
		if err != nil {
			return err
		}
		for _, m := range messages {
			if n.Kind == message.Alert && m.Part <= 1 && r.rings(file, formatter, payload) {
				m.Document = transport.Message{Document: m.Document, Mentions: formatter.Mentions()}.Mentioning(message.MaxLength)
			}
			r.show(stdout, n.Kind, m)
		}
	}
	return failed
}

// formatter returns the formatter of the chosen receiver, or the default one.
func (r *render) formatter(file config.File, failed func(error)) (*message.Formatter, error) {
	if *r.receiver == "" {
		return r.format.formatter(file, failed)
	}
	i, err := findReceiver(file, *r.format.config, *r.receiver)
	if err != nil {
		return nil, err
	}
	if file.Receivers[i].Silences() {
		return nil, usage("--receiver: the receiver %q makes no messages, only entries in the history: choose another one", *r.receiver)
	}
	return r.format.of(file, file.Receivers[i], failed)
}

// rings reports whether a new message for a payload rings in the chats of the
// receiver.
func (r *render) rings(file config.File, f *message.Formatter, p state.Payload) bool {
	sound := f.Scale().Sound(p.Alerts)
	if i, err := findReceiver(file, *r.format.config, *r.receiver); err == nil && file.Receivers[i].Sound != "" {
		sound = file.Receivers[i].Sound
	}
	return sound == api.Loud && p.Status == string(model.AlertFiring)
}

// notices returns the notices for a payload: one for the firing alerts, and for
// the resolved alerts the edited message and the reply.
func notices(p state.Payload) []message.Notice {
	var firing, resolved []message.Item
	var now time.Time
	for _, a := range p.Alerts {
		a = state.Date(a, nil, state.Arrival{At: time.Now()}) // as it would be received now
		it := message.Item{Alert: a, Resolved: a.Status == "resolved"}
		if it.Resolved {
			resolved = append(resolved, it)
		} else {
			firing = append(firing, it)
		}
		for _, t := range []time.Time{a.StartsAt, a.EndsAt} {
			if t.After(now) {
				now = t
			}
		}
	}
	var list []message.Notice
	if len(firing) > 0 {
		list = append(list, message.Notice{Kind: message.Alert, Items: firing, Truncated: p.TruncatedAlerts, Now: now})
	}
	if len(resolved) > 0 {
		list = append(list, message.Notice{Kind: message.Alert, Items: resolved, Now: now},
			message.Notice{Kind: message.Resolution, Items: resolved, Firing: firing, Now: now})
	}
	return list
}

func (r *render) show(w io.Writer, kind message.Kind, m message.Message) {
	fmt.Fprintf(w, "--- %s", kind)
	if m.Parts > 1 {
		fmt.Fprintf(w, " %d of %d", m.Part, m.Parts)
	}
	text := m.Document.Plain()
	if *r.html {
		text = m.Document.HTML()
		for _, b := range m.Document.Buttons {
			text += "\n[button] " + b.Text + ": " + b.URL
		}
	}
	fmt.Fprintf(w, " ---\n%s\n", text)
}
