package emit

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit/genfile"
	"github.com/alertnative/preflight/internal/model/matchers"
	"github.com/alertnative/preflight/internal/yamlfile"
	"github.com/alertnative/preflight/routing"
)

// amConfig is the part of alertmanager.yml that is generated. Alertmanager's
// own types print secrets as <secret>, and every default.
type amConfig struct {
	Route     amRoute      `yaml:"route"`
	Inhibit   []amInhibit  `yaml:"inhibit_rules,omitempty"`
	Receivers []amReceiver `yaml:"receivers"`
	Intervals []amInterval `yaml:"time_intervals,omitempty"`
}

type amRoute struct {
	Matchers      []string  `yaml:"matchers,omitempty"`
	Receiver      string    `yaml:"receiver,omitempty"`
	GroupBy       *[]string `yaml:"group_by,omitempty"`
	GroupWait     string    `yaml:"group_wait,omitempty"`
	GroupInterval string    `yaml:"group_interval,omitempty"`
	Repeat        string    `yaml:"repeat_interval,omitempty"`
	Continue      bool      `yaml:"continue,omitempty"`
	Mute          []string  `yaml:"mute_time_intervals,omitempty"`
	Active        []string  `yaml:"active_time_intervals,omitempty"`
	Routes        []amRoute `yaml:"routes,omitempty"`
}

type amInhibit struct {
	Source []string `yaml:"source_matchers"`
	Target []string `yaml:"target_matchers"`
	Equal  []string `yaml:"equal,omitempty"`
}

type amReceiver struct {
	Name     string      `yaml:"name"`
	Webhooks []amWebhook `yaml:"webhook_configs,omitempty"`
	Telegram []yaml.Node `yaml:"telegram_configs,omitempty"`
}

type amWebhook struct {
	URL          string  `yaml:"url,omitempty"`
	URLFile      string  `yaml:"url_file,omitempty"`
	SendResolved bool    `yaml:"send_resolved"`
	HTTP         *amHTTP `yaml:"http_config,omitempty"`
}

type amHTTP struct {
	Authorization amAuthorization `yaml:"authorization"`
}

type amAuthorization struct {
	CredentialsFile string `yaml:"credentials_file"`
}

type amTelegram struct {
	SendResolved bool   `yaml:"send_resolved"`
	APIURL       string `yaml:"api_url,omitempty"`
	BotTokenFile string `yaml:"bot_token_file"`
	ChatID       int64  `yaml:"chat_id,omitempty"`
	ChatIDFile   string `yaml:"chat_id_file,omitempty"`
	Topic        int    `yaml:"message_thread_id,omitempty"`
	Silent       bool   `yaml:"disable_notifications"`
	ParseMode    string `yaml:"parse_mode"` // Alertmanager's default is HTML
	Message      string `yaml:"message"`
}

// directMessage is plain text, and within Telegram's length limit: the message
// of last resort must never be refused. It shows the label of the shipped
// scale.
//
//go:embed fallback.tmpl
var directMessage string

// Alertmanager returns alertmanager.yml with the origin of its parts. The error
// joins a finding for each part of the routing that cannot be written.
func (c *Context) Alertmanager() (Written, error) {
	r := c.Routing
	var errs []error
	fail := func(where string, err error) {
		if err != nil {
			errs = append(errs, finding.Finding{Code: finding.Unreadable, Where: where, Reason: err.Error()})
		}
	}
	root, err := c.route(r.Route)
	fail("routing, "+RouteName(r.Route.Match), err)
	for _, x := range r.Route.Routes {
		child, err := c.route(x)
		fail("routing, "+RouteName(x.Match), err)
		root.Routes = append(root.Routes, child)
	}
	config := amConfig{Route: root}
	for _, i := range r.Inhibit {
		source, err1 := matchers.Parse(i.Source)
		target, err2 := matchers.Parse(i.Target)
		fail("routing, "+InhibitName(i), errors.Join(err1, err2))
		config.Inhibit = append(config.Inhibit, amInhibit{matcherTexts(source), matcherTexts(target), i.Equal})
	}
	for _, x := range r.Receivers {
		receiver, err := c.receiver(x)
		fail(fmt.Sprintf("receiver %q", x.Name), err)
		config.Receivers = append(config.Receivers, receiver)
	}
	if config.Intervals, err = intervals(r.TimeIntervals); err != nil {
		fail("routing, time intervals", err)
	}
	if err := errors.Join(errs...); err != nil {
		return Written{}, err
	}
	data, err := genfile.YAML(config)
	return Written{Data: data, Receivers: map[string]bool{}, Intervals: map[string]bool{}, Inhibits: make([]bool, len(config.Inhibit))}, err
}

// route returns a route without its children.
func (c *Context) route(r routing.Route) (amRoute, error) {
	own, err := matchers.Parse(r.Match)
	out := amRoute{
		Matchers: matcherTexts(own), Receiver: r.Receiver,
		Continue: r.Continue, Mute: r.Mute, Active: r.Active,
	}
	if r.GroupBy != nil {
		out.GroupBy = &r.GroupBy
	}
	errs := []error{err}
	for _, wait := range []struct {
		field, text string
		to          *string
	}{
		{"GroupWait", r.GroupWait, &out.GroupWait},
		{"GroupInterval", r.GroupInterval, &out.GroupInterval},
		{"RepeatInterval", r.RepeatInterval, &out.Repeat},
	} {
		if wait.text == "" {
			continue
		}
		d, err := model.ParseDuration(wait.text)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w: write it as \"30s\" or \"4h\"", wait.field, err))
		}
		*wait.to = d.String()
	}
	return out, errors.Join(errs...)
}

// receiver returns the integrations of a receiver.
func (c *Context) receiver(r routing.Receiver) (amReceiver, error) {
	out := amReceiver{Name: r.Name}
	if path, ok := c.WebhookPath(r); ok {
		hook := amWebhook{URL: strings.TrimSuffix(c.Webhook.URL, "/") + path, SendResolved: !r.FiringOnly}
		if !c.Webhook.Token.Empty() {
			hook.HTTP = &amHTTP{amAuthorization{c.Webhook.Token.Path(c.Secrets)}}
		}
		out.Webhooks = append(out.Webhooks, hook)
	}
	for _, w := range r.Webhook {
		out.Webhooks = append(out.Webhooks, amWebhook{URLFile: w.URL.Path(c.Secrets), SendResolved: !r.FiringOnly})
	}
	var errs []error
	for _, t := range r.Telegram {
		config := amTelegram{
			SendResolved: !r.FiringOnly, BotTokenFile: t.BotToken.Path(c.Secrets), ChatID: t.ChatID, ChatIDFile: t.ChatIDFile.Path(c.Secrets),
			Silent: r.Sound == routing.Silent, Message: strings.ReplaceAll(directMessage, ".Labels.priority", ".Labels."+c.Scale.Label),
		}
		node, err := telegram(config, t)
		out.Telegram, errs = append(out.Telegram, node), append(errs, err)
	}
	return out, errors.Join(errs...)
}

// telegram completes an integration with the fields of its YAML.
func telegram(config amTelegram, t routing.Telegram) (yaml.Node, error) {
	var node yaml.Node
	switch {
	case t.BotToken.Empty():
		return node, errors.New("integration Telegram: BotToken is missing: set it to the secret with the bot's token")
	case (t.ChatID == 0) == t.ChatIDFile.Empty():
		return node, errors.New("integration Telegram: give one of ChatID and ChatIDFile")
	}
	var rest struct {
		APIURL, Message string
		Topic           int
	}
	if text := []byte(t.YAML); !yamlfile.Empty(text) {
		f, err := yamlfile.Parse("YAML", text)
		if err != nil {
			return node, fmt.Errorf("integration Telegram: %w", err)
		}
		errs := f.Unknown([]string{"api_url", "message_thread_id", "message"})
		errs = slices.Concat(errs, f.Decode("api_url", &rest.APIURL), f.Decode("message_thread_id", &rest.Topic), f.Decode("message", &rest.Message))
		if err := errors.Join(f.Single(), yamlfile.Join(errs)); err != nil {
			return node, fmt.Errorf("integration Telegram: %w", err)
		}
	}
	config.APIURL, config.Topic = rest.APIURL, rest.Topic
	if rest.Message != "" {
		config.Message = rest.Message
	}
	return node, node.Encode(config)
}

// matcherTexts returns matchers in the syntax of alertmanager.yml.
func matcherTexts(ms labels.Matchers) []string {
	var out []string
	for _, m := range ms {
		out = append(out, m.String())
	}
	return out
}

// RouteName names a route by its matchers.
func RouteName(match string) string {
	ms, err := matchers.Parse(match)
	if err != nil {
		return "{" + match + "}"
	}
	if len(ms) == 0 {
		return "the default route"
	}
	return "{" + strings.Join(matcherTexts(ms), ",") + "}"
}

// InhibitName names an inhibition by its matchers.
func InhibitName(i routing.Inhibit) string {
	return fmt.Sprintf("inhibition of %s by %s", RouteName(i.Target), RouteName(i.Source))
}

// amInterval is a time interval in alertmanager.yml.
type amInterval struct {
	Name   string   `yaml:"name"`
	Ranges []amSpan `yaml:"time_intervals"`
}

type amSpan struct {
	Times    []amTimes `yaml:"times,omitempty"`
	Weekdays []string  `yaml:"weekdays,omitempty"`
	Days     []string  `yaml:"days_of_month,omitempty"`
	Months   []string  `yaml:"months,omitempty"`
	Years    []string  `yaml:"years,omitempty"`
	Location string    `yaml:"location,omitempty"`
}

type amTimes struct {
	From string `yaml:"start_time"`
	To   string `yaml:"end_time"`
}

// intervals returns the time intervals. Intervals with one name become one.
func intervals(list []routing.TimeInterval) ([]amInterval, error) {
	var out []amInterval
	var errs []error
	for _, i := range list {
		span := amSpan{Weekdays: i.Weekdays, Days: i.Days, Months: i.Months, Years: i.Years, Location: i.Location}
		for _, t := range i.Times {
			from, to, found := strings.Cut(t, "-")
			if !found {
				errs = append(errs, fmt.Errorf("%q: %q is not a time range: write it like \"22:00-24:00\"", i.Name, t))
			}
			span.Times = append(span.Times, amTimes{from, to})
		}
		at := slices.IndexFunc(out, func(x amInterval) bool { return x.Name == i.Name })
		if at < 0 {
			out = append(out, amInterval{Name: i.Name})
			at = len(out) - 1
		}
		out[at].Ranges = append(out[at].Ranges, span)
	}
	return out, errors.Join(errs...)
}
