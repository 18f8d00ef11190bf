package transport_test

import (
	"fmt"

	"github.com/alertnative/preflight/webhook/transport"
)

// A document is text with marks, which each service writes in its own markup.
func Example() {
	d, err := transport.ParseHTML("<b>🚨 P0: Disk full</b>\n  - 4% free on <code>/var</code>")
	if err != nil {
		fmt.Println(err)
		return
	}
	d.Buttons = []transport.Button{{Text: "Runbook", URL: "https://wiki.example.com/disk"}}
	fmt.Println(d.Title(), d.Length())
	fmt.Println(d.Plain())
	// Output:
	// 🚨 P0: Disk full 36
	// 🚨 P0: Disk full
	//   - 4% free on `/var`
	// Runbook: https://wiki.example.com/disk
}
