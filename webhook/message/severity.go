package message

import (
	"strings"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/config"
)

// Severity is the severity of an alert.
type Severity struct {
	// Name is the name of the level. If the alert has no level, it is the value
	// of its label severity. It can be empty.
	Name string
	// Rank orders deliveries: 0 goes first.
	Rank int
	Icon string
}

// Scale ranks alerts by the levels of a site.
type Scale struct{ config.Severities }

// severityLabel holds the severity of alerts that have no level.
const severityLabel = "severity"

// Of returns the severity of an alert with the labels. An alert without a level
// has a rank by its label severity, for the names in common use.
func (s Scale) Of(labels template.KV) Severity {
	if rank, ok := s.level(labels); ok {
		l := s.Levels[rank]
		return Severity{Name: l.Name, Rank: rank, Icon: l.Icon}
	}
	name := strings.ToUpper(shorten(labels[severityLabel], 20))
	switch strings.ToLower(labels[severityLabel]) {
	case "critical", "page", "emergency", "fatal":
		return Severity{name, 0, "🚨"}
	case "error", "high", "major", "warning":
		return Severity{name, max(1, s.Urgent()), "⚠️"}
	case "info", "none", "debug":
		return Severity{name, max(3, s.Urgent()), "ℹ️"}
	default:
		return Severity{name, max(2, s.Urgent()), "🔔"}
	}
}

// labelOf returns the name of the label that holds the severity of an alert.
func (s Scale) labelOf(labels template.KV) string {
	if s.HasLevel(labels) {
		return s.Label
	}
	return severityLabel
}

// HasLevel reports whether an alert with the labels has a level of the scale.
func (s Scale) HasLevel(labels template.KV) bool {
	_, ok := s.level(labels)
	return ok
}

func (s Scale) level(labels template.KV) (rank int, ok bool) {
	value := labels[s.Label]
	if value == "" {
		return 0, false
	}
	return s.Find(value)
}

// Sound returns the sound of a notification: that of the most severe alert that
// fires. An alert without a level makes it loud. If the firing alerts require
// no message, the resolved ones count as well, so that none of them is hidden.
func (s Scale) Sound(alerts []template.Alert) api.Sound {
	var firing []template.Alert
	for _, a := range alerts {
		if a.Status == "firing" {
			firing = append(firing, a)
		}
	}
	if sound := s.gravest(firing); sound != api.None {
		return sound
	}
	return s.gravest(alerts)
}

// gravest returns the sound of the most severe alert. It returns [api.None] if
// there are no alerts.
func (s Scale) gravest(alerts []template.Alert) api.Sound {
	lowest := len(s.Levels)
	for _, a := range alerts {
		rank, ok := s.level(a.Labels)
		if !ok {
			return api.Loud
		}
		lowest = min(lowest, rank)
	}
	if lowest == len(s.Levels) {
		return api.None
	}
	return s.Levels[lowest].Plays()
}
