package slack_test

import (
	"context"
	"fmt"

	"github.com/alertnative/preflight/internal/fake/fakeslack"
	"github.com/alertnative/preflight/webhook/slack"
	"github.com/alertnative/preflight/webhook/transport"
)

// A resolution answers in the thread of the alert, whose message is replaced.
func Example() {
	workspace := fakeslack.New("xoxb-1-token", fakeslack.Limits{}, "C0123456789")
	client, err := slack.New(slack.Options{Token: "xoxb-1-token", HTTP: workspace.Client()})
	if err != nil {
		fmt.Println(err)
		return
	}
	chat, err := slack.ParseChat("C0123456789")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	id, err := client.Send(ctx, chat, transport.Message{Document: transport.Text("🚨 P0: Disk full"), Mentions: []string{"@here"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := client.Edit(ctx, chat, id, transport.Message{Document: transport.Text("✅ P0: Disk full")}); err != nil {
		fmt.Println(err)
	}
	if _, err := client.Send(ctx, chat, transport.Message{Document: transport.Text("resolved after 12m"), ReplyTo: id, Silent: true}); err != nil {
		fmt.Println(err)
	}
	for _, m := range workspace.Messages("C0123456789") {
		fmt.Println(m.Text, m.Thread == id)
	}
	// Output:
	// ✅ P0: Disk full false
	// resolved after 12m true
}
