package definitions

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
)

// settings reports settings of an integration that its service refuses, or that
// make an urgent alert less than that.
func (i *integration) settings() {
	switch i.kind {
	case "pagerduty":
		i.pagerDutySeverity()
	case "opsgenie":
		i.priority()
	case "email":
		i.address("to")
		i.address("from")
	case "telegram":
		i.markup()
	case "slack":
		i.channel()
	case "webhook", "incidentio":
		i.maxAlerts()
	}
}

// channel reports a token of Slack without a channel. The address of a webhook
// has a channel of its own.
func (i *integration) channel() {
	if i.texts["channel"].Text == "" && (i.texts["app_token_file"].Text != "" || i.texts["app_token"].Text != "") {
		i.add(i.receiver, i.path+".channel", "", "it has none, and Slack takes messages by app_token only with a channel: write Channel")
	}
}

// maxAlerts reports a limit that cuts off all alerts of a group but one.
func (i *integration) maxAlerts() {
	const key = "max_alerts"
	if !i.texts[key].own || i.texts[key].Text != "1" || len(i.to.pairs) == 0 {
		return
	}
	i.report(key, "", "of two alerts of one group that differ in %q it sends only one: leave it out, or group by %q", i.to.pairs[0].differ(), i.to.pairs[0].differ())
}

// pagerDutySeverities are the severities of an event of PagerDuty. It refuses
// others.
var pagerDutySeverities = []string{"critical", "error", "warning", "info"}

func (i *integration) pagerDutySeverity() {
	const key = "severity"
	if !i.texts[key].own {
		return
	}
	for _, x := range i.to.list {
		said := i.said([]string{key}, false, x)[key]
		switch {
		case !slices.Contains(pagerDutySeverities, said):
			i.add(i.receiver, i.path+"."+key, "", "with %s: it gives %q, and PagerDuty takes %s: translate it, as {{ if eq .CommonLabels.severity \"page\" }}critical{{ else }}warning{{ end }}", labelsOf(x), said, strings.Join(pagerDutySeverities, ", "))
			return
		case i.urgent(x) && (said == "warning" || said == "info"):
			i.report(key, "", "the alert %s is urgent, and PagerDuty gets it as %q, which may wake no person: write critical for the level %q", x.Labels[alertname], said, x.Labels[i.Scale.Label])
			return
		}
	}
}

// priorities are the priorities of Opsgenie. Without one, an alert has P3.
var priorities = []string{"P1", "P2", "P3", "P4", "P5"}

func (i *integration) priority() {
	const key = "priority"
	if !i.texts[key].own {
		return
	}
	for _, x := range i.to.list {
		said := i.said([]string{key}, false, x)[key]
		switch {
		case said != "" && !slices.Contains(priorities, said):
			i.add(i.receiver, i.path+"."+key, "", "with %s: it gives %q, and Opsgenie takes P1 to P5: translate it, as {{ if eq .CommonLabels.severity \"page\" }}P1{{ else }}P3{{ end }}", labelsOf(x), said)
			return
		case i.urgent(x) && (said == "P4" || said == "P5"):
			i.report(key, "", "the alert %s is urgent, and Opsgenie gets it as %s, which may wake no person: write P1 for the level %q", x.Labels[alertname], said, x.Labels[i.Scale.Label])
			return
		}
	}
}

// address reports addresses that Alertmanager cannot send mail to.
func (i *integration) address(key string) {
	for _, x := range i.to.list {
		said, ok := i.said([]string{key}, false, x)[key]
		if !ok {
			return
		}
		list, err := mail.ParseAddressList(said)
		switch {
		case err == nil && key == "from" && len(list) > 1:
			err = fmt.Errorf("it has %d addresses: write one", len(list))
		case err == nil:
			continue
		default:
			err = fmt.Errorf("%s: write addresses with commas between them: ops@example.com, dba@example.com", strings.TrimPrefix(err.Error(), "mail: "))
		}
		i.add(i.receiver, i.path+"."+key, "", "Alertmanager cannot send to %q: %v", said, err)
		return
	}
}
