package transporttest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/alertnative/preflight/webhook/transport"
	"github.com/alertnative/preflight/webhook/transport/transporttest"
)

// A test delivers to a chat in memory.
func Example() {
	var m transporttest.Memory
	ctx := context.Background()
	id, err := m.Send(ctx, transporttest.Chat, transport.Message{Document: transport.Text("🚨 P0: Disk full")})
	if err != nil {
		fmt.Println(err)
		return
	}
	m.Fail(transporttest.TooMany)
	fmt.Println(m.Edit(ctx, transporttest.Chat, id, transport.Message{Document: transport.Text("✅ P0: Disk full")}))
	fmt.Println(m.Messages()[0].Text)
	// Output:
	// memory: the call fails
	// 🚨 P0: Disk full
}

func TestMemory(t *testing.T) {
	t.Parallel()
	transporttest.Run(t, func(*testing.T) transporttest.Service { return new(transporttest.Memory).Service() })
}
