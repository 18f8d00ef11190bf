package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/state"
)

// render prints the messages for a payload.
type render struct {
	name   string
	format format
	html   *bool
	file   *string
}

func newRender(app *kingpin.Application) *render {
	cmd := app.Command("render", "Show the messages for an Alertmanager payload.")
	return &render{
		name: cmd.FullCommand(), format: newFormat(cmd),
		html: cmd.Flag("html", "Show the HTML that Telegram gets instead of the displayed text.").Bool(),
		file: cmd.Arg("FILE", "The payload as JSON; default: standard input.").String(),
	}
}

func (r *render) run(stdin io.Reader, stdout io.Writer) error {
	file, err := readConfig(*r.format.config)
	if err != nil {
		return usage("%w", err)
	}
	var failed error
	formatter, err := r.format.formatter(file, func(err error) { failed = errors.Join(failed, err) })
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
			r.show(stdout, n.Kind, m)
		}
	}
	return failed
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
