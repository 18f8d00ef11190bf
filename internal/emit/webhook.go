package emit

import (
	"cmp"
	"slices"

	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/webhook/config"
)

// WebhookConfig returns what the webhook must know of the site: its scale of
// severities, the chat and its language, and whether a heartbeat is expected.
func (c *Context) WebhookConfig() config.File {
	out := config.File{
		Severities:  config.Severities{Label: c.Scale.Label},
		DefaultChat: cmp.Or(c.Site.Webhook.DefaultChat, c.firstChat()),
		Watchdog:    c.Watched(),
	}
	for _, l := range c.Scale.Levels {
		out.Severities.Levels = append(out.Severities.Levels, config.Level{Name: l.Name, Icon: l.Icon, Urgent: l.Urgent, Sound: l.Sound})
	}
	for _, r := range c.Routing.Receivers {
		if len(r.Chats) > 0 {
			out.Language = r.Language
		}
	}
	return out
}

// firstChat returns the first chat of the root route's receiver, or else of any.
func (c *Context) firstChat() string {
	chat := ""
	for _, r := range c.Routing.Receivers {
		if len(r.Chats) > 0 && (chat == "" || r.Name == c.Routing.Route.Receiver) {
			chat = r.Chats[0].Telegram
		}
	}
	return chat
}

// Watched reports whether the webhook gets a heartbeat: a route leads to a
// receiver for it.
func (c *Context) Watched() bool {
	return slices.ContainsFunc(c.Routing.Receivers, func(r routing.Receiver) bool {
		return r.Watchdog && slices.ContainsFunc(append([]routing.Route{c.Routing.Route}, c.Routing.Route.Routes...), func(x routing.Route) bool {
			return x.Receiver == r.Name
		})
	})
}
