package definitions

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/webhook/config"
)

// ownChat is a chat with its receiver.
type ownChat struct {
	routing.Chat
	receiver routing.Receiver
}

// name returns the number or name of the chat, without its topic.
func (c ownChat) name() string {
	name, _, _ := strings.Cut(cmp.Or(c.Telegram, c.Slack), ":")
	return name
}

// chats reports chats and mentions that are probably others than those that
// their author means.
func (c *Checked) chats() []finding.Finding {
	var out []finding.Finding
	add := func(r routing.Receiver, format string, args ...any) {
		out = append(out, finding.Finding{Code: finding.BadSite, Where: fmt.Sprintf("receiver %q", r.Name), Reason: fmt.Sprintf(format, args...)})
	}
	var list []ownChat
	for _, r := range c.Routing.Receivers {
		for _, chat := range r.Chats {
			list = append(list, ownChat{chat, r})
		}
		for _, x := range r.Telegram {
			if number := strconv.FormatInt(x.ChatID, 10); groupNumber.MatchString(number) {
				add(r, "the ChatID %s: the number of a group begins with a minus: write -%s", number, number)
			}
		}
	}
	reported := map[string]bool{}
	for i, chat := range list {
		if reason := numberFault(chat, list); reason != "" && !reported[chat.name()] {
			add(chat.receiver, "the chat %s: %s", chat.name(), reason)
			reported[chat.name()] = true
		}
		for _, o := range list[:i] {
			if likeVariables(o.name(), chat.name()) && !reported[chat.name()] {
				add(chat.receiver, "the chat %s differs by one letter from %s of the receiver %q: write one name, or names that differ more", chat.name(), o.name(), o.receiver.Name)
				reported[chat.name()] = true
			}
			if field := formats(o, chat); field != "" && !reported[o.receiver.Name+" "+chat.receiver.Name] {
				add(chat.receiver, "the chat %s is one of the receiver %q too, with another %s: the webhook formats a chat by its first receiver: give both the same %s", chat.name(), o.receiver.Name, field, field)
				reported[o.receiver.Name+" "+chat.receiver.Name] = true
			}
		}
	}
	for _, chat := range list {
		if name := c.Site.Webhook.DefaultChat; likeVariables(name, chat.name()) {
			out = append(out, finding.Finding{Code: finding.BadSite, Where: "site", Part: "Webhook.DefaultChat", Reason: fmt.Sprintf("%s differs by one letter from the chat %s of the receiver %q", name, chat.name(), chat.receiver.Name), Suggestion: strconv.Quote(chat.name())})
			break
		}
	}
	for _, r := range c.Routing.Receivers {
		if reason := mentionFault(r); reason != "" {
			add(r, "%s", reason)
		}
	}
	return out
}

// groupNumber matches the number of a supergroup or channel without its minus:
// it is -100 and ten digits. A person's number has ten digits at most.
var groupNumber = regexp.MustCompile(`^100[0-9]{10}$`)

// numberFault returns the reason why a number is probably not that of a group.
func numberFault(chat ownChat, list []ownChat) string {
	number := chat.name()
	if chat.Telegram == "" || !positive(number) {
		return ""
	}
	if reason := lostMinus(chat); reason != "" {
		return reason
	}
	groups := map[string]bool{}
	for _, o := range list {
		switch {
		case positive(o.name()) && o.name() != number:
			return ""
		case strings.HasPrefix(o.name(), "-"):
			groups[o.name()] = true
		}
	}
	if len(groups) < 2 {
		return ""
	}
	return "it is the number of a person, and the other numbers of the site are those of groups, which begin with a minus: write the number of the group"
}

// lostMinus returns the reason why a positive number is that of a group.
func lostMinus(chat ownChat) string {
	switch number := chat.name(); {
	case groupNumber.MatchString(number):
		return fmt.Sprintf("the number of a group begins with a minus: write -%s", number)
	case strings.Contains(chat.Telegram, ":"):
		return "it has a topic, and only groups have topics: write the number of the group, which begins with -100"
	}
	return ""
}

func positive(number string) bool {
	return number != "" && !strings.ContainsFunc(number, func(r rune) bool { return !unicode.IsDigit(r) })
}

// likeVariables reports whether two names of variables differ by one letter that
// one of them has more. Digits count variables.
func likeVariables(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if !config.IsVariable(a) || !config.IsVariable(b) || len(b) != len(a)+1 {
		return false
	}
	n := 0
	for n < len(a) && a[n] == b[n] {
		n++
	}
	return a[n:] == b[n+1:] && !unicode.IsDigit(rune(b[n])) && len(a) > 3
}

// formats returns the field in which the receivers of one chat differ, or "".
func formats(a, b ownChat) string {
	one, two := a.receiver, b.receiver
	switch {
	case a.Chat != b.Chat || one.Name == two.Name:
		return ""
	case cmp.Or(one.Language, "en") != cmp.Or(two.Language, "en"):
		return "Language"
	case one.TimeZone != two.TimeZone:
		return "TimeZone"
	case one.Templates != two.Templates:
		return "Templates"
	case !slices.Equal(one.Mentions, two.Mentions):
		return "Mentions"
	}
	return ""
}

// Mentions, as the transports of the webhook read them.
var (
	telegramMention = regexp.MustCompile(`(^|[\s(])@[A-Za-z][A-Za-z0-9_]{3,31}\b`)
	slackMention    = regexp.MustCompile(`^(@here|@channel|@everyone|[UW][A-Z0-9]{2,}|S[A-Z0-9]{2,})$`)
	notName         = regexp.MustCompile(`[^A-Za-z0-9_]+`)
)

// mentionFault returns the mistake in a mention, which would be plain text in
// every chat of the receiver.
func mentionFault(r routing.Receiver) string {
	var telegram, slack bool
	for _, chat := range r.Chats {
		telegram, slack = telegram || chat.Telegram != "", slack || chat.Slack != ""
	}
	for _, m := range r.Mentions {
		name := cmp.Or(notName.ReplaceAllString(m, ""), "oncall")
		switch {
		case telegram && telegramMention.MatchString(m), slack && slackMention.MatchString(m):
		case telegram && slack:
			return fmt.Sprintf("the mention %q rings no phone: write @name for Telegram, and for Slack @here or an id, U0123456789", m)
		case telegram:
			return fmt.Sprintf("the mention %q rings no phone: Telegram mentions people as @%s", m, name)
		case slack && slackMention.MatchString(name):
			return fmt.Sprintf("the mention %q rings no phone: the webhook writes the brackets: write %q", m, name)
		case slack && slackMention.MatchString("@"+name):
			return fmt.Sprintf("the mention %q rings no phone: the webhook writes the brackets: write %q", m, "@"+name)
		case slack:
			return fmt.Sprintf("the mention %q rings no phone: write @here, @channel, or the id of a person or a group of them, U0123456789 or S0123456789", m)
		}
	}
	return ""
}

// levels reports urgent levels without a sound, where a receiver has the sound of
// the level.
func (c *Checked) levels() []finding.Finding {
	var out []finding.Finding
	inherits := func(r routing.Receiver) bool { return r.Sound == "" && len(r.Chats)+len(r.Telegram) > 0 }
	if !slices.ContainsFunc(c.Routing.Receivers, inherits) {
		return nil
	}
	for _, l := range c.Scale.Levels {
		if l.Urgent && slices.Contains([]routing.Sound{routing.Silent, routing.NoMessage}, l.Sound) {
			out = append(out, finding.Finding{Code: finding.BadSite, Where: "site", Part: "Severities", Reason: fmt.Sprintf("the level %q is Urgent, and its Sound is %s: leave Sound out, or write Loud", l.Name, soundName(l.Sound))})
		}
	}
	return out
}

func soundName(s routing.Sound) string {
	if s == routing.NoMessage {
		return "NoMessage"
	}
	return "Silent"
}
