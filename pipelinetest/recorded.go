package pipelinetest

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"
)

// programs are the names of the programs behind integrations, by kind.
var programs = map[string]string{
	"pagerduty": "PagerDuty", "slack": "Slack", "email": "email", "opsgenie": "Opsgenie", "msteams": "Microsoft Teams", "msteamsv2": "Microsoft Teams",
	"discord": "Discord", "pushover": "Pushover", "victorops": "VictorOps", "sns": "SNS", "webex": "Webex", "wechat": "WeChat", "jira": "Jira",
	"rocketchat": "Rocket.Chat", "incidentio": "incident.io", "mattermost": "Mattermost", "telegram": "Telegram", "webhook": "the webhook",
}

// recorded is an integration whose program is not part of the story. It records
// each notification, with the texts that Alertmanager writes.
type recorded struct {
	receiver, program string
	texts             texts
	tmpl, shipped     *template.Template // with and without the site's templates
	to                *outsiders
}

func newRecorded(receiver, kind string, config any, tmpl *template.Template, to *outsiders) (*recorded, error) {
	program := programs[kind]
	if program == "" {
		program = kind
	}
	shipped, err := template.FromGlobs(nil)
	if err != nil {
		return nil, err
	}
	shipped.ExternalURL = tmpl.ExternalURL
	return &recorded{receiver, program, textsOf(config), tmpl, shipped, to}, nil
}

// Notify implements [notify.Notifier].
func (r *recorded) Notify(ctx context.Context, alerts ...*alert.Alert) notify.NotifyVerdict {
	data := notify.GetTemplateData(ctx, r.tmpl, alerts, slog.New(slog.DiscardHandler))
	var place string
	if to := r.expand(data, r.texts.to); to != "" {
		place = " " + strings.Join(strings.Fields(to), " ")
	}
	var lines []string
	for _, text := range []string{r.expand(data, r.texts.title), r.body(data), r.fields(data)} {
		if text != "" {
			lines = append(lines, text)
		}
	}
	for _, a := range alerts {
		labels := a.Labels.Clone()
		delete(labels, model.AlertNameLabel)
		lines = append(lines, fmt.Sprintf("%s: %s%s", a.Status(), a.Name(), labels))
	}
	r.to.record(outsideCall{
		Message: Message{At: time.Now(), Text: strings.Join(lines, "\n")}, of: outside{receiver: r.receiver, program: r.program + place},
	})
	return notify.Success()
}

// expand expands a template. An error is part of the text: a file of templates can
// be on Alertmanager's host alone.
func (r *recorded) expand(data *template.Data, text string) string {
	out, err := r.tmpl.ExecuteTextString(text, data)
	if err != nil {
		return fmt.Sprintf("(no text: %v)", err)
	}
	return strings.TrimSpace(out)
}

// body expands the body. One that Alertmanager ships lists the alerts, as the
// record does; where there is no title, its first line is shown.
func (r *recorded) body(data *template.Data) string {
	text := r.expand(data, r.texts.body)
	shipped, err := r.shipped.ExecuteTextString(r.texts.body, data)
	if !r.texts.isShipped || err != nil || strings.TrimSpace(shipped) != text {
		return text
	}
	if r.texts.title != "" {
		return ""
	}
	first, _, _ := strings.Cut(text, "\n")
	return first
}

// fields expands further fields, one a line.
func (r *recorded) fields(data *template.Data) string {
	var lines []string
	for _, f := range r.texts.fields {
		if value := r.expand(data, f.value); value != "" {
			lines = append(lines, f.name+": "+value)
		}
	}
	return strings.Join(lines, "\n")
}
