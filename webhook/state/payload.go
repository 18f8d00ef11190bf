package state

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"
)

// Payload is a notification as Alertmanager posts it to a webhook, version 4.
// ParsePayload ignores fields that a later Alertmanager adds.
type Payload struct {
	template.Data

	Version  string `json:"version"`
	GroupKey string `json:"groupKey"`
	// TruncatedAlerts counts the alerts left out for the receiver's max_alerts.
	TruncatedAlerts uint64 `json:"truncatedAlerts"`
}

// ParsePayload decodes the body of a notification. The error explains why
// Alertmanager cannot have sent it, and never quotes the body.
func ParsePayload(body []byte) (Payload, error) {
	var p Payload
	if err := json.Unmarshal(body, &p); err != nil {
		return Payload{}, fmt.Errorf("not an Alertmanager payload: %w", DescribeJSON(err))
	}
	var problem string
	switch {
	case p.Version == "":
		problem = `it has no "version"`
	case p.Version != "4":
		problem = `its "version" is not "4"`
	case p.GroupKey == "":
		problem = `it has no "groupKey"`
	case p.Status != string(model.AlertFiring) && p.Status != string(model.AlertResolved):
		problem = `its "status" is neither firing nor resolved`
	case len(p.Alerts) == 0:
		problem = `it has no "alerts"`
	}
	for i := range p.Alerts {
		a := &p.Alerts[i]
		if a.Status != string(model.AlertFiring) && a.Status != string(model.AlertResolved) {
			problem = fmt.Sprintf(`the "status" of alert %d is neither firing nor resolved`, i+1)
		}
		if a.Fingerprint == "" {
			a.Fingerprint = Fingerprint(a.Labels)
		}
	}
	if problem != "" {
		return Payload{}, errors.New("not an Alertmanager payload: " + problem)
	}
	return p, nil
}

// DescribeJSON returns the decoding error with its place, but without quotes of
// the text.
func DescribeJSON(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("no valid JSON at byte %d", syntax.Offset)
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("field %q is a JSON %s at byte %d", wrong.Field, kind(wrong.Value), wrong.Offset)
	}
	return errors.New("a time in it is no RFC 3339 time")
}

// kind removes the literal that encoding/json appends to "number".
func kind(value string) string {
	if len(value) > len("number") && value[:len("number")] == "number" {
		return "number"
	}
	return value
}

// Fingerprint returns the fingerprint that Alertmanager gives a set of labels.
func Fingerprint(labels template.KV) string {
	set := make(model.LabelSet, len(labels))
	for name, value := range labels {
		set[model.LabelName(name)] = model.LabelValue(value)
	}
	return set.Fingerprint().String()
}
