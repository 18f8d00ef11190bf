package definitions

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/alertnative/preflight/internal/model/matchers"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/webhook/config"
	"github.com/alertnative/preflight/webhook/message"
)

// routing checks that every route and inhibition can apply, and that its names
// are defined. The proof on the generated file checks the delivery of alerts.
func (c *Checked) routing() []finding.Finding {
	out := slices.Concat(c.receivers(), c.unsupported(), c.webhook())
	r := c.Routing
	if r.Route.Receiver == "" {
		return append(out, finding.Finding{Code: finding.Undefined, Where: "routing, the default route", Reason: "it has no Receiver: name the receiver of alerts that no route takes"})
	}
	for i, route := range append([]routing.Route{r.Route}, r.Route.Routes...) {
		out = append(out, c.route(i, route)...)
	}
	return slices.Concat(out, c.inhibitions(), c.packRouting())
}

// webhook decodes webhook.yml as the webhook does.
func (c *Checked) webhook() []finding.Finding {
	if c.Site.Webhook.URL == "" || c.Scale.Label == "" || len(c.Scale.Levels) == 0 {
		return nil // another check reports a missing scale
	}
	file := c.WebhookConfig(false)
	if c.Site.Webhook.DefaultChat == "" {
		file.DefaultChat = config.Default().DefaultChat // the check of receivers covers theirs
	}
	if _, err := config.Parse("webhook.yml", file.Encode()); err != nil {
		return []finding.Finding{{Code: finding.BadSite, Where: "site", Part: "Severities and Webhook", Reason: "the webhook would refuse its configuration: " + err.Error()}}
	}
	return nil
}

// route checks a route; 0 is the root.
func (c *Checked) route(i int, route routing.Route) []finding.Finding {
	var out []finding.Finding
	where := "routing, " + emit.RouteName(route.Match)
	add := func(code finding.Code, suggestion, format string, args ...any) {
		out = append(out, finding.Finding{Code: code, Where: where, Reason: fmt.Sprintf(format, args...), Suggestion: suggestion})
	}
	if name := route.Receiver; name != "" && !c.hasReceiver(name) {
		add(finding.Undefined, suggest.Nearest(name, c.receiverNames()), "the receiver %q is not defined", name)
	}
	for _, name := range append(slices.Clone(route.Mute), route.Active...) {
		if !slices.ContainsFunc(c.Routing.TimeIntervals, func(x routing.TimeInterval) bool { return x.Name == name }) {
			add(finding.Undefined, "", "the time interval %q is not defined", name)
		}
	}
	own, err := matchers.Parse(route.Match)
	if err != nil {
		add(finding.Unreadable, "", "Match: %v", err)
		return out
	}
	if i == 0 && len(own) > 0 {
		add(finding.UnreachableRoute, "", "the root route takes every alert: leave Match out")
	}
	return out
}

// receivers reports receivers without an integration, and duplicate names.
func (c *Checked) receivers() []finding.Finding {
	var out []finding.Finding
	seen := map[string]bool{}
	for _, r := range c.Routing.Receivers {
		where := fmt.Sprintf("receiver %q", r.Name)
		add := func(code finding.Code, format string, args ...any) {
			out = append(out, finding.Finding{Code: code, Where: where, Reason: fmt.Sprintf(format, args...)})
		}
		if r.Name == "" {
			where = "receiver without a name"
			add(finding.Undefined, "give it a Name")
		}
		if seen[r.Name] {
			add(finding.Clash, "the site has two receivers of the name: rename one")
		}
		seen[r.Name] = true
		if !slices.Contains(append(sounds(), ""), r.Sound) {
			add(finding.Unreadable, "the Sound %q is none of Loud, Silent and NoMessage", r.Sound)
		}
		integrations := len(r.PagerDuty) + len(r.Slack) + len(r.Email) + len(r.Opsgenie) + len(r.MSTeams) + len(r.Telegram) + len(r.Webhook) + len(r.Native)
		switch {
		case r.Watchdog && len(r.Chats) > 0:
			add(finding.NoMeans, "a heartbeat is no message: leave out Chats or Watchdog")
		case (r.Watchdog && integrations == 0 || len(r.Chats) > 0) && c.Webhook.URL == "":
			add(finding.NoMeans, "it goes through preflight-webhook, and the site has no Webhook.URL")
		case integrations+len(r.Chats) == 0 && !r.Watchdog && r.Sound != routing.NoMessage:
			add(finding.NoMeans, "it has no integration: add Chats or another one, or set Sound: routing.NoMessage or Watchdog: true")
		}
		for _, chat := range r.Chats {
			if _, _, ok := config.Chat(chat.Telegram); chat.Slack == "" && !ok && !config.IsVariable(chat.Telegram) {
				add(finding.NoMeans, "the chat %q is none: %s, or $VARIABLE of the webhook's environment", chat.Telegram, config.ChatForm)
			}
		}
		if r.Language != "" && !slices.Contains(message.Languages(), r.Language) {
			add(finding.NoMeans, "the webhook has no messages in the Language %q: choose one of %s", r.Language, strings.Join(message.Languages(), ", "))
		}
		if !c.usesReceiver(r.Name) {
			add(finding.UnreachableRoute, "no route sends anything to it")
		}
	}
	return out
}

func sounds() []routing.Sound {
	return []routing.Sound{routing.Loud, routing.Silent, routing.NoMessage}
}

func (c *Checked) usesReceiver(name string) bool {
	return c.Routing.Route.Receiver == name || slices.ContainsFunc(c.Routing.Route.Routes, func(r routing.Route) bool { return r.Receiver == name })
}

// unsupported reports parts of the routing without an effect in the outputs.
func (c *Checked) unsupported() []finding.Finding {
	var out []finding.Finding
	add := func(where, field string, set bool) {
		if set {
			out = append(out, finding.Finding{Code: finding.NotYetEmitted, Where: where, Reason: field + " is not yet emitted: leave it out"})
		}
	}
	chats := map[string]bool{}
	if c.Webhook.DefaultChat != "" {
		chats[c.Webhook.DefaultChat] = true
	}
	languages := map[string]bool{}
	for _, r := range c.Routing.Receivers {
		where := fmt.Sprintf("receiver %q", r.Name)
		for _, x := range []struct {
			field string
			n     int
		}{
			{"PagerDuty", len(r.PagerDuty)}, {"Slack", len(r.Slack)}, {"Email", len(r.Email)}, {"Opsgenie", len(r.Opsgenie)},
			{"MSTeams", len(r.MSTeams)}, {"Native", len(r.Native)},
		} {
			add(where, x.field, x.n > 0)
		}
		for _, w := range r.Webhook {
			add(where, "Webhook.YAML", w.YAML != "")
		}
		for _, chat := range r.Chats {
			add(where, "Chat.Slack", chat.Slack != "")
			chats[chat.Telegram] = true
			languages[r.Language] = true
		}
	}
	add("routing", fmt.Sprintf("a second chat (%s)", strings.Join(slices.Sorted(maps.Keys(chats)), ", ")), len(chats) > 1)
	add("routing", "a second Language", len(languages) > 1)
	for _, route := range c.Routing.Route.Routes {
		where := "routing, " + emit.RouteName(route.Match)
		add(where, "Raw", route.YAML() != "")
		add(where, "a route below a route (Routes)", len(route.Routes) > 0)
	}
	return out
}

func (c *Checked) inhibitions() []finding.Finding {
	var out []finding.Finding
	for _, i := range c.Routing.Inhibit {
		where := "routing, " + emit.InhibitName(i)
		add := func(code finding.Code, format string, args ...any) {
			out = append(out, finding.Finding{Code: code, Where: where, Reason: fmt.Sprintf(format, args...)})
		}
		source, err1 := matchers.Parse(i.Source)
		target, err2 := matchers.Parse(i.Target)
		for _, side := range []struct {
			field string
			match labels.Matchers
			err   error
		}{{"Source", source, err1}, {"Target", target, err2}} {
			switch {
			case side.err != nil:
				add(finding.Unreadable, "%s: %v", side.field, side.err)
			case len(side.match) == 0:
				add(finding.Unreadable, "%s is missing: write matchers, such as severity=\"page\"", side.field)
			}
		}
	}
	return out
}

// taken returns the alerts that may match.
func (c *Checked) taken(match labels.Matchers) []Alert {
	return slices.DeleteFunc(slices.Clone(c.Alerts), func(a Alert) bool {
		return slices.ContainsFunc(match, func(m *labels.Matcher) bool { return !canMatch(m, a) })
	})
}

// canMatch reports whether an instance of the alert may satisfy the matcher.
func canMatch(m *labels.Matcher, a Alert) bool {
	if !a.Labels.Can(m.Name) {
		return m.Matches("")
	}
	if pinned := a.Labels.Pinned(m.Name); pinned != "" {
		return m.Matches(pinned)
	}
	values := a.Labels.Values(m.Name)
	return values == nil || slices.ContainsFunc(values, m.Matches)
}

func (c *Checked) hasReceiver(name string) bool { return slices.Contains(c.receiverNames(), name) }

func (c *Checked) receiverNames() []string {
	var names []string
	for _, x := range c.Routing.Receivers {
		names = append(names, x.Name)
	}
	return names
}

// Broken reports whether the routing has undefined names or does not parse, so
// that it cannot be proved.
func (c *Checked) Broken() bool {
	return slices.ContainsFunc(c.Findings, func(f finding.Finding) bool {
		return f.Code == finding.BadSite && f.Part == "Webhook.URL" || (f.Code == finding.Undefined || f.Code == finding.Unreadable || f.Code == finding.NotYetEmitted || f.Code == finding.NoMeans) &&
			(strings.HasPrefix(f.Where, "routing") || strings.HasPrefix(f.Where, "receiver"))
	})
}
