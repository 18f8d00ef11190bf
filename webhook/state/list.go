package state

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"
)

// byList is the notification reason of alerts that came as a list. Prometheus
// sends every alert again each minute, which is no reminder.
const byList = "list of alerts"

// ParseList decodes the body with which Prometheus posts alerts to an
// Alertmanager: a list of alerts. It returns a notification for each alert name,
// in the order of the list, or false if the body is no such list. An alert has
// ended if its end is proved, or if it is not after now.
func ParseList(body []byte, now time.Time) (list []Payload, ok bool) {
	var alerts anyAlerts
	body = bytes.TrimSpace(decodeText(body))
	if !bytes.HasPrefix(body, []byte("[")) || json.Unmarshal(body, &alerts) != nil || len(alerts) == 0 ||
		slices.ContainsFunc(alerts, func(a template.Alert) bool { return len(a.Labels) == 0 }) {
		return nil, false
	}
	groups := map[string]int{} // the indexes in list, by alert name
	for _, a := range alerts {
		name := a.Labels[model.AlertNameLabel]
		k, known := groups[name]
		if !known {
			k, groups[name] = len(list), len(list)
			list = append(list, listed(name))
		}
		p := &list[k]
		a.Status = string(model.AlertResolved)
		if a.EndsAt.IsZero() || a.EndsAt.After(now) && ProofOf(a) != Proved {
			a.Status, a.EndsAt = string(model.AlertFiring), time.Time{}
			p.Status = a.Status
		}
		p.Alerts = append(p.Alerts, a)
	}
	for i := range list {
		list[i].setFingerprints()
	}
	return list, true
}

// listed returns a notification for the alerts of a list with a name.
func listed(name string) Payload {
	p := Payload{Version: "4", GroupKey: "{}:" + model.LabelSet{model.AlertNameLabel: model.LabelValue(name)}.String(), Repaired: true}
	p.Status, p.NotificationReason = string(model.AlertResolved), byList
	p.GroupLabels = template.KV{model.AlertNameLabel: name}
	return p
}
