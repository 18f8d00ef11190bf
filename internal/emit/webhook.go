package emit

import (
	"cmp"
	"strings"

	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/config"
)

// WebhookConfig returns the webhook's configuration: the scale of severities, the
// receivers that alertmanager.yml posts to, the default chat, the language, whether
// a heartbeat is expected, and the remedies of the checks.
func (c *Context) WebhookConfig(heartbeat bool) config.File {
	out := config.File{
		Severities:  config.Severities{Label: c.Scale.Label},
		DefaultChat: cmp.Or(c.Site.Webhook.DefaultChat, c.firstChat()),
		Watchdog:    heartbeat,
	}
	for _, l := range c.Scale.Levels {
		out.Severities.Levels = append(out.Severities.Levels, config.Level{Name: l.Name, Icon: l.Icon, Urgent: l.Urgent, Sound: l.Sound})
	}
	if r, ok := c.firstWithChats(); ok {
		out.Language = r.Language
	}
	for _, r := range c.Routing.Receivers {
		if path, ok := c.WebhookPath(r); ok && strings.HasPrefix(path, api.ReceiverPrefix) {
			out.Receivers = append(out.Receivers, webhookReceiver(r, out.Language))
		}
	}
	out.Remedies = c.remedies()
	return out
}

// WebhookPath returns the webhook's path for a receiver, and whether the
// receiver uses the webhook.
func (c *Context) WebhookPath(r routing.Receiver) (string, bool) {
	switch {
	case r.Watchdog:
		return api.HeartbeatPath(c.cluster()), c.Webhook.URL != ""
	case len(r.Chats) > 0, r.Sound == routing.NoMessage && c.Webhook.URL != "":
		return api.ReceiverPath(r.Name, c.cluster()), true
	}
	return "", false
}

// cluster returns the name of the Alertmanagers for the webhook.
func (c *Context) cluster() string { return cmp.Or(c.Site.Alertmanager.Cluster, c.Name) }

// webhookReceiver returns a receiver of a file with a language.
func webhookReceiver(r routing.Receiver, language string) config.Receiver {
	out := config.Receiver{Name: r.Name, Sound: r.Sound, TimeZone: r.TimeZone, Templates: r.Templates, Mentions: r.Mentions}
	if r.Sound == routing.NoMessage {
		return out
	}
	if r.Language != language {
		out.Language = cmp.Or(r.Language, "en")
	}
	for _, chat := range r.Chats {
		out.Chats = append(out.Chats, config.ReceiverChat(chat))
	}
	return out
}

// remedies returns the remedies of the site's checks, for messages. Nothing
// shows them if no alert has a reason.
func (c *Context) remedies() config.Remedies {
	shown := false
	for _, a := range c.Alerts {
		shown = shown || a.Reason != ""
	}
	if !shown {
		return nil
	}
	out := config.Remedies{}
	for _, check := range c.Checks {
		reasons := map[string]map[string]string{}
		for _, r := range check.AllReasons() {
			texts := map[string]string{"en": r.Remedy}
			for language := range check.Translations {
				texts[language] = check.In(language).Reason(r.Name).Remedy
			}
			reasons[r.Name] = texts
		}
		out[check.Name] = reasons
	}
	return out
}

// firstChat returns the first chat of the root route's receiver, or else of any
// receiver.
func (c *Context) firstChat() string {
	r, ok := c.firstWithChats()
	if !ok {
		return ""
	}
	return defaultChat(r.Chats[0])
}

// defaultChat returns the notation of a chat as a default chat, or "" for a channel
// of Slack in a variable, which can name chats of any transport then.
func defaultChat(chat routing.Chat) string {
	if config.IsChannel(chat.Slack) {
		return config.Slack + ":" + chat.Slack
	}
	return chat.Telegram
}

// firstWithChats returns the root route's receiver, or else the first one with
// chats of the webhook.
func (c *Context) firstWithChats() (first routing.Receiver, ok bool) {
	for _, r := range c.Routing.Receivers {
		if len(r.Chats) > 0 && defaultChat(r.Chats[0]) != "" && (!ok || r.Name == c.Routing.Route.Receiver) {
			first, ok = r, true
		}
	}
	return first, ok
}
