package emit

import (
	"cmp"

	"github.com/alertnative/preflight/webhook/config"
)

// WebhookConfig returns the webhook's configuration: the scale of severities,
// the default chat, the language, whether a heartbeat is expected, and the
// remedies of the checks.
func (c *Context) WebhookConfig(heartbeat bool) config.File {
	out := config.File{
		Severities:  config.Severities{Label: c.Scale.Label},
		DefaultChat: cmp.Or(c.Site.Webhook.DefaultChat, c.firstChat()),
		Watchdog:    heartbeat,
	}
	for _, l := range c.Scale.Levels {
		out.Severities.Levels = append(out.Severities.Levels, config.Level{Name: l.Name, Icon: l.Icon, Urgent: l.Urgent, Sound: l.Sound})
	}
	for _, r := range c.Routing.Receivers {
		if len(r.Chats) > 0 {
			out.Language = r.Language
		}
	}
	out.Remedies = c.remedies()
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
	chat := ""
	for _, r := range c.Routing.Receivers {
		if len(r.Chats) > 0 && (chat == "" || r.Name == c.Routing.Route.Receiver) {
			chat = r.Chats[0].Telegram
		}
	}
	return chat
}
