package state

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/api"
)

// lenientPayload is a notification of which each value can have any type. None
// of its values makes decoding fail.
type lenientPayload struct {
	Receiver           anyText   `json:"receiver"`
	Status             anyText   `json:"status"`
	NotificationReason anyText   `json:"notification_reason"`
	GroupKey           anyText   `json:"groupKey"`
	ExternalURL        anyText   `json:"externalURL"`
	TruncatedAlerts    anyText   `json:"truncatedAlerts"`
	GroupLabels        anyTexts  `json:"groupLabels"`
	Alerts             anyAlerts `json:"alerts"`
	grafanaPayload
}

// parseLenient decodes every JSON object in a body, and joins their alerts.
func parseLenient(body []byte) (Payload, error) {
	var l lenientPayload
	decoder := json.NewDecoder(bytes.NewReader(body))
	err := decoder.Decode(&l)
	for err == nil {
		err = decoder.Decode(&l)
	}
	if len(l.Alerts) == 0 {
		l.Alerts = l.legacyAlert()
	}
	switch {
	case len(l.Alerts) > 0:
		return l.payload(), nil
	case !errors.Is(err, io.EOF):
		return Payload{}, errors.New("not an Alertmanager payload: " + DescribeJSON(err).Error())
	case len(bytes.TrimSpace(body)) == 0:
		return Payload{}, errors.New("not an Alertmanager payload: it is empty")
	default:
		return Payload{}, errors.New(`not an Alertmanager payload: it has no "alerts"`)
	}
}

func (l *lenientPayload) payload() Payload {
	p := Payload{
		Version: "4", GroupKey: string(l.GroupKey), TruncatedAlerts: l.TruncatedAlerts.count(), Repaired: true,
		Data: template.Data{
			Receiver: string(l.Receiver), Status: string(l.Status), NotificationReason: string(l.NotificationReason),
			ExternalURL: string(l.ExternalURL), GroupLabels: template.KV(l.GroupLabels), Alerts: template.Alerts(l.Alerts),
		},
	}
	l.complete(&p)
	firing := false
	for i := range p.Alerts {
		a := &p.Alerts[i]
		a.Status = parseStatus(cmp.Or(a.Status, p.Status, string(l.State)))
		firing = firing || a.Status == string(model.AlertFiring)
	}
	p.Status = string(model.AlertResolved)
	if firing {
		p.Status = string(model.AlertFiring)
	}
	if p.GroupKey == "" {
		p.GroupKey = "{}/" + p.Receiver + ":" + Fingerprint(p.GroupLabels)
	}
	p.setFingerprints()
	return p
}

// parseStatus returns firing for an unknown status: an alert that is shown too
// much is better than a hidden one.
func parseStatus(s string) string {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case string(model.AlertResolved), "ok", "normal":
		return string(model.AlertResolved)
	default:
		return string(model.AlertFiring)
	}
}

// anyText is the text of a JSON value of any type.
type anyText string

func (t *anyText) UnmarshalJSON(data []byte) error {
	var s string
	switch {
	case string(data) == "null":
		*t = ""
	case json.Unmarshal(data, &s) == nil:
		*t = anyText(s)
	default:
		*t = anyText(data)
	}
	return nil
}

// count returns the number that the text holds, within the range that counts.
func (t anyText) count() uint64 {
	f, err := strconv.ParseFloat(strings.TrimSpace(string(t)), 64)
	if err != nil && f == 0 || !(f > 0) {
		return 0
	}
	return uint64(min(f, maxTruncated))
}

var leapSecond = regexp.MustCompile(`:60(\.\d+)?`)

// time returns the time that the text holds, or zero: as RFC 3339 with letters
// of any case and with a leap second, or as seconds or milliseconds since 1970.
func (t anyText) time() time.Time {
	s := strings.ToUpper(strings.TrimSpace(string(t)))
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", time.DateTime, time.DateOnly} {
		for _, text := range []string{s, leapSecond.ReplaceAllString(s, ":59")} {
			if at, err := time.Parse(layout, text); err == nil {
				return ClampTime(at.UTC())
			}
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f > 0) {
		return time.Time{}
	}
	if f > 1e11 {
		f /= 1000
	}
	return ClampTime(time.UnixMilli(int64(min(f, 1e12) * 1000)).UTC())
}

// anyTexts is an object of texts. Another value becomes its only text.
type anyTexts template.KV

func (m *anyTexts) UnmarshalJSON(data []byte) error {
	var object map[string]anyText
	if json.Unmarshal(data, &object) == nil {
		*m = make(anyTexts, len(object))
		for name, value := range object {
			(*m)[name] = string(value)
		}
		return nil
	}
	var text anyText
	err := json.Unmarshal(data, &text)
	*m = anyTexts{"text": string(text)}
	return err
}

// anyAlerts is a list of alerts, or a single one. A repeated list is appended.
type anyAlerts template.Alerts

func (l *anyAlerts) UnmarshalJSON(data []byte) error {
	var list []json.RawMessage
	if json.Unmarshal(data, &list) != nil {
		list = []json.RawMessage{data}
	}
	for _, item := range list {
		if string(item) == "null" {
			continue
		}
		var a anyAlert
		if err := json.Unmarshal(item, &a); err != nil {
			return err
		}
		*l = append(*l, template.Alert(a))
	}
	return nil
}

// anyAlert is one alert. A value that is no object becomes its summary.
type anyAlert template.Alert

func (a *anyAlert) UnmarshalJSON(data []byte) error {
	var l struct {
		Status       anyText  `json:"status"`
		Labels       anyTexts `json:"labels"`
		Annotations  anyTexts `json:"annotations"`
		StartsAt     anyText  `json:"startsAt"`
		EndsAt       anyText  `json:"endsAt"`
		GeneratorURL anyText  `json:"generatorURL"`
		Fingerprint  anyText  `json:"fingerprint"`
		grafanaAlert
	}
	if json.Unmarshal(data, &l) != nil {
		var text anyText
		err := json.Unmarshal(data, &text)
		*a = anyAlert{Annotations: template.KV{api.Summary: string(text)}}
		return err
	}
	*a = anyAlert{
		Status: string(l.Status), Labels: template.KV(l.Labels), Annotations: template.KV(l.Annotations),
		StartsAt: l.StartsAt.time(), EndsAt: l.EndsAt.time(), GeneratorURL: string(l.GeneratorURL), Fingerprint: string(l.Fingerprint),
	}
	l.annotate((*template.Alert)(a))
	return nil
}

var (
	rawReceiver  = regexp.MustCompile(`"receiver"\s*:\s*"([^"\\]{1,100})`)
	rawAlertName = regexp.MustCompile(`"alertname"\s*:\s*"([^"\\]{1,100})`)
)

// maxNames is the number of alert names that [Glean] returns.
const maxNames = 10

// Glean returns the receiver and the names of the alerts in a body that
// [ParsePayload] cannot read, as far as they can be found.
func Glean(body []byte) (receiver string, names []string) {
	body = decodeText(body)
	if m := rawReceiver.FindSubmatch(body); m != nil {
		receiver = strings.ToValidUTF8(string(m[1]), "�")
	}
	for _, m := range rawAlertName.FindAllSubmatch(body, 10*maxNames) {
		if name := strings.ToValidUTF8(string(m[1]), "�"); len(names) < maxNames && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return receiver, names
}
