package routes

import (
	"maps"
	"slices"
	"strings"

	"github.com/alertnative/preflight/routing"
)

// means describes how a receiver notifies.
func (p *proof) means(e effect) string {
	var out []string
	if e.Watchdog {
		out = append(out, "the webhook, as a heartbeat")
	}
	switch {
	case len(e.Chats) > 0 && e.Sound == routing.Loud:
		out = append(out, chats(e.Receiver)+" with sound, and the history")
	case len(e.Chats) > 0 && e.Sound == routing.Silent:
		out = append(out, chats(e.Receiver)+" without sound, and the history")
	case len(e.Chats) > 0 && e.Sound == "":
		out = append(out, chats(e.Receiver)+", with the sound of the severity, and the history")
	case e.Sound == routing.NoMessage:
		out = append(out, "the history only")
	}
	for _, kind := range slices.Compact(slices.Sorted(slices.Values(e.kinds))) {
		text := "Alertmanager's " + kind
		switch {
		case kind == "telegram" && e.Sound == routing.Silent:
			text = "Alertmanager's own Telegram message without sound"
		case kind == "telegram":
			text = "Alertmanager's own Telegram message"
		case kind == "webhook":
			text = "a webhook of another program"
		}
		out = append(out, text)
	}
	text := strings.Join(out, "; ")
	if text == "" {
		return "no integration"
	}
	if !e.resolved && !e.Watchdog {
		text += ", without resolutions"
	}
	return text
}

// chats names the services of a receiver's chats.
func chats(r routing.Receiver) string {
	var out []string
	for _, c := range r.Chats {
		if c.Telegram != "" && !slices.Contains(out, "Telegram") {
			out = append(out, "Telegram")
		}
		if c.Slack != "" && !slices.Contains(out, "Slack") {
			out = append(out, "Slack")
		}
	}
	return strings.Join(out, " and ")
}

// Receivers implements [Proof].
func (p *proof) Receivers() []Receiver {
	var out []Receiver
	for _, name := range slices.Sorted(maps.Keys(p.effects)) {
		out = append(out, Receiver{name, p.means(p.effects[name])})
	}
	return out
}

// Receiver is a receiver with a description of how it notifies.
type Receiver struct{ Name, Means string }
