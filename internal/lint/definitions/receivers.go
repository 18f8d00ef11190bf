package definitions

import (
	"fmt"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/routing"
)

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
