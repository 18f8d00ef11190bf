package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Payload is a notification as Alertmanager posts it to a webhook, version 4.
// ParsePayload ignores fields that a later Alertmanager adds.
type Payload struct {
	template.Data

	Version  string `json:"version"`
	GroupKey string `json:"groupKey"`
	// TruncatedAlerts counts the alerts left out for the receiver's max_alerts.
	TruncatedAlerts uint64 `json:"truncatedAlerts"`
	// Part is the number of a part of a notification that [Split] divided, from 1,
	// and Parts the number of all. They are 0 for a whole notification.
	Part  int `json:"part,omitzero"`
	Parts int `json:"parts,omitzero"`
	// Repaired means that the body differs from one of Alertmanager. The spool
	// then stores the payload instead of the body, so that every version can
	// read it.
	Repaired bool `json:"-"`
}

// maxTruncated is the greatest number of left out alerts that counts.
const maxTruncated = math.MaxInt32

// ParsePayload decodes the body of a notification. It repairs what Alertmanager
// does not send, because a refused notification is a lost alert: it clamps
// numbers and dates, and takes text of any type. The error means that the body
// has no alerts at all. It never quotes the body.
func ParsePayload(body []byte) (Payload, error) {
	var p Payload
	if err := json.Unmarshal(body, &p); err != nil || !p.regular() {
		return parseLenient(decodeText(body))
	}
	p.setFingerprints()
	return p, nil
}

// regular reports whether the payload needs no repair.
func (p *Payload) regular() bool {
	if p.Version != "4" || p.GroupKey == "" || len(p.Alerts) == 0 || p.TruncatedAlerts > maxTruncated || !knownStatus(p.Status) {
		return false
	}
	for _, a := range p.Alerts {
		if !knownStatus(a.Status) || a.StartsAt.IsZero() || !a.StartsAt.Equal(ClampTime(a.StartsAt)) || !a.EndsAt.Equal(ClampTime(a.EndsAt)) {
			return false
		}
	}
	return true
}

func knownStatus(s string) bool {
	return s == string(model.AlertFiring) || s == string(model.AlertResolved)
}

func (p *Payload) setFingerprints() {
	for i := range p.Alerts {
		if a := &p.Alerts[i]; a.Fingerprint == "" {
			a.Fingerprint = Fingerprint(a.Labels)
		}
	}
}

// The times that the spool, JSON and PostgreSQL can all store.
var (
	earliest = time.Unix(0, 0).UTC()
	latest   = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
)

// ClampTime moves a time into the range that can be stored. The zero time stays.
func ClampTime(t time.Time) time.Time {
	switch {
	case t.IsZero():
		return time.Time{}
	case t.Before(earliest):
		return earliest
	case t.After(latest):
		return latest
	default:
		return t
	}
}

// decodeText returns the text as UTF-8 without a byte order mark. Some programs
// write UTF-16.
func decodeText(body []byte) []byte {
	text, _, err := transform.Bytes(unicode.BOMOverride(encoding.Nop.NewDecoder()), body)
	if err != nil {
		return body
	}
	return text
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
	return errors.New("no valid JSON")
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
