package pipelinetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/internal/fake/fakeslack"
	"github.com/alertnative/preflight/internal/fake/web"
)

// post is a message in a chat, with its edits.
type post struct {
	chat   string // "chat $OPS" or "Slack channel $OPS"
	number int    // in its chat
	how    string // its sound or mentions, and the message that it replies to; "" for none
	rings  bool
	sent   time.Time
	// versions are the message as it was sent, and after each edit.
	versions []version
	buttons  string // lines below the message
}

// version is a text that a message has from a time on.
type version struct {
	at   time.Time
	text string
}

// posts returns all messages in chats, by chat.
func (p *Pipeline) posts() []post {
	var all []post
	for _, chat := range p.bot.ChatIDs() {
		all = append(all, p.telegramPosts(chat)...)
	}
	for _, channel := range p.options.channels.ids() {
		all = append(all, p.slackPosts(channel)...)
	}
	return all
}

func (p *Pipeline) telegramPosts(chat int64) []post {
	var all []post
	for _, m := range p.bot.Messages(chat) {
		how := "rings"
		if m.Silent {
			how = "silent"
		}
		if m.ReplyTo != 0 {
			how += fmt.Sprintf(", reply to %d", m.ReplyTo)
		}
		all = append(all, post{
			chat: "chat " + p.options.chatName(chat), number: m.ID, how: how, rings: !m.Silent, sent: m.Sent,
			versions: versions(m.Sent, m.Edits, m.Text), buttons: buttons(m.Buttons),
		})
	}
	return all
}

// slackPosts returns the messages of a channel of Slack, numbered from 1. A message
// that mentions people rings.
func (p *Pipeline) slackPosts(channel string) []post {
	list := p.slack.Messages(channel)
	var all []post
	for i, m := range list {
		var how []string
		if len(m.Notified) > 0 {
			how = append(how, "mentions "+people(strings.Join(m.Notified, " "), m.Notified))
		}
		if root := slices.IndexFunc(list, func(x fakeslack.Message) bool { return m.Thread != "" && x.TS == m.Thread }); root >= 0 {
			where := fmt.Sprintf("in the thread of %d", root+1)
			if m.Broadcast {
				where += " and in the channel"
			}
			how = append(how, where)
		}
		for j := range m.Edits {
			m.Edits[j].Text = people(m.Edits[j].Text, m.Notified)
		}
		all = append(all, post{
			chat: "Slack channel " + p.options.channels.name(channel), number: i + 1, how: strings.Join(how, ", "), rings: len(m.Notified) > 0, sent: m.Sent,
			versions: versions(m.Sent, m.Edits, people(m.Text, m.Notified)),
		})
	}
	return all
}

// people returns a text of Slack with its mentions as people see them.
func people(text string, mentions []string) string {
	for _, m := range mentions {
		text = strings.ReplaceAll(text, m, "@"+strings.Trim(strings.TrimPrefix(m, "<!subteam^"), "<@!>"))
	}
	return text
}

// versions returns the versions of a message with a text and earlier ones.
func versions(sent time.Time, edits []web.Edit, text string) []version {
	list := []version{{sent, text}}
	for _, e := range slices.Backward(edits) {
		list[0].at = e.At
		list = slices.Insert(list, 0, version{sent, e.Text})
	}
	return list
}

// entries returns the entries of the transcript for a message and its edits.
func (x post) entries() []entry {
	how := x.how
	if how != "" {
		how = ", " + how
	}
	list := []entry{{x.sent, fmt.Sprintf("→ %s: message %d%s\n%s", x.chat, x.number, how, body(x.versions[0].text+x.buttons))}}
	for i, v := range x.versions[1:] {
		list = append(list, entry{v.at, fmt.Sprintf("→ %s: edit of message %d\n%s", x.chat, x.number, body(changes(x.versions[i].text, v.text)))})
	}
	return list
}

// buttons returns the buttons below a message, a line for each row.
func buttons(list []fakebot.Button) string {
	var text string
	for i, b := range list {
		sep := "\n"
		if i > 0 && b.Row == list[i-1].Row {
			sep = " "
		}
		text += sep + "[" + b.Text + "]"
	}
	return text
}
