package checks

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// tryInsert runs a declared statement and rolls it back. Only the statement
// itself sees a sequence without USAGE, a missing partition, row-level security
// and a full disk. Deferred constraints are checked before the end.
func (p postgresServer) tryInsert(ctx context.Context, conn *pgconn.PgConn, statement string) error {
	err := p.cancelling(ctx, conn, func(ctx context.Context) error {
		if _, err := queryText(ctx, conn, "BEGIN"); err != nil {
			return err
		}
		// This protocol takes one statement, so the text cannot commit.
		result := conn.ExecParams(ctx, statement, nil, nil, nil, nil).Read()
		if result.Err != nil {
			return result.Err
		}
		if result.CommandTag.RowsAffected() == 0 {
			return reservation{"not_probed", "the declared insert adds no row: declare one that does"}
		}
		_, err := queryText(ctx, conn, "SET CONSTRAINTS ALL IMMEDIATE")
		return err
	})
	return errors.Join(explainInsert(err), p.rollBack(ctx, conn))
}

// explainInsert maps the errors of a declared statement to reasons.
func explainInsert(err error) error {
	var pg *pgconn.PgError
	if err = explainWrite(err); !errors.As(err, &pg) {
		return err
	}
	reason := map[string]string{"42501": "no_permission", "42P01": "no_such_table", "3F000": "no_such_table"}[pg.Code]
	switch {
	case reason != "":
	case pg.Routine == "ExecFindPartition": // its code is that of every violated constraint
		reason = "no_partition"
	case strings.HasPrefix(pg.Code, "57"): // the server stops
		return err
	default:
		reason = "insert_failed"
	}
	return rejection{reason, "insert: " + pgDetail(pg)}
}

// tableRight is a right on a table.
type tableRight struct{ table, right string }

// tryRights asks for each declared right by itself: a list of rights is true
// when the role has one of them.
func (p postgresServer) tryRights(ctx context.Context, conn *pgconn.PgConn) error {
	for _, r := range p.Rights {
		result := conn.ExecParams(ctx, "SELECT has_table_privilege(to_regclass($1)::oid, $2)",
			[][]byte{[]byte(r.table), []byte(r.right)}, []uint32{textOID, textOID}, nil, nil).Read()
		switch {
		case hasCode(result.Err, "42501"): // the schema may not be used
			return rejection{"no_permission", fmt.Sprintf("%s: %s", r.table, result.Err.(*pgconn.PgError).Message)}
		case hasCode(result.Err, "42602", "42601"):
			return rejection{"no_such_table", fmt.Sprintf("%q is no name of a table", r.table)}
		case result.Err != nil:
			return result.Err
		case result.Rows[0][0] == nil:
			return rejection{"no_such_table", "there is no table " + r.table}
		case string(result.Rows[0][0]) != "t":
			return rejection{"no_permission", fmt.Sprintf("the role may not %s %s", strings.ToLower(r.right), r.table)}
		}
	}
	return nil
}

// textOID is the type text.
const textOID = 25
