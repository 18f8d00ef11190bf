package pipelinetest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/pipelinetest"
	"github.com/alertnative/preflight/routing"
)

// onSlack returns a site whose alerts are in two channels of Slack: by the webhook
// in one, and by Alertmanager in the other.
func onSlack() preflight.Site {
	site := disks()
	site.Routing.Receivers = []routing.Receiver{
		{Name: "ops", Chats: []routing.Chat{{Slack: "$OPS"}}, Sound: routing.Loud, Mentions: []string{"@here", "U123ABC"}},
		{Name: "own", Slack: []routing.Slack{{Channel: "#own", APIURL: routing.Secret("slack")}}},
	}
	site.Routing.Route.Receiver = "ops"
	site.Routing.Route.Routes = []routing.Route{{Match: `severity="warning"`, Receiver: "own", Continue: true}, {Match: `severity="warning"`}}
	return site
}

// A channel shows new messages with their mentions, resolutions in threads, and
// edits. The default chat is a channel too.
func TestSlack(t *testing.T) {
	t.Parallel()
	pipelinetest.Run(t, pipelinetest.Config{Site: onSlack()}, func(p *pipelinetest.Pipeline) {
		p.Set(`disk_free_ratio{disk="/data"}`, 0.01)
		p.Wait(10 * time.Minute)
		p.Note("Slack cannot be reached")
		p.Stop(pipelinetest.Slack)
		p.Set(`disk_free_ratio{disk="/var"}`, 0.01)
		p.Wait(10 * time.Minute)
		p.Note("Slack can be reached")
		p.Start(pipelinetest.Slack)
		p.Wait(10 * time.Minute)
		p.Set(`disk_free_ratio{disk="/data"}`, 0.3)
		p.Wait(10 * time.Minute)
		p.Golden("slack")
		got := p.Delivered("ops")
		if len(got) < 3 || !got[0].Rings || got[len(got)-1].Rings || !strings.Contains(got[0].Text, "@here @U123ABC") {
			t.Errorf("the channel got %v", got)
		}
	})
}

// A channel of the site keeps its id, and can be the default chat.
func TestSlackChannelAsDefaultChat(t *testing.T) {
	t.Parallel()
	site := onSlack()
	site.Webhook.DefaultChat = "slack:C0123456789"
	site.Routing.Receivers[0].Chats = []routing.Chat{{Slack: "C0123456789"}, {Telegram: "@ops"}}
	pipelinetest.Run(t, pipelinetest.Config{Site: site}, func(p *pipelinetest.Pipeline) {
		p.Post(mustRead("../webhook/testdata/payloads/grafana/grouped.json"))
		p.Wait(time.Minute)
		transcript := p.Transcript()
		if !strings.Contains(transcript, "→ Slack channel C0123456789: message 1") || strings.Contains(transcript, "→ chat") {
			t.Errorf("the transcript is\n%s", transcript)
		}
	})
}
