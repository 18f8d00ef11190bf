package rules

import (
	_ "embed"
	"errors"
	"slices"
	"strings"
)

// Integrations says by what means Alertmanager tells its receivers. Secrets are
// in files, as Alertmanager sees them: a generated file holds none.
type Integrations struct {
	WebhookURL       string // http://webhook:9917
	WebhookTokenFile string // a file with the bearer token; may be empty
	// HeartbeatURLFile is a file with a URL that expects a POST for as long
	// as the pipeline lives; empty for none. Who knows the URL can fake the
	// sign of life, so it is a secret.
	HeartbeatURLFile string
	Fallback         Fallback
}

// Fallback is the chat that Alertmanager itself tells when the webhook is in
// doubt. The zero value is none.
type Fallback struct {
	APIURL       string `yaml:"api_url"`        // of the Bot API; empty for Telegram's
	BotTokenFile string `yaml:"bot_token_file"` // a file with the bot's token
	// One of ChatID and ChatIDFile, a file with it.
	ChatID     int64  `yaml:"chat_id"`
	ChatIDFile string `yaml:"chat_id_file"`
	Topic      int    `yaml:"message_thread_id"` // of a forum; 0 for none
}

// fallbackMessage is plain text, and no longer than Telegram takes: what is
// told when all else fails must never be refused.
//
//go:embed fallback.tmpl
var fallbackMessage string

// Validate reports a fallback that is not complete.
func (in Integrations) Validate() error {
	f := in.Fallback
	switch {
	case f == Fallback{}:
		return nil
	case f.BotTokenFile == "":
		return errors.New("fallback: bot_token_file is missing: name the file with the bot's token, as Alertmanager sees it")
	case (f.ChatID == 0) == (f.ChatIDFile == ""):
		return errors.New("fallback: give one of chat_id and chat_id_file")
	}
	return nil
}

// SetUp returns the routing without the receivers that have no means of
// telling, and without the routes to them and what is promised of them.
func (r Routing) SetUp(in Integrations) Routing {
	idle := map[string]bool{}
	for _, rec := range r.Receivers {
		config := in.receiver(rec)
		idle[rec.Name] = len(config.Webhooks)+len(config.Telegram) == 0
	}
	r.Receivers = slices.DeleteFunc(slices.Clone(r.Receivers), func(rec Receiver) bool { return idle[rec.Name] })
	r.Routes = slices.DeleteFunc(slices.Clone(r.Routes), func(route Route) bool { return idle[route.Receiver] })
	r.Promises = slices.DeleteFunc(slices.Clone(r.Promises), func(p Promise) bool { return idle[p.Receiver] })
	return r
}

func (in Integrations) receiver(r Receiver) amReceiver {
	out := amReceiver{Name: r.Name}
	if r.Path != "" {
		hook := amWebhook{URL: strings.TrimSuffix(in.WebhookURL, "/") + r.Path, SendResolved: !r.FiringOnly}
		if in.WebhookTokenFile != "" {
			hook.HTTP = &amHTTP{amAuthorization{in.WebhookTokenFile}}
		}
		out.Webhooks = append(out.Webhooks, hook)
	}
	if r.Heartbeat && in.HeartbeatURLFile != "" {
		out.Webhooks = append(out.Webhooks, amWebhook{URLFile: in.HeartbeatURLFile, SendResolved: !r.FiringOnly})
	}
	if f := in.Fallback; r.Fallback != "" && f != (Fallback{}) {
		out.Telegram = []amTelegram{{
			SendResolved: !r.FiringOnly, APIURL: f.APIURL, BotTokenFile: f.BotTokenFile, ChatID: f.ChatID, ChatIDFile: f.ChatIDFile,
			Topic: f.Topic, Silent: r.Fallback == Silent, Message: fallbackMessage,
		}}
	}
	return out
}
