package telegram

import (
	"time"

	"github.com/go-telegram/bot/models"

	"github.com/alertnative/preflight/webhook/transport"
)

// maxText is the length of the longest text after the parsing of its tags, in UTF-16
// code units.
const maxText = 4096

// Capabilities returns the abilities of a chat: one call a second, twenty a minute
// to a group or channel, and a little less than thirty a second in all.
func (*Client) Capabilities(chat Chat) transport.Capabilities {
	c := transport.Capabilities{
		Edits: true, Replies: true, Silent: true, Buttons: true, Text: maxText,
		Rates: transport.Rates{Chat: time.Second, Global: 25},
	}
	if isGroup(chat) {
		c.Rates.Group = 20
	}
	return c
}

// text returns the text of a message and its markup: HTML or none.
func text(m transport.Message) (string, models.ParseMode) {
	d := m.Mentioning(maxText)
	if m.Plain {
		return d.Plain(), ""
	}
	return d.HTML(), models.ParseModeHTML
}

// keyboard returns the buttons of a message, or nil.
func keyboard(m transport.Message) *models.InlineKeyboardMarkup {
	buttons := m.Document.Buttons
	if len(buttons) == 0 || m.Plain {
		return nil
	}
	var k models.InlineKeyboardMarkup
	for i, b := range buttons {
		if i == 0 || b.Row != buttons[i-1].Row {
			k.InlineKeyboard = append(k.InlineKeyboard, nil)
		}
		row := &k.InlineKeyboard[len(k.InlineKeyboard)-1]
		*row = append(*row, models.InlineKeyboardButton{Text: b.Text, URL: b.URL})
	}
	return &k
}
