package lease_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/alertnative/preflight/internal/stack/servers"
	"github.com/alertnative/preflight/webhook/lease"
)

// One of two replicas holds the lease. The other one reads its events.
func ExampleStore() {
	err := withPostgres(func(dsn string) error {
		ctx := context.Background()
		store, err := lease.Open(dsn, "123456")
		if err != nil {
			return err
		}
		defer store.Close()
		if err := store.Migrate(ctx); err != nil {
			return err
		}
		for _, name := range []string{"first", "second"} {
			standing, err := store.Beat(ctx, lease.Beat{Replica: name, Wants: true})
			if err != nil {
				return err
			}
			fmt.Println(name, "holds the lease:", standing.Held)
		}
		sent := lease.Event{Replica: "first", Seq: 1, At: time.Now(), Kind: "call", Body: []byte(`{"chat":"-100"}`)}
		if err := store.Push(ctx, []lease.Event{sent}); err != nil {
			return err
		}
		events, _, err := store.Pull(ctx, "second", 0)
		for _, e := range events {
			fmt.Printf("second reads: %s %s %s\n", e.Replica, e.Kind, e.Body)
		}
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// first holds the lease: true
	// second holds the lease: false
	// second reads: first call {"chat":"-100"}
}

// withPostgres calls a function with the connection string of a new PostgreSQL.
func withPostgres(f func(dsn string) error) error {
	dir, err := os.MkdirTemp("", "preflight-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	postgres, err := servers.StartPostgres(context.Background(), servers.Config{Dir: dir})
	if err != nil {
		return err
	}
	defer postgres.Close()
	return f(postgres.DSN())
}
