package pipelinetest

import (
	"cmp"

	"github.com/prometheus/alertmanager/notify/discord"
	"github.com/prometheus/alertmanager/notify/email"
	"github.com/prometheus/alertmanager/notify/jira"
	"github.com/prometheus/alertmanager/notify/mattermost"
	"github.com/prometheus/alertmanager/notify/msteams"
	"github.com/prometheus/alertmanager/notify/msteamsv2"
	"github.com/prometheus/alertmanager/notify/opsgenie"
	"github.com/prometheus/alertmanager/notify/pagerduty"
	"github.com/prometheus/alertmanager/notify/pushover"
	"github.com/prometheus/alertmanager/notify/rocketchat"
	"github.com/prometheus/alertmanager/notify/slack"
	"github.com/prometheus/alertmanager/notify/sns"
	"github.com/prometheus/alertmanager/notify/telegram"
	"github.com/prometheus/alertmanager/notify/victorops"
	"github.com/prometheus/alertmanager/notify/webex"
	"github.com/prometheus/alertmanager/notify/wechat"
)

// texts are the templates of an integration that a person reads. None of them is
// a secret.
type texts struct {
	to          string // the channel, person or project
	title, body string
	isShipped   bool // the body is the one that Alertmanager ships
	fields      []field
}

// field is a value with its name.
type field struct{ name, value string }

// textsOf returns the texts of an integration, given as in [amconfig.Receiver].
func textsOf(config any) texts {
	with := func(to, title, body, shipped string, fields ...field) texts {
		return texts{to, title, body, body == shipped, fields}
	}
	switch c := config.(type) {
	case *pagerduty.PagerdutyConfig:
		return with("", c.Description, "", "", field{"severity", c.Severity})
	case *slack.SlackConfig:
		return with(c.Channel, c.Title, join(c.MessageText, c.Pretext, c.Text), join("", slack.DefaultSlackConfig.Pretext, slack.DefaultSlackConfig.Text))
	case *email.EmailConfig:
		return with(c.To, cmp.Or(c.Headers["Subject"], email.DefaultEmailSubject), cmp.Or(c.Text, c.HTML), email.DefaultEmailConfig.HTML)
	case *opsgenie.OpsGenieConfig:
		return with("", c.Message, c.Description, opsgenie.DefaultOpsGenieConfig.Description, field{"priority", c.Priority})
	case *msteams.MSTeamsConfig:
		return with("", c.Title, c.Text, msteams.DefaultMSTeamsConfig.Text)
	case *msteamsv2.MSTeamsV2Config:
		return with("", c.Title, c.Text, msteamsv2.DefaultMSTeamsV2Config.Text)
	case *discord.DiscordConfig:
		return with("", c.Title, join(c.Content, c.Message), `{{ template "discord.default.message" . }}`)
	case *pushover.PushoverConfig:
		return with("", c.Title, c.Message, pushover.DefaultPushoverConfig.Message, field{"priority", c.Priority})
	case *victorops.VictorOpsConfig:
		return with("", c.EntityDisplayName, c.StateMessage, victorops.DefaultVictorOpsConfig.StateMessage, field{"type", c.MessageType})
	case *sns.SNSConfig:
		return with(cmp.Or(c.TopicARN, c.PhoneNumber, c.TargetARN), c.Subject, c.Message, sns.DefaultSNSConfig.Message)
	case *webex.WebexConfig:
		return with(c.RoomID, "", c.Message, webex.DefaultWebexConfig.Message)
	case *wechat.WechatConfig:
		return with("", "", c.Message, wechat.DefaultWechatConfig.Message)
	case *jira.JiraConfig:
		return with(c.Project, c.Summary.Template, c.Description.Template, jira.DefaultJiraConfig.Description.Template, field{"priority", c.Priority})
	case *rocketchat.RocketchatConfig:
		return with(c.Channel, c.Title, join(c.MessageText, c.Text), rocketchat.DefaultRocketchatConfig.Text)
	case *mattermost.MattermostConfig:
		return with(c.Channel, c.Title, join(c.Pretext, c.Text), mattermost.DefaultMattermostConfig.Text)
	case *telegram.TelegramConfig:
		return with("", "", c.Message, telegram.DefaultTelegramConfig.Message)
	}
	return texts{} // incident.io and webhooks get the labels
}

// join joins texts by lines.
func join(list ...string) string {
	var out string
	for _, text := range list {
		if text != "" && out != "" {
			out += "\n"
		}
		out += text
	}
	return out
}
