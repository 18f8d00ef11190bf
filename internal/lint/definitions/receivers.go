package definitions

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/webhook/config"
	"github.com/alertnative/preflight/webhook/message"
)

// receivers reports receivers without an integration, and duplicate names.
func (c *Checked) receivers() []finding.Finding {
	var out []finding.Finding
	seen := map[string]bool{}
	for _, r := range c.Routing.Receivers {
		where := fmt.Sprintf("receiver %q", r.Name)
		add := func(code finding.Code, format string, args ...any) {
			out = append(out, finding.Finding{Code: code, Where: where, Reason: fmt.Sprintf(format, args...)})
		}
		if r.Name == "" {
			where = "receiver without a name"
			add(finding.Undefined, "give it a Name")
		}
		if seen[r.Name] {
			add(finding.Clash, "the site has two receivers of the name: rename one")
		}
		seen[r.Name] = true
		if !slices.Contains(append(sounds(), ""), r.Sound) {
			add(finding.Unreadable, "the Sound %q is none of Loud, Silent and NoMessage", r.Sound)
		}
		others := integrations(r)
		switch {
		case r.Watchdog && len(r.Chats) > 0:
			add(finding.NoMeans, "a heartbeat is no message: leave out Chats or Watchdog")
		case (r.Watchdog && others == 0 || len(r.Chats) > 0) && c.Webhook.URL == "":
			add(finding.NoMeans, "it goes through preflight-webhook, and the site has no Webhook.URL")
		case others+len(r.Chats) == 0 && !r.Watchdog && r.Sound != routing.NoMessage:
			add(finding.NoMeans, "it has no integration: add Chats or another one, or set Sound: routing.NoMessage or Watchdog: true")
		}
		for _, chat := range r.Chats {
			_, _, ok := config.Chat(chat.Telegram)
			switch {
			case chat.Telegram != "" && chat.Slack != "":
				add(finding.NoMeans, "the chat %q is in Telegram and in Slack: list them as two Chats", chat.Telegram)
			case chat.Slack == "" && !ok && !config.IsVariable(chat.Telegram):
				add(finding.NoMeans, "the chat %q is none: %s, or $VARIABLE of the webhook's environment", chat.Telegram, config.ChatForm)
			}
		}
		if r.Language != "" && !slices.Contains(message.Languages(), r.Language) {
			add(finding.NoMeans, "the webhook has no messages in the Language %q: choose one of %s", r.Language, strings.Join(message.Languages(), ", "))
		}
		if !c.usesReceiver(r.Name) {
			add(finding.UnreachableRoute, "no route sends anything to it")
		}
	}
	return out
}

func sounds() []routing.Sound {
	return []routing.Sound{routing.Loud, routing.Silent, routing.NoMessage}
}

// idleFields reports fields of receivers without effect.
func (c *Checked) idleFields() []finding.Finding {
	var out []finding.Finding
	for _, r := range c.Routing.Receivers {
		add := func(found bool, reason string) {
			if found {
				out = append(out, finding.Finding{Code: finding.NoMeans, Where: fmt.Sprintf("receiver %q", r.Name), Reason: reason})
			}
		}
		_, posted := c.WebhookPath(r)
		others := integrations(r)
		chats := len(r.Chats) > 0
		add(r.TimeZone != "" && !chats, "TimeZone is for the messages in Chats, and it has none: leave it out")
		add(r.Templates != "" && !chats, "Templates is for the messages in Chats, and it has none: leave it out")
		add(len(r.Mentions) > 0 && !chats, "Mentions is for the messages in Chats, and it has none: leave it out")
		add(r.Sound == routing.NoMessage && chats, "Sound: NoMessage makes no messages in its Chats: leave out one of them")
		add(r.Language != "" && !chats, "Language is that of the messages in Chats, and it has none: leave it out")
		add(r.Sound != "" && r.Watchdog, "a heartbeat makes no message, so it has no Sound: leave it out")
		add((r.Sound == routing.Loud || r.Sound == routing.Silent) && !chats && !r.Watchdog && others > 0 && len(r.Telegram) == 0,
			"Sound is that of Chats and Telegram, and it has none: leave it out")
		add(r.Sound == routing.NoMessage && !posted && others > 0,
			"Sound: NoMessage makes an entry in the history of preflight-webhook, and the site has no Webhook.URL: leave it out")
		add(r.FiringOnly && !posted && others == 0 && r.Sound == routing.NoMessage, "nothing is sent to it, so FiringOnly has no effect: leave it out")
	}
	return out
}

// integrations returns the number of a receiver's Alertmanager integrations.
func integrations(r routing.Receiver) int {
	return len(r.PagerDuty) + len(r.Slack) + len(r.Email) + len(r.Opsgenie) + len(r.MSTeams) + len(r.Telegram) + len(r.Webhook) + len(r.Native)
}
