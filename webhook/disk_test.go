package webhook_test

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"testing"

	"modernc.org/sqlite"
)

// connections are the connections to spools, by data source name. A test uses one
// only while the webhook does not.
var connections sync.Map

func init() {
	sqlite.RegisterConnectionHook(func(conn sqlite.ExecQuerierContext, dsn string) error {
		connections.Store(dsn, conn)
		return nil
	})
}

// disk is a kind of trouble with the disk of a spool: the pragmas that begin and end
// it.
type disk struct{ begin, end string }

var (
	fullDisk     = disk{"max_page_count = 1", "max_page_count = 1073741824"} // SQLite takes the present size for less
	readOnlyDisk = disk{"query_only = true", "query_only = false"}
)

// set begins or ends the trouble for the spool with a path.
func (d disk) set(t *testing.T, spool string, trouble bool) {
	t.Helper()
	pragma := d.end
	if trouble {
		pragma = d.begin
	}
	found := false
	connections.Range(func(dsn, conn any) bool {
		if s := dsn.(string); !strings.Contains(s, url.PathEscape(spool)+"?") || strings.Contains(s, "mode=ro") {
			return true
		}
		found = true
		if _, err := conn.(sqlite.ExecQuerierContext).ExecContext(context.Background(), "PRAGMA "+pragma, nil); err != nil {
			t.Fatal(err)
		}
		return false
	})
	if !found {
		t.Fatalf("no connection to %s", spool)
	}
}

// disk begins or ends trouble with the disk.
func (w *world) disk(d disk, trouble bool) {
	w.t.Helper()
	d.set(w.t, w.config.Spool, trouble)
	_, _ = w.registry.Gather() // a job for the spool's goroutine, which has the connection from here on
}
