package pipelinetest

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/internal/readdress"
	"github.com/alertnative/preflight/routing"
)

// The secrets of the bot and the webhook, and where the Bot API is.
const (
	botToken     = "123456:test"
	webhookToken = "test"
	telegramHost = "telegram.test:80"
	firstChat    = -100
)

// addressed is a copy of a site with the addresses and secrets of a story. What
// the generator would find wrong of the site, it finds wrong of the copy.
type addressed struct {
	site    preflight.Site
	chats   map[string]int64 // the number of each chat that the site names
	outside []outside

	dir     string // for files of secrets
	secrets int
	err     error
}

// outside is an integration of Alertmanager that does not go through the
// webhook: one of a receiver.
type outside struct {
	receiver string
	watchdog bool
	path     string // under which it calls the Bot API; empty for a webhook
	host     string // that a webhook calls
}

// withAddresses copies a site. Its secrets become files in a folder.
func withAddresses(site preflight.Site, dir string) (*addressed, error) {
	a := &addressed{site: site, chats: map[string]int64{}, dir: dir}
	if w := &a.site.Webhook; w.URL != "" {
		if u, err := url.Parse(w.URL); err == nil && u.Host != "" {
			w.URL = "http://" + hostPort(u)
		}
		w.Token = a.secret(w.Token, webhookToken)
		w.DefaultChat = a.chat(w.DefaultChat)
	}
	err := readdress.Receivers(&a.site, a.receiver)
	return a, errors.Join(a.err, err)
}

// hostPort returns the host of an address, with the port of its scheme.
func hostPort(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Host
	case u.Scheme == "https":
		return net.JoinHostPort(u.Hostname(), "443")
	default:
		return net.JoinHostPort(u.Hostname(), "80")
	}
}

// secret writes the content of a secret that is named into a file.
func (a *addressed) secret(c routing.Credential, content string) routing.Credential {
	if c.Empty() || a.err != nil {
		return c
	}
	a.secrets++
	file := filepath.Join(a.dir, fmt.Sprintf("secret%d", a.secrets))
	a.err = os.WriteFile(file, []byte(content), 0o600)
	return routing.File(file)
}

// chat returns the number of a chat as text. Chats that a site tells apart
// have different numbers.
func (a *addressed) chat(name string) string {
	if name == "" {
		return ""
	}
	id, known := a.chats[name]
	if !known {
		id = firstChat - int64(len(a.chats))
		a.chats[name] = id
	}
	return strconv.FormatInt(id, 10)
}

// receiver gives the copy of a receiver its chats and addresses.
func (a *addressed) receiver(r *routing.Receiver) error {
	for i := range r.Chats {
		r.Chats[i].Telegram = a.chat(r.Chats[i].Telegram)
	}
	var errs []error
	for i := range r.Telegram {
		t := &r.Telegram[i]
		t.BotToken = a.secret(t.BotToken, botToken)
		t.ChatIDFile = a.secret(t.ChatIDFile, strconv.Itoa(firstChat))
		if t.ChatID != 0 {
			t.ChatID = a.number(a.chat(strconv.FormatInt(t.ChatID, 10)))
		}
		// At a path of its own, so that its messages can be told from others.
		path := fmt.Sprintf("/receiver%d", len(a.outside))
		errs = append(errs, readdress.Telegram(t, "http://"+telegramHost+path))
		a.outside = append(a.outside, outside{receiver: r.Name, path: path})
	}
	for i := range r.Webhook {
		host := fmt.Sprintf("receiver%d.test:80", len(a.outside))
		r.Webhook[i].URL = a.secret(r.Webhook[i].URL, "http://"+host+"/")
		a.outside = append(a.outside, outside{receiver: r.Name, watchdog: r.Watchdog, host: host})
	}
	return errors.Join(errs...)
}

// number returns the number of a chat of the copy.
func (a *addressed) number(chat string) int64 {
	id, _ := strconv.ParseInt(chat, 10, 64) // written by a.chat
	return id
}

// numbers returns the numbers of all chats, at least one.
func (a *addressed) numbers() []int64 {
	all := []int64{firstChat}
	for _, id := range a.chats {
		if id != firstChat {
			all = append(all, id)
		}
	}
	slices.Sort(all)
	return all
}
