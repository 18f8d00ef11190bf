package telegram_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/alertnative/preflight/webhook/telegram"
	"github.com/alertnative/preflight/webhook/transport"
)

// A call is refused because the chat was written to too often.
func ExampleClient() {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"ok": false, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 7}}`)
	}))
	defer api.Close()
	client, err := telegram.New(telegram.Options{Token: "123456:token", URL: api.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.Send(context.Background(), telegram.Chat{ID: "-100"}, transport.Message{Document: transport.Text("Disk full")})
	var failure *transport.Error
	if errors.As(err, &failure) && failure.Kind == transport.RateLimited {
		fmt.Println("try again after", failure.RetryAfter)
	}
	// Output: try again after 7s
}

func ExampleParseChats() {
	chats, err := telegram.ParseChats("-1001234567890:7, @alerts, 42")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range chats {
		fmt.Println(c.ID, c.Topic, c)
	}
	// Output:
	// -1001234567890 7 -1001234567890:7
	// @alerts 0 @alerts
	// 42 0 42
}
