package definitions

import (
	"strings"
)

// service describes the messages of an integration by their keys in
// alertmanager.yml.
type service struct {
	needs    []string // one of these texts is not empty, or refused says the effect
	refused  string
	main     []string // the texts that people read
	shown    []string // all keys whose texts a person sees, with those below them
	headline string   // the text that names the alert on a phone, where other texts are a tap away
	marksEnd bool     // shows by itself that an alert is resolved
}

// services describes the integrations with messages for people, by kind.
var services = map[string]service{
	"pagerduty": {
		needs: []string{"description"}, refused: "PagerDuty refuses an event without a summary, so no person is paged",
		main: []string{"description"}, shown: []string{"description", "details", "class", "component", "group"}, headline: "description", marksEnd: true,
	},
	"opsgenie": {
		needs: []string{"message"}, refused: "Opsgenie refuses an alert without a message, so no person is paged",
		main: []string{"message", "description"}, shown: []string{"message", "description", "details", "note", "tags", "entity"}, headline: "message", marksEnd: true,
	},
	"victorops": {
		needs: []string{"entity_display_name", "state_message"}, refused: "the incident would have no text",
		main: []string{"entity_display_name", "state_message"}, shown: []string{"entity_display_name", "state_message", "custom_fields"}, marksEnd: true,
	},
	"jira": {
		needs: []string{"summary.template"}, refused: "Jira refuses an issue without a summary",
		main: []string{"summary.template", "description.template"}, shown: []string{"summary", "description", "labels", "fields"}, headline: "summary.template", marksEnd: true,
	},
	"slack": {
		needs: []string{"title", "text", "pretext", "message_text", "fields", "image_url"}, refused: "Slack would show a message without text, or refuse it",
		main: []string{"title", "text", "pretext", "message_text", "fallback"}, shown: []string{"title", "text", "pretext", "message_text", "fields", "footer", "color", "icon_emoji", "username", "actions"},
	},
	"rocketchat": {
		needs: []string{"title", "text", "message_text", "fields", "image_url"}, refused: "Rocket.Chat would show a message without text",
		main: []string{"title", "text", "message_text"}, shown: []string{"title", "text", "message_text", "fields", "color", "emoji", "actions"},
	},
	"mattermost": {
		needs: []string{"title", "text", "pretext", "fields", "attachments", "image_url"}, refused: "Mattermost refuses a message without text",
		main: []string{"title", "text", "pretext", "fallback"}, shown: []string{"title", "text", "pretext", "fields", "attachments", "footer", "color", "icon_emoji", "username"},
	},
	"discord": {
		needs: []string{"title", "message", "content"}, refused: "Discord refuses an empty message",
		main: []string{"title", "message", "content"}, shown: []string{"title", "message", "content", "username"}, marksEnd: true,
	},
	"msteams": {
		needs: []string{"title", "text"}, refused: "Teams would show an empty card, or refuse it",
		main: []string{"title", "text"}, shown: []string{"title", "text"}, marksEnd: true,
	},
	"msteamsv2": {
		needs: []string{"title", "text"}, refused: "Teams would show an empty card",
		main: []string{"title", "text"}, shown: []string{"title", "text"}, marksEnd: true,
	},
	"telegram": {
		needs: []string{"message"}, refused: "Telegram refuses a message without text, so no person gets it",
		main: []string{"message"}, shown: []string{"message"},
	},
	"webex": {
		needs: []string{"message"}, refused: "Webex refuses a message without text",
		main: []string{"message"}, shown: []string{"message"},
	},
	"wechat": {
		needs: []string{"message"}, refused: "WeChat refuses a message without text",
		main: []string{"message"}, shown: []string{"message"},
	},
	"sns": {
		needs: []string{"message"}, refused: "SNS refuses a message without text",
		main: []string{"message", "subject"}, shown: []string{"message", "subject"},
	},
	"pushover": {
		needs: []string{"message"}, refused: `Pushover would show "(no details)"`,
		main: []string{"message", "title"}, shown: []string{"message", "title", "url_title"},
	},
	"email": {
		needs: []string{"html", "text"}, refused: "the mail would be empty",
		main: []string{"html", "text", subject}, shown: []string{"html", "text", subject},
	},
}

// subject is the key of the subject of a mail. Alertmanager has a default.
const (
	subject        = "headers.Subject"
	defaultSubject = `{{ template "email.default.subject" . }}`
)

// covers reports whether a key is one of a list, or below one.
func covers(list []string, key string) bool {
	for _, k := range list {
		if rest, ok := strings.CutPrefix(key, k); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return true
		}
	}
	return false
}
