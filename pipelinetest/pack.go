package pipelinetest

import (
	"cmp"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// Pack proves a pack alone: every check and scenario, on a site without other
// packs. The site has the environments staging and prod, targets for any job,
// and one receiver. Severities that the default scale does not know become
// levels of the site.
func Pack(t *testing.T, p preflight.Pack) {
	t.Helper()
	if err := provePack(t.Context(), p); err != nil {
		t.Fatalf("the pack has findings:\n%v", err)
	}
}

// provePack returns all findings of a pack alone, joined.
func provePack(ctx context.Context, p preflight.Pack) error {
	_, err := codegen.Generate(ctx, alone(p))
	return err
}

// alone returns a site that uses one pack.
func alone(p preflight.Pack) preflight.Site {
	site := preflight.Site{
		Name:         cmp.Or(p.Name, "pack"),
		Packs:        []preflight.Pack{p},
		Envs:         []string{"prod", "staging"},
		TargetLabels: []metrics.Label{{Name: "env", Values: []string{"prod", "staging"}}},
		Timing:       metrics.Timing{Run: 10 * time.Minute, Scrape: 15 * time.Second, Evaluation: 15 * time.Second},
		Severities:   routing.Severities{}.Or(),
		Alertmanager: preflight.Alertmanager{Addresses: []string{"alertmanager:9093"}},
		Webhook:      preflight.Webhook{URL: "http://webhook:9917"},
		Routing: routing.Routing{
			// Alerts that the webhook may be unable to deliver need another
			// path.
			Receivers: []routing.Receiver{{
				Name: "everybody", Chats: []routing.Chat{{Telegram: "$TELEGRAM_CHAT_ID"}},
				Telegram: []routing.Telegram{{BotToken: routing.Secret("bot_token"), ChatIDFile: routing.Secret("chat_id")}},
			}},
			Route: routing.Route{
				Receiver: "everybody", GroupBy: []string{"alertname"},
				GroupWait: "30s", GroupInterval: "5m", RepeatInterval: "12h",
			},
		},
	}
	for _, word := range severities(site) {
		if !slices.ContainsFunc(site.Severities.Levels, func(l routing.Level) bool { return l.Name == word || slices.Contains(l.Takes, word) }) {
			site.Severities.Levels = append(site.Severities.Levels, routing.Level{Name: word, Sound: routing.Silent})
		}
	}
	return site
}

// severities returns the severities in the pack of a site in order of
// appearance. An unknown severity stays unchanged in the resolved site.
func severities(site preflight.Site) []string {
	resolved, _ := model.New(site) // the generator reports the findings
	var words []string
	add := func(word string) {
		if word != "" && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	resolved.Alerts(func(_ model.Group, a rules.Alert) bool {
		add(a.Severity)
		for _, c := range a.Also {
			add(c.Severity)
		}
		return true
	})
	return words
}
