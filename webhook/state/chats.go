package state

import (
	"slices"
	"strings"
)

// NoChat stands for the chat of instances that only the history keeps, because
// their receiver makes no messages.
const NoChat = "none"

// Chats are the keys of the configured chats.
type Chats struct {
	Default   []string
	Receivers []ReceiverChats
}

// ReceiverChats are the chats of a receiver; none if it makes no messages.
type ReceiverChats struct {
	Name  string
	Chats []string
}

// All returns the chats, each once.
func (c Chats) All() (list []string) {
	for _, key := range c.Default {
		list = appendNew(list, key)
	}
	for _, r := range c.Receivers {
		for _, key := range r.Chats {
			list = appendNew(list, key)
		}
	}
	return list
}

func appendNew(list []string, key string) []string {
	if slices.Contains(list, key) {
		return list
	}
	return append(list, key)
}

// Of returns the chats of a receiver. One that is not configured has the default
// chats, so that its alerts are shown.
func (c Chats) Of(receiver string) []string {
	if i := slices.IndexFunc(c.Receivers, func(r ReceiverChats) bool { return r.Name == receiver }); i >= 0 {
		return c.Receivers[i].Chats
	}
	return c.Default
}

// Named returns the chats of a receiver for other replicas: nil if it is not
// configured, and [NoChat] if it makes no messages.
func (c Chats) Named(receiver string) []string {
	for _, r := range c.Receivers {
		if r.Name == receiver && len(r.Chats) == 0 {
			return []string{NoChat}
		}
		if r.Name == receiver {
			return r.Chats
		}
	}
	return nil
}

// Spelled returns a key of another replica as this one writes it. Telegram ignores the
// case of a @name.
func (c Chats) Spelled(key string) string {
	if !strings.HasPrefix(key, "@") {
		return key
	}
	for _, own := range c.All() {
		if strings.EqualFold(own, key) {
			return own
		}
	}
	return key
}

// Users returns the receivers that name a chat. The empty name stands for the
// default chats.
func (c Chats) Users(key string) (names []string) {
	if slices.Contains(c.Default, key) {
		names = append(names, "")
	}
	for _, r := range c.Receivers {
		if slices.Contains(r.Chats, key) {
			names = append(names, r.Name)
		}
	}
	return names
}

// Qualify adds the receiver to the key of the group. Two routes with the same
// matchers have groups with the same key, and each notifies its own receiver.
func (n *Arrival) Qualify() {
	if suffix := "@" + n.Receiver; n.Receiver != "" && !strings.HasSuffix(n.GroupKey, suffix) {
		n.GroupKey += suffix
	}
}

// Unqualified returns the key of a group without its receiver.
func Unqualified(key string) string {
	if i := strings.LastIndex(key, "}@"); i >= 0 {
		return key[:i+1]
	}
	return key
}
