package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Encode writes the file as YAML, one level a line. Unlike yaml.Marshal it
// does not escape icons.
func (f File) Encode() []byte {
	var out bytes.Buffer
	if f.Severities.Label != "" {
		fmt.Fprintf(&out, "severities:\n  label: %s\n  levels:\n", scalar(f.Severities.Label))
		for _, l := range f.Severities.Levels {
			fmt.Fprintf(&out, "    - {%s}\n", strings.Join(l.pairs(), ", "))
		}
	}
	if len(f.Receivers) > 0 {
		out.WriteString("receivers:\n")
	}
	for _, r := range f.Receivers {
		fmt.Fprintf(&out, "  - {%s}\n", strings.Join(r.pairs(), ", "))
	}
	if f.DefaultChat != "" {
		fmt.Fprintf(&out, "default_chat: %s\n", scalar(f.DefaultChat))
	}
	if f.Language != "" {
		fmt.Fprintf(&out, "language: %s\n", scalar(f.Language))
	}
	fmt.Fprintf(&out, "watchdog: %t\n", f.Watchdog)
	if len(f.Remedies) > 0 {
		f.Remedies.encode(&out)
	}
	return out.Bytes()
}

// encode writes one reason a line.
func (r Remedies) encode(out *bytes.Buffer) {
	out.WriteString("remedies:\n")
	for _, check := range slices.Sorted(maps.Keys(r)) {
		fmt.Fprintf(out, "  %s:\n", scalar(check))
		for _, reason := range slices.Sorted(maps.Keys(r[check])) {
			var texts []string
			for _, language := range slices.Sorted(maps.Keys(r[check][reason])) {
				texts = append(texts, language+": "+scalar(r[check][reason][language]))
			}
			fmt.Fprintf(out, "    %s: {%s}\n", scalar(reason), strings.Join(texts, ", "))
		}
	}
}

func (l Level) pairs() []string {
	pairs := []string{"name: " + scalar(l.Name)}
	if l.Icon != "" {
		pairs = append(pairs, "icon: "+scalar(l.Icon))
	}
	if l.Urgent {
		pairs = append(pairs, "urgent: "+strconv.FormatBool(l.Urgent))
	}
	if l.Sound != "" {
		pairs = append(pairs, "sound: "+scalar(string(l.Sound)))
	}
	return pairs
}

func (r Receiver) pairs() []string {
	pairs := []string{"name: " + scalar(r.Name)}
	add := func(key, value string) {
		if value != "" {
			pairs = append(pairs, key+": "+value)
		}
	}
	text := func(key, value string) {
		if value != "" {
			add(key, scalar(value))
		}
	}
	var chats, mentions []string
	for _, c := range r.Chats {
		transport, address := c.Place()
		chats = append(chats, fmt.Sprintf("{%s: %s}", transport, scalar(address)))
	}
	for _, m := range r.Mentions {
		mentions = append(mentions, scalar(m))
	}
	add("chats", list(chats))
	text("sound", string(r.Sound))
	text("language", r.Language)
	text("time_zone", r.TimeZone)
	text("templates", r.Templates)
	add("mentions", list(mentions))
	return pairs
}

// list writes a list of scalars and maps in one line, or nothing if it is empty.
func list(items []string) string {
	if len(items) == 0 {
		return ""
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// scalar writes a text without quotes if YAML reads it back as the same text,
// also between braces. Otherwise it writes a JSON string, which is valid YAML.
func scalar(text string) string {
	var back any
	if !strings.ContainsAny(text, "{}[],: #") && strings.IndexFunc(text, func(c rune) bool { return c > '~' }) < 0 &&
		yaml.Unmarshal([]byte(text), &back) == nil && back == text {
		return text
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // a text and a buffer have no errors
	return strings.TrimSpace(out.String())
}
