package chaos

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/alertnative/preflight/internal/testing/testservers"
)

// Find must find a planted secret in a log, in a binary file and in a row.
func TestTheSearchReadsFilesAndRows(t *testing.T) {
	t.Parallel()
	postgres := testservers.StartPostgres(t)
	conn, err := pgx.Connect(t.Context(), postgres.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `CREATE SCHEMA "Some"; CREATE TABLE "Some"."Table" (a int, b jsonb, c bytea);
		INSERT INTO "Some"."Table" VALUES (1, '{"k": "planted-secret"}', NULL), (2, NULL, 'hidden-secret')`); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"deep/log": "x planted-secret y", "spool.db": "\x00planted-secret\xff", "clean": "nothing"} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	places, err := Files(dir)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := Rows(t.Context(), postgres.DSN())
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range tables {
		places[name] = data
	}
	needles := map[string]string{"it": "planted-secret", "bytes": "hidden-secret"}
	for place, want := range map[string]int{
		filepath.Join(dir, "deep/log"): 1, filepath.Join(dir, "spool.db"): 1, filepath.Join(dir, "clean"): 0, `table "Some"."Table"`: 2,
	} {
		if data, read := places[place]; !read || len(Find(data, needles)) != want {
			t.Errorf("%s: read %v, found %v", place, read, Find(data, needles))
		}
	}
}
