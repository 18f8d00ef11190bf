package definitions

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

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
	if i == 0 {
		if len(own) > 0 {
			add(finding.UnreachableRoute, "", "the root route takes every alert: leave Match out")
		}
		for _, name := range c.ungrouped(route, append(c.strays(), c.heirs()...)) {
			add(finding.GroupedByNothing, "", "groups by %q, a label that none of its alerts has", name)
		}
		return out
	}
	if otherMatchers(own) || route.YAML() != "" || len(route.Routes) > 0 {
		return out // another check reports it
	}
	before := c.Routing.Route.Routes[:i-1]
	if earlier, ok := hiddenBy(own, before); ok {
		add(finding.UnreachableRoute, "", "no alert gets here: %s takes all of them before", emit.RouteName(earlier.Match))
		return out
	}
	if reason := c.Impossible(own); reason != "" {
		add(finding.UnreachableRoute, "", "no alert gets here: %s", reason)
		return out
	}
	mine := slices.DeleteFunc(c.taken(own), func(a Alert) bool { return takenBefore(before, a) })
	if len(mine) == 0 && !c.forOthers(own) {
		add(finding.UnreachableRoute, "", "no alert gets here: none of the site's has all of these labels, or earlier routes take them, and nothing is promised to others")
		return out
	}
	for _, name := range c.ungrouped(route, mine) {
		add(finding.GroupedByNothing, "", "groups by %q, a label that none of its alerts has", name)
	}
	return out
}

// strays returns the alerts that only the root route takes.
func (c *Checked) strays() []Alert {
	return slices.DeleteFunc(slices.Clone(c.Alerts), func(a Alert) bool { return takenBefore(c.Routing.Route.Routes, a) })
}

// heirs returns the alerts of the routes that inherit the root's grouping.
func (c *Checked) heirs() []Alert {
	var out []Alert
	for _, r := range c.Routing.Route.Routes {
		if ms, err := matchers.Parse(r.Match); err == nil && r.GroupBy == nil {
			out = append(out, c.taken(ms)...)
		}
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
		}
	}
	for _, route := range c.Routing.Route.Routes {
		where := "routing, " + emit.RouteName(route.Match)
		add(where, "Raw", route.YAML() != "")
		add(where, "a route below a route (Routes)", len(route.Routes) > 0)
		ms, _ := matchers.Parse(route.Match)
		add(where, "a matcher other than =", otherMatchers(ms))
	}
	for _, i := range c.Routing.Inhibit {
		source, _ := matchers.Parse(i.Source)
		target, _ := matchers.Parse(i.Target)
		add("routing, "+emit.InhibitName(i), "a matcher other than =", otherMatchers(source) || otherMatchers(target))
	}
	return out
}

func otherMatchers(ms labels.Matchers) bool {
	return slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return m.Type != labels.MatchEqual })
}

// forOthers reports whether a route is for future alerts: those of a severity,
// or all, if a promise covers them.
func (c *Checked) forOthers(match labels.Matchers) bool {
	if len(match) == 0 {
		return slices.ContainsFunc(c.Routing.Promises, func(x routing.Promise) bool {
			of, err := matchers.Parse(x.Match)
			return err == nil && !slices.ContainsFunc(of, func(m *labels.Matcher) bool { return m.Type == labels.MatchEqual })
		})
	}
	return !slices.ContainsFunc(match, func(m *labels.Matcher) bool { return m.Name != c.Scale.Label }) &&
		slices.ContainsFunc(c.Routing.Promises, func(x routing.Promise) bool {
			of, err := matchers.Parse(x.Match)
			return err == nil && slices.ContainsFunc(of, func(m *labels.Matcher) bool {
				return slices.ContainsFunc(match, func(o *labels.Matcher) bool { return o.Name == m.Name && m.Matches(o.Value) })
			})
		})
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
		if err1 != nil || err2 != nil || len(source) == 0 || len(target) == 0 || otherMatchers(source) || otherMatchers(target) {
			continue // another check reports it
		}
		sources, targets := c.taken(source), c.taken(target)
		for _, reason := range []string{c.Impossible(source), c.Impossible(target)} {
			if reason != "" {
				add(finding.EqualNothing, "it never applies: %s", reason)
			}
		}
		for _, name := range i.Equal {
			for _, side := range []struct {
				name   string
				alerts []Alert
			}{{"source", sources}, {"target", targets}} {
				if len(side.alerts) > 0 && !anyCan(side.alerts, name) {
					add(finding.EqualNothing, "Equal has %q, a label that its %s does not have", name, side.name)
				}
			}
		}
		for _, a := range targets {
			if c.IsUrgent(a.Severity) {
				add(finding.EqualNothing, "it holds back %s, whose severity %q is urgent: an urgent alert is never inhibited", a.Name, a.Severity)
			}
		}
	}
	return out
}

// Impossible explains why no alert of the site or a future one can match, or
// returns "".
func (c *Checked) Impossible(match labels.Matchers) string {
	for i, m := range match {
		if m.Type != labels.MatchEqual {
			continue
		}
		for _, o := range match[:i] {
			if o.Type == labels.MatchEqual && o.Name == m.Name && o.Value != m.Value {
				return fmt.Sprintf("%s cannot be both %q and %q", m.Name, o.Value, m.Value)
			}
		}
		switch {
		case m.Name == model.AlertNameLabel && !slices.ContainsFunc(c.Alerts, func(a Alert) bool { return a.Name == m.Value }):
			return fmt.Sprintf("there is no alert %q", m.Value)
		case m.Name == c.Scale.Label && m.Value != "" && !slices.Contains(c.LevelNames(), m.Value):
			return fmt.Sprintf("there is no level %q (there are %s)", m.Value, strings.Join(c.LevelNames(), ", "))
		case m.Name != c.Scale.Label && m.Name != model.AlertNameLabel && !slices.ContainsFunc(c.Alerts, func(a Alert) bool { return canMatch(m, a) }):
			return fmt.Sprintf("no alert has %s=%q", m.Name, m.Value)
		}
	}
	return ""
}

// hiddenBy returns an earlier route that takes all alerts of a route.
func hiddenBy(match labels.Matchers, before []routing.Route) (routing.Route, bool) {
	for _, b := range before {
		theirs, err := matchers.Parse(b.Match)
		if err == nil && !b.Continue && !slices.ContainsFunc(theirs, func(m *labels.Matcher) bool {
			return !slices.ContainsFunc(match, func(o *labels.Matcher) bool { return o.String() == m.String() })
		}) {
			return b, true
		}
	}
	return routing.Route{}, false
}

// taken returns the alerts that may match.
func (c *Checked) taken(match labels.Matchers) []Alert {
	return slices.DeleteFunc(slices.Clone(c.Alerts), func(a Alert) bool {
		return slices.ContainsFunc(match, func(m *labels.Matcher) bool { return !canMatch(m, a) })
	})
}

// takenBefore reports whether one of the routes takes all instances of the
// alert.
func takenBefore(routes []routing.Route, a Alert) bool {
	return slices.ContainsFunc(routes, func(r routing.Route) bool {
		ms, err := matchers.Parse(r.Match)
		return err == nil && !r.Continue && !slices.ContainsFunc(ms, func(m *labels.Matcher) bool {
			pinned := a.Labels.Pinned(m.Name)
			return !m.Matches(pinned) || pinned == "" && a.Labels.Can(m.Name)
		})
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

// ungrouped returns the labels of group_by that none of a route's alerts has. A
// route without alerts of the site is for other alerts.
func (c *Checked) ungrouped(route routing.Route, mine []Alert) []string {
	return slices.DeleteFunc(slices.Clone(route.GroupBy), func(name string) bool {
		return name == "" || name == "..." || len(mine) == 0 || anyCan(mine, name)
	})
}

func anyCan(alerts []Alert, label string) bool {
	return slices.ContainsFunc(alerts, func(a Alert) bool { return a.Labels.Can(label) })
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
