package emit

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	_ "embed"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit/amfile"
	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/alertnative/preflight/routing"
)

// integration is an integration of a receiver.
type integration struct {
	field   string // Slack, or Slack[1] for the second
	kind    string // slack
	keys    []key
	yaml    string
	missing string // advice for a field that is not set
	checked bool   // another check reports its mistakes
	secrets map[string]routing.Credential
}

// key is a key of an integration. field is the field of the literal that sets
// it; "" is a default, which YAML may replace.
type key struct {
	name  string
	value any
	field string
}

// directMessage is plain text, and within Telegram's length limit: the message
// of last resort must never be refused. It shows the label of the shipped
// scale.
//
//go:embed fallback.tmpl
var directMessage string

// integrations returns the integrations of a receiver, the webhook of this
// module first.
func (b *amBuilder) integrations(r routing.Receiver) []integration {
	resolved := key{sendResolved, !r.FiringOnly, ""}
	var out []integration
	if path, ok := b.WebhookPath(r); ok {
		i := integration{field: "Chats", kind: "webhook", checked: true, keys: []key{{"url", strings.TrimSuffix(b.Webhook.URL, "/") + path, ""}, resolved}}
		if !b.Webhook.Token.Empty() {
			token := map[string]any{"authorization": map[string]string{"credentials_file": b.Webhook.Token.Path(b.Secrets)}}
			i.keys = append(i.keys, key{"http_config", token, ""})
		}
		out = append(out, i)
	}
	for at, x := range r.Webhook {
		i := integration{field: numbered("Webhook", at, len(r.Webhook)), kind: "webhook", yaml: x.YAML}
		i.secret(b, "url", "URL", x.URL, "the secret with the URL")
		i.keys = append(i.keys, resolved)
		out = append(out, i)
	}
	for at, x := range r.PagerDuty {
		i := integration{field: numbered("PagerDuty", at, len(r.PagerDuty)), kind: "pagerduty", keys: []key{resolved}, yaml: x.YAML}
		i.secret(b, "routing_key", "RoutingKey", x.RoutingKey, "the secret with the integration key")
		out = append(out, i)
	}
	for at, x := range r.Slack {
		i := integration{field: numbered("Slack", at, len(r.Slack)), kind: "slack", keys: []key{resolved}, yaml: x.YAML}
		i.secret(b, "api_url", "APIURL", x.APIURL, "the secret with the URL of the incoming webhook")
		i.text("channel", "Channel", x.Channel)
		out = append(out, i)
	}
	for at, x := range r.Email {
		i := integration{field: numbered("Email", at, len(r.Email)), kind: "email", keys: []key{resolved}, yaml: x.YAML}
		i.text("to", "To", x.To)
		i.secret(b, "auth_password", "AuthPassword", x.AuthPassword, "")
		if x.To == "" {
			i.missing = "To is missing: set it to the addresses, separated by commas"
		}
		out = append(out, i)
	}
	for at, x := range r.Opsgenie {
		i := integration{field: numbered("Opsgenie", at, len(r.Opsgenie)), kind: "opsgenie", keys: []key{resolved}, yaml: x.YAML}
		i.secret(b, "api_key", "APIKey", x.APIKey, "the secret with the API key")
		out = append(out, i)
	}
	for at, x := range r.MSTeams {
		i := integration{field: numbered("MSTeams", at, len(r.MSTeams)), kind: "msteamsv2", keys: []key{resolved}, yaml: x.YAML}
		i.secret(b, "webhook_url", "WebhookURL", x.WebhookURL, "the secret with the URL of the workflow")
		out = append(out, i)
	}
	for at, x := range r.Telegram {
		out = append(out, b.telegram(numbered("Telegram", at, len(r.Telegram)), r, x))
	}
	for _, x := range r.Native {
		field := fmt.Sprintf("Native %q", x.Kind)
		out = append(out, integration{field: field, kind: x.Kind, keys: []key{resolved}, yaml: x.YAML, secrets: x.Secrets})
		for _, c := range x.Secrets {
			out[len(out)-1].checked = out[len(out)-1].checked || c.Empty()
		}
	}
	return out
}

// telegram returns the integration of Alertmanager, with a message of this
// module.
func (b *amBuilder) telegram(field string, r routing.Receiver, x routing.Telegram) integration {
	i := integration{field: field, kind: "telegram", keys: []key{{sendResolved, !r.FiringOnly, ""}}, yaml: x.YAML}
	i.secret(b, "bot_token", "BotToken", x.BotToken, "the secret with the bot's token")
	if x.ChatID != 0 {
		i.keys = append(i.keys, key{"chat_id", x.ChatID, field + ".ChatID"})
	}
	i.secret(b, "chat_id", "ChatIDFile", x.ChatIDFile, "")
	if (x.ChatID == 0) == x.ChatIDFile.Empty() && i.missing == "" {
		i.missing = "give one of ChatID and ChatIDFile"
	}
	i.keys = append(i.keys,
		key{"disable_notifications", r.Sound == routing.Silent, "the receiver's Sound"},
		key{"parse_mode", "", ""}, // Alertmanager's default is HTML
		key{"message", strings.ReplaceAll(directMessage, ".Labels.priority", ".Labels."+b.Scale.Label), ""},
	)
	return i
}

// numbered names an element of a list, unless it is the only one.
func numbered(field string, at, of int) string {
	if of == 1 {
		return field
	}
	return fmt.Sprintf("%s[%d]", field, at)
}

// secret adds the key for the file of a secret. purpose describes a secret that
// the integration needs.
func (i *integration) secret(b *amBuilder, name, field string, c routing.Credential, purpose string) {
	i.checked = i.checked || c.Nameless()
	if !c.Empty() {
		i.keys = append(i.keys, key{name + "_file", c.Path(b.Secrets), i.field + "." + field})
	} else if purpose != "" {
		i.missing = fmt.Sprintf("%s is missing: set it to %s", field, purpose)
	}
}

// text adds a key with a text.
func (i *integration) text(name, field, value string) {
	if value != "" {
		i.keys = append(i.keys, key{name, value, i.field + "." + field})
	}
}

// unknownKind reports a Native of a kind that Alertmanager does not have.
func (b *amBuilder) unknownKind(r routing.Receiver, i integration) {
	kinds := amfile.Kinds()
	b.add(finding.Finding{
		Code: finding.Undefined, Where: fmt.Sprintf("receiver %q", r.Name), Part: "Native",
		Reason:     fmt.Sprintf("Alertmanager has no integration of the Kind %q: the kinds are %s", i.kind, strings.Join(kinds, ", ")),
		Suggestion: suggest.Nearest(strings.TrimSuffix(strings.ToLower(i.kind), "_configs"), kinds),
	})
}

// secretKeys returns the keys of the secrets of a Native, sorted.
func (i integration) secretKeys() []string { return slices.Sorted(maps.Keys(i.secrets)) }
