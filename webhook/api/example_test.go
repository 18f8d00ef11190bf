package api_test

import (
	"fmt"

	"github.com/alertnative/preflight/webhook/api"
)

func ExampleNotifyPath() {
	fmt.Println(api.NotifyPath(api.Silent, "main"))
	fmt.Println(api.NotifyPath("", "")) // the severities of the alerts decide
	// Output:
	// /api/v1/alerts?cluster=main&notify=silent
	// /api/v1/alerts
}

func ExampleReceiverPath() {
	path := api.ReceiverPath("team a/b", "main")
	fmt.Println(path)
	fmt.Println(api.ReceiverOf("/api/v1/receivers/team%20a%2Fb"))
	// Output:
	// /api/v1/receivers/team%20a%2Fb?cluster=main
	// team a/b true
}

func ExampleIn() {
	fmt.Println(api.In(api.Title, "ko"), api.In(api.Title, "en"))
	// Output: title_ko title
}

func ExampleParseSound() {
	for _, name := range []string{"silent", "noisy"} {
		_, known := api.ParseSound(name)
		fmt.Println(name, known)
	}
	// Output:
	// silent true
	// noisy false
}

func ExampleFamilies() {
	for _, d := range api.NewFamilies().All()[:3] {
		fmt.Println(d.Name)
	}
	// Output:
	// preflight_webhook_notifications_received_total
	// preflight_webhook_unknown_receiver_notifications_total
	// preflight_webhook_notifications_coalesced_total
}
