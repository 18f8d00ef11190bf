// Package config describes webhook.yml, the configuration file of
// preflight-webhook: the severities of a site, its receivers and their chats. The
// generator writes the file, the webhook reads it.
package config

import (
	"strings"

	"github.com/alertnative/preflight/webhook/api"
)

// File is webhook.yml. A key that is left out has the value that [Default] gives.
type File struct {
	Severities Severities `yaml:"severities,omitempty"`
	// Receivers are those that Alertmanager posts to, see [api.ReceiverPath].
	Receivers []Receiver `yaml:"receivers,omitempty"`
	// DefaultChat is a number, a @name, CHAT:TOPIC or slack:CHANNEL, several
	// separated by commas, or $NAME for the environment variable NAME of the
	// webhook. It gets the webhook's own alerts, and those of receivers that the
	// file lacks.
	DefaultChat string `yaml:"default_chat,omitempty"`
	Language    string `yaml:"language,omitempty"` // of the messages; empty is English
	Watchdog    bool   `yaml:"watchdog"`           // a heartbeat is expected from the start
	// Remedies stand in messages below the alerts of checks: by the label check
	// and the annotation reason.
	Remedies Remedies `yaml:"remedies,omitempty"`
}

// Remedies are the remedies of the checks: by check, reason and language.
type Remedies map[string]map[string]map[string]string

// Severities is the scale of a site, the most severe level first.
type Severities struct {
	Label  string  `yaml:"label"` // of alerts, holds the name of a level
	Levels []Level `yaml:"levels"`
}

// Level is one severity.
type Level struct {
	Name   string    `yaml:"name"`
	Icon   string    `yaml:"icon,omitempty"`
	Urgent bool      `yaml:"urgent,omitempty"`
	Sound  api.Sound `yaml:"sound,omitempty"` // empty: loud for an urgent level, else silent
}

// Default returns the configuration of a file without keys: the shipped scale,
// the chats of the variable TELEGRAM_CHAT_ID, and an expected heartbeat.
func Default() File {
	return File{Severities: Priorities(), DefaultChat: "$TELEGRAM_CHAT_ID", Watchdog: true}
}

// Priorities returns the shipped scale: the label priority with P0 to P3.
func Priorities() Severities {
	return Severities{Label: "priority", Levels: []Level{
		{Name: "P0", Icon: "🚨", Urgent: true, Sound: api.Loud},
		{Name: "P1", Icon: "⚠️", Sound: api.Loud},
		{Name: "P2", Icon: "🔔", Sound: api.Silent},
		{Name: "P3", Icon: "ℹ️", Sound: api.None},
	}}
}

// Find returns the rank of the level that a label value names. The most severe
// level has rank 0. Case is ignored.
func (s Severities) Find(value string) (rank int, ok bool) {
	for i, l := range s.Levels {
		if strings.EqualFold(l.Name, value) {
			return i, true
		}
	}
	return 0, false
}

// Urgent returns the number of urgent levels, which are the most severe ones.
func (s Severities) Urgent() int {
	for i, l := range s.Levels {
		if !l.Urgent {
			return i
		}
	}
	return len(s.Levels)
}

// Names returns the names of the levels.
func (s Severities) Names() []string {
	names := make([]string, len(s.Levels))
	for i, l := range s.Levels {
		names[i] = l.Name
	}
	return names
}

// Plays returns the sound of the level's messages.
func (l Level) Plays() api.Sound {
	switch {
	case l.Sound != "":
		return l.Sound
	case l.Urgent:
		return api.Loud
	default:
		return api.Silent
	}
}

// Variable returns the name of the environment variable that a value written
// as $NAME stands for.
func Variable(value string) (name string, ok bool) { return strings.CutPrefix(value, "$") }
