package checks_test

import (
	"context"
	"encoding/binary"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// follow is a standby that confirms all WAL of a primary at once, by
// PostgreSQL's protocol for replication. It stores nothing. stop ends it.
func follow(t *testing.T, primary, name string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	conn, err := pgconn.Connect(ctx, with(t, primary, func(u *url.URL) {
		u.RawQuery += "&replication=true&application_name=" + name
	}))
	if err != nil {
		t.Fatal(err)
	}
	identity, err := conn.Exec(ctx, "IDENTIFY_SYSTEM").ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	conn.Frontend().SendQuery(&pgproto3.Query{String: "START_REPLICATION PHYSICAL " + string(identity[0].Rows[0][2])})
	if err := conn.Frontend().Flush(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer hangUp(conn)
		for {
			message, err := conn.ReceiveMessage(ctx)
			if err != nil {
				return
			}
			data, ok := message.(*pgproto3.CopyData)
			if !ok || len(data.Data) < 9 {
				continue
			}
			confirmed := binary.BigEndian.Uint64(data.Data[1:])
			if data.Data[0] == 'w' { // WAL: the start, the end, the time and the bytes
				confirmed += uint64(len(data.Data) - 25)
			}
			status := []byte{'r'}
			for range 3 { // written, flushed, applied
				status = binary.BigEndian.AppendUint64(status, confirmed)
			}
			conn.Frontend().Send(&pgproto3.CopyData{Data: append(status, make([]byte, 9)...)})
			if conn.Frontend().Flush() != nil {
				return
			}
		}
	}()
	stop = func() { cancel(); <-ended }
	t.Cleanup(stop)
	return stop
}

func hangUp(conn *pgconn.PgConn) { _ = conn.Conn().Close() }
