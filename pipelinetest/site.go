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
	"strings"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/internal/readdress"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/webhook/config"
)

// The secrets of the bots and the webhook, and the addresses of the services.
const (
	botToken     = "123456:test"
	slackToken   = "xoxb-1-2-test"
	webhookToken = "test"
	telegramHost = "telegram.test:80"
	slackHost    = "slack.test:80"
	firstChat    = -100
)

// addressed is a copy of a site with the addresses and secrets of a story. The
// generator has the same findings on the copy as on the original.
type addressed struct {
	site     preflight.Site
	chats    map[string]int64 // number of each chat of Telegram
	channels channels
	outside  []outside

	dir     string // folder of the secrets' files
	secrets int
	err     error
}

// outside is an integration of a receiver that does not use the webhook.
type outside struct {
	receiver string
	watchdog bool
	path     string // path of its calls to the Bot API; "" for a webhook
	host     string // host of a webhook
	program  string // program behind a recorded integration
}

// withAddresses copies a site. It writes the site's secrets to files in dir.
func withAddresses(site preflight.Site, dir string) (*addressed, error) {
	a := &addressed{site: site, chats: map[string]int64{}, channels: channels{}, dir: dir}
	for _, r := range site.Routing.Receivers {
		for _, c := range r.Chats {
			a.channels.add(c.Slack)
		}
	}
	if w := &a.site.Webhook; w.URL != "" {
		if u, err := url.Parse(w.URL); err == nil && u.Host != "" {
			w.URL = "http://" + hostPort(u)
		}
		w.Token = a.secret(w.Token, webhookToken)
		w.DefaultChat = a.defaultChat(w.DefaultChat)
	}
	for _, r := range a.site.Routing.Receivers {
		for _, c := range r.Chats {
			a.chat(c.Telegram)
		}
	}
	err := readdress.Receivers(&a.site, a.receiver)
	return a, errors.Join(a.err, err)
}

// hostPort returns the host of an address with the port, or the default port of
// its scheme.
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

// secret writes a secret to a file, if the credential is set.
func (a *addressed) secret(c routing.Credential, content string) routing.Credential {
	if c.Empty() || a.err != nil {
		return c
	}
	a.secrets++
	file := filepath.Join(a.dir, fmt.Sprintf("secret%d", a.secrets))
	a.err = os.WriteFile(file, []byte(content), 0o600)
	return routing.File(file)
}

// chat returns the number of a chat as text. Different chats of a site get
// different numbers.
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

// defaultChat returns a list of chats, separated by commas, with the numbers of
// those of Telegram.
func (a *addressed) defaultChat(list string) string {
	var out []string
	for text := range strings.SplitSeq(list, ",") {
		text = strings.TrimSpace(text)
		switch id, isChannel := config.Channel(text); {
		case isChannel:
			a.channels.add(id)
		case a.channels[text] != "":
			text = config.Slack + ":" + a.channels[text]
		default:
			text = a.chat(text)
		}
		out = append(out, text)
	}
	return strings.Join(out, ",")
}

// secretChat returns the number of a chat that a secret holds: that of the site's
// chat if it has one, else one of its own.
func (a *addressed) secretChat(c routing.Credential) string {
	if c.Empty() || len(a.chats) <= 1 {
		return strconv.Itoa(firstChat)
	}
	return a.chat("in " + c.Path("secret"))
}

// chatName returns the name of a chat in transcripts: as the site writes it if the
// site has several, else its number.
func (a *addressed) chatName(id int64) string {
	if len(a.chats) > 1 {
		for name, number := range a.chats {
			if number == id {
				return name
			}
		}
	}
	return strconv.FormatInt(id, 10)
}

// receiver sets the chats and addresses of a receiver of the copy.
func (a *addressed) receiver(r *routing.Receiver) error {
	for i := range r.Chats {
		r.Chats[i].Telegram = a.chat(r.Chats[i].Telegram)
		a.channels.add(r.Chats[i].Slack)
	}
	var errs []error
	for i := range r.Telegram {
		t := &r.Telegram[i]
		t.BotToken = a.secret(t.BotToken, botToken)
		t.ChatIDFile = a.secret(t.ChatIDFile, a.secretChat(t.ChatIDFile))
		if t.ChatID != 0 {
			t.ChatID = a.number(a.chat(strconv.FormatInt(t.ChatID, 10)))
		}
		// Its own path identifies the messages of this integration.
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
	id, _ := strconv.ParseInt(chat, 10, 64) // a.chat wrote it
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
