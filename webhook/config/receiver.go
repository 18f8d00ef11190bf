package config

import (
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/alertnative/preflight/webhook/api"
)

// Receiver is a receiver of Alertmanager whose notifications the webhook shows in
// chats. One with the sound none has no chats: the history keeps its alerts.
type Receiver struct {
	Name  string         `yaml:"name"`
	Chats []ReceiverChat `yaml:"chats,omitempty"`
	// Sound is that of its messages. Without it, the most severe level of a
	// notification decides.
	Sound api.Sound `yaml:"sound,omitempty"`
	// What follows holds for its chats. Of several receivers with a chat, that of
	// the first one in the file holds.
	Language  string   `yaml:"language,omitempty"`  // empty: that of the file
	TimeZone  string   `yaml:"time_zone,omitempty"` // of the times shown, such as Europe/Berlin
	Templates string   `yaml:"templates,omitempty"` // a folder in that of --templates
	Mentions  []string `yaml:"mentions,omitempty"`  // at the end of new messages with a sound, such as @oncall
}

// ReceiverChat is a chat of one transport. One of its fields is set: a chat in its
// transport's notation, or $NAME for an environment variable with one or several.
type ReceiverChat struct {
	Telegram string `yaml:"telegram,omitempty"` // see [Chat]
	Slack    string `yaml:"slack,omitempty"`    // a channel
}

// The transports.
const (
	Telegram = "telegram"
	Slack    = "slack"
)

// Place returns the transport of the chat, and its address there.
func (c ReceiverChat) Place() (transport, address string) {
	if c.Slack != "" {
		return Slack, c.Slack
	}
	return Telegram, c.Telegram
}

// Silences reports whether the receiver makes no messages.
func (r Receiver) Silences() bool { return r.Sound == api.None }

// Languages returns the languages of messages.
func Languages() []string { return []string{"en", "ko"} }

// tidied returns the receivers without lists that are empty.
func tidied(list []Receiver) []Receiver {
	for i := range list {
		r := &list[i]
		r.Chats, r.Mentions = append([]ReceiverChat(nil), r.Chats...), append([]string(nil), r.Mentions...)
	}
	return append([]Receiver(nil), list...)
}

// MaxName is the maximum length of the name of a receiver in bytes.
const MaxName = 1000

// receivers checks the receivers.
func (c *checker) receivers(list []Receiver) {
	first := map[string]bool{}
	for i, r := range list {
		at := []any{"receivers", i}
		if r.Name == "" {
			c.add(at, "receiver %d has no name: write the one in alertmanager.yml", i+1)
		}
		if len(r.Name) > MaxName || strings.ContainsRune(r.Name, 0) {
			c.add(at, "the name of receiver %d is longer than %d bytes or contains U+0000: no notification reaches it: rename it here and in alertmanager.yml", i+1, MaxName)
		}
		if first[r.Name] && r.Name != "" {
			c.add(at, "receiver %q is listed twice", r.Name)
		}
		first[r.Name] = true
		c.receiver(r, at)
	}
}

// spellings reports chats that are written in several ways.
func (c *checker) spellings(f File) {
	first := map[string]string{}
	note := func(text string, at ...any) {
		spelling := Spelling(text)
		if other, known := first[spelling]; !known {
			first[spelling] = text
		} else if other != text {
			c.add(at, "the chats %s and %s are one: write both in the same way", other, text)
		}
	}
	for _, text := range strings.Split(f.DefaultChat, ",") {
		note(strings.TrimSpace(text), "default_chat")
	}
	for i, r := range f.Receivers {
		for k, chat := range r.Chats {
			note(chat.Telegram, "receivers", i, "chats", k)
		}
	}
}

// maxMention is the maximum length of a mention in characters.
const maxMention = 100

func (c *checker) receiver(r Receiver, at []any) {
	add := func(key string, format string, args ...any) {
		c.add(append(slices.Clone(at), key), "receiver %q: "+format, append([]any{r.Name}, args...)...)
	}
	if r.Sound != "" && !slices.Contains(api.Sounds(), r.Sound) {
		add("sound", "unknown sound %q: choose loud, silent or none", r.Sound)
	}
	switch {
	case r.Silences() && len(r.Chats) > 0:
		add("chats", "with the sound none it makes no message: remove its chats, or the sound")
	case !r.Silences() && len(r.Chats) == 0:
		c.add(at, "receiver %q has no chats: list them, or write sound: none", r.Name)
	}
	for k, chat := range r.Chats {
		if reason := chat.mistake(); reason != "" {
			c.add(append(slices.Clone(at), "chats", k), "receiver %q: chat %d: %s", r.Name, k+1, reason)
		} else if slices.ContainsFunc(r.Chats[:k], func(other ReceiverChat) bool {
			return other.Slack == chat.Slack && Spelling(other.Telegram) == Spelling(chat.Telegram)
		}) {
			c.add(append(slices.Clone(at), "chats", k), "receiver %q: chat %d is listed twice", r.Name, k+1)
		}
	}
	if r.Language != "" && !slices.Contains(Languages(), r.Language) {
		add("language", "no messages in %q: choose one of %s", r.Language, strings.Join(Languages(), ", "))
	}
	if r.TimeZone == time.Local.String() {
		add("time_zone", "the zone Local is that of each machine: write it as UTC or Asia/Seoul")
	} else if _, err := time.LoadLocation(r.TimeZone); err != nil {
		add("time_zone", "no time zone %q: write it as UTC or Asia/Seoul", r.TimeZone)
	}
	if r.Templates != "" && !filepath.IsLocal(r.Templates) {
		add("templates", "%q is not a folder in that of --templates: write its name", r.Templates)
	}
	for _, m := range r.Mentions {
		if !strings.ContainsFunc(m, isVisible) || utf8.RuneCountInString(m) > maxMention || strings.ContainsFunc(m, unicode.IsControl) {
			add("mentions", "write each mention in one line, with %d characters at most", maxMention)
		}
	}
}

// mistake describes the mistake in the notation of a chat, or returns "".
func (c ReceiverChat) mistake() string {
	_, address := c.Place()
	switch {
	case c == ReceiverChat{}:
		return "it is empty: write telegram: and a chat"
	case c.Telegram != "" && c.Slack != "":
		return "it has two transports: list them as two chats"
	case strings.HasPrefix(address, "$"):
		if !IsVariable(address) {
			return "it names no variable: write $NAME"
		}
		return ""
	case c.Slack != "" && !IsChannel(c.Slack):
		return "it is not a channel: write its id (C0123456789), which the channel's details show"
	case c.Slack != "":
		return ""
	}
	if _, _, ok := Chat(c.Telegram); !ok {
		return "it is not a chat: " + ChatForm
	}
	return ""
}
