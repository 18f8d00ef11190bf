package message_test

import (
	"fmt"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/message"
)

// A message about an alert, and the reply to it after its resolution.
func Example() {
	formatter, err := message.New(message.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	began := time.Date(2026, 3, 3, 22, 30, 0, 0, time.UTC)
	disk := message.Item{Alert: template.Alert{
		StartsAt: began, EndsAt: began.Add(12 * time.Minute),
		Labels:      template.KV{"alertname": "DiskFull", "priority": "P1", api.Source: "infra"},
		Annotations: template.KV{api.Title: "Disk full", api.Summary: "4% free", api.Actions: "delete old logs"},
	}}
	for _, kind := range []message.Kind{message.Alert, message.Resolution} {
		disk.Resolved = kind == message.Resolution
		messages, err := formatter.Format(message.Notice{Kind: kind, Items: []message.Item{disk}, Now: began.Add(time.Hour)})
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, m := range messages {
			fmt.Println(m.Document.Plain())
		}
	}
	// Output:
	// ⚠️ P1: Disk full
	//
	// Source: INFRA
	// Time: 2026-03-03 22:30:00 UTC
	//
	// Alerts:
	//   - DiskFull: 4% free
	//
	// Recommended Actions:
	// 1. delete old logs
	// ✅ P1 resolved: Disk full
	//
	// Time: 2026-03-03 22:42:00 UTC
	//
	// Resolved:
	//   - DiskFull: 4% free, resolved after 12m
}
