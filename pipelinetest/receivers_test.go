package pipelinetest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/pipelinetest"
	"github.com/alertnative/preflight/routing"
)

// An alert of two receivers is in the chats of both, in the look and with the sound
// of each. The receiver with the longer interval resolves it later.
func TestChatsOfReceivers(t *testing.T) {
	t.Parallel()
	site := disks()
	site.Routing.Receivers = []routing.Receiver{
		{Name: "me", Chats: []routing.Chat{{Telegram: "$CHAT"}}},
		{Name: "ops", Chats: []routing.Chat{{Telegram: "$OPS"}}, Sound: routing.Loud, Mentions: []string{"@oncall"}},
		{Name: "결제 team/a", Chats: []routing.Chat{{Telegram: "$TEAM"}, {Telegram: "$OTHER"}}, Sound: routing.Silent, Language: "ko", TimeZone: "Asia/Seoul"},
	}
	site.Routing.Route.Routes = []routing.Route{
		{Match: `severity="warning"`, Receiver: "ops", Continue: true},
		{Match: `severity="warning"`, Receiver: "결제 team/a", GroupInterval: "20m"},
	}
	pipelinetest.Run(t, pipelinetest.Config{Site: site}, func(p *pipelinetest.Pipeline) {
		p.Set(`disk_free_ratio{disk="/data"}`, 0.01)
		p.Wait(12 * time.Minute)
		p.Set(`disk_free_ratio{disk="/data"}`, 0.3)
		p.Wait(3 * time.Minute)
		ops, team := p.Delivered("ops"), p.Delivered("결제 team/a")
		if len(ops) != 2 || !ops[0].Rings || !strings.HasSuffix(ops[0].Text, "@oncall") || !strings.Contains(ops[1].Text, "resolved") {
			t.Errorf("ops got %v", ops)
		}
		if len(team) != 2 || team[0].Rings || !strings.Contains(team[0].Text, "시각: 2026-03-02 19:0") {
			t.Errorf("the team got %v", team)
		}
		if got := p.Delivered("me"); len(got) != 0 {
			t.Errorf("the default receiver got %v", got)
		}
		p.Wait(10 * time.Minute)
		if team := p.Delivered("결제 team/a"); len(team) != 4 {
			t.Errorf("the team got %v", team)
		}
	})
}
