package transport

import "strconv"

// Telegram is the name of the transport whose chats have a zero [Chat.Transport].
const Telegram = "telegram"

// Chat is a place where a service shows messages.
type Chat struct {
	// Transport is the name of the service. It is empty for [Telegram], whose chats
	// earlier versions stored by their ids alone.
	Transport string
	ID        string // as the service names the chat
	Topic     int    // a part of the chat with its own messages; 0 for none
}

// Service returns the name of the transport of the chat.
func (c Chat) Service() string {
	if c.Transport == "" {
		return Telegram
	}
	return c.Transport
}

// String returns the notation of the chat in configurations, which is also its key
// in the spool: "ID", "ID:TOPIC" or "TRANSPORT:ID".
func (c Chat) String() string {
	s := c.ID
	if c.Transport != "" {
		s = c.Transport + ":" + s
	}
	if c.Topic != 0 {
		s += ":" + strconv.Itoa(c.Topic)
	}
	return s
}
