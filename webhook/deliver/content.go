package deliver

import (
	"encoding/json"

	"github.com/alertnative/preflight/webhook/state"
	"github.com/alertnative/preflight/webhook/transport"
)

// content is a message as the spool stores it. The version before reads the same
// fields, of which it knows a number in ReplyTo alone.
type content struct {
	HTML    string
	Plain   string
	Buttons []button
	Silent  bool
	ReplyTo int64
	Reply   string `json:",omitempty"` // an id that is no number

	Mentions []string `json:",omitempty"`
	Severity string   `json:",omitempty"`
	Urgent   bool     `json:",omitempty"`
}

type button struct {
	Text, URL string
	Row       int `json:",omitempty"`
}

// encode returns the stored form of a message.
func encode(m transport.Message) ([]byte, error) {
	d := m.Document
	c := content{HTML: d.HTML(), Plain: d.Plain(), Silent: m.Silent, Mentions: m.Mentions, Severity: d.Severity, Urgent: d.Urgent}
	c.ReplyTo, c.Reply = state.SplitID(m.ReplyTo)
	for _, b := range d.Buttons {
		c.Buttons = append(c.Buttons, button(b))
	}
	return json.Marshal(c)
}

// decode reads the stored form of a message.
func decode(data []byte) (m transport.Message, err error) {
	var c content
	if err := json.Unmarshal(data, &c); err != nil {
		return m, err
	}
	if m.Document, err = transport.ParseHTML(c.HTML); err != nil {
		return m, err
	}
	m.Silent, m.Mentions, m.ReplyTo = c.Silent, c.Mentions, state.JoinID(c.ReplyTo, c.Reply)
	m.Document.Severity, m.Document.Urgent = c.Severity, c.Urgent
	for _, b := range c.Buttons {
		m.Document.Buttons = append(m.Document.Buttons, transport.Button(b))
	}
	return m, nil
}
