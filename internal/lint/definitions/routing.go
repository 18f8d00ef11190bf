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
	own, misread := c.AlertmanagerFindings()
	rootless := c.Routing.Route.Receiver == "" && !c.HasRootYAML()
	c.misread = misread || rootless
	out := slices.Concat(c.receivers(), c.webhook(), own)
	if !misread { // else names may be missing in consequence
		out = append(out, c.undefined()...)
	}
	if !misread && rootless {
		reason := "it has no Receiver: name the receiver of alerts that no route takes"
		if c.Routing.YAML != "" {
			reason += ", or give Routing.YAML the key route"
		}
		return append(out, finding.Finding{Code: finding.Undefined, Where: "routing, the default route", Reason: reason})
	}
	c.eachRoute(func(r routing.Route, root bool) { out = append(out, matches(r, root)...) })
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

// matches checks the matchers of a route.
func matches(r routing.Route, root bool) []finding.Finding {
	where := "routing, " + emit.RouteName(r.Match)
	own, err := matchers.Parse(r.Match)
	switch {
	case err != nil:
		return []finding.Finding{{Code: finding.Unreadable, Where: where, Reason: "Match: " + err.Error()}}
	case root && len(own) > 0:
		return []finding.Finding{{Code: finding.UnreachableRoute, Where: where, Reason: "the root route takes every alert: leave Match out"}}
	}
	return nil
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
