package definitions

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/model/matchers"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/webhook/config"
)

// routing checks that every route and inhibition can apply, and that its names
// are defined. The proof on the generated file checks the delivery of alerts.
func (c *Checked) routing() []finding.Finding {
	out := slices.Concat(c.receivers(), c.unsupported(), c.webhook(), c.undefined(), c.AlertmanagerFindings())
	r := c.Routing
	if r.Route.Receiver == "" && !c.HasRootYAML() {
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
		for _, chat := range r.Chats {
			add(where, "Chat.Slack", chat.Slack != "")
		}
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

// Broken reports whether the routing has undefined names or does not parse, so
// that it cannot be proved.
func (c *Checked) Broken() bool {
	return slices.ContainsFunc(c.Findings, func(f finding.Finding) bool {
		return f.Code == finding.BadSite && f.Part == "Webhook.URL" || (f.Code == finding.Undefined || f.Code == finding.Unreadable || f.Code == finding.NotYetEmitted || f.Code == finding.NoMeans || f.Code == finding.Clash || f.Code == finding.InlineSecret) &&
			(strings.HasPrefix(f.Where, "routing") || strings.HasPrefix(f.Where, "receiver"))
	})
}
