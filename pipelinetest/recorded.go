package pipelinetest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/common/model"
)

// programs are the names of the programs behind integrations, by kind.
var programs = map[string]string{
	"pagerduty": "PagerDuty", "slack": "Slack", "email": "email", "opsgenie": "Opsgenie", "msteams": "Microsoft Teams", "msteamsv2": "Microsoft Teams",
	"discord": "Discord", "pushover": "Pushover", "victorops": "VictorOps", "sns": "SNS", "webex": "Webex", "wechat": "WeChat", "jira": "Jira",
	"rocketchat": "Rocket.Chat", "incidentio": "incident.io", "mattermost": "Mattermost",
}

// recorded is an integration whose program is not part of the story. It records
// each notification.
type recorded struct {
	receiver, kind string
	to             *outsiders
}

// Notify implements [notify.Notifier].
func (r recorded) Notify(_ context.Context, alerts ...*alert.Alert) notify.NotifyVerdict {
	var lines []string
	for _, a := range alerts {
		labels := a.Labels.Clone()
		delete(labels, model.AlertNameLabel)
		lines = append(lines, fmt.Sprintf("%s: %s%s", a.Status(), a.Name(), labels))
	}
	program := programs[r.kind]
	if program == "" {
		program = r.kind
	}
	r.to.record(outsideCall{
		Message: Message{At: time.Now(), Text: strings.Join(lines, "\n")}, of: outside{receiver: r.receiver, program: program},
	})
	return notify.Success()
}
