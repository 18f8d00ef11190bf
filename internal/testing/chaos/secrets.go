package chaos

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
)

// secrets are the webhook's secrets, which no output may show.
type secrets struct{ bot, slack, webhook, alertmanager, postgres string }

func newSecrets() *secrets {
	return &secrets{bot: "123456:" + rand.Text(), slack: "xoxb-1-2-" + rand.Text(), webhook: rand.Text(), alertmanager: rand.Text()}
}

// needles returns the secrets by name.
func (s *secrets) needles() map[string]string {
	_, bot, _ := strings.Cut(s.bot, ":")
	return map[string]string{
		"the bot token": bot, "the token of Slack": strings.TrimPrefix(s.slack, "xoxb-1-2-"), "the webhook's bearer token": s.webhook,
		"the password of Alertmanager": s.alertmanager, "the password of PostgreSQL": s.postgres,
	}
}

// forms returns the spellings of a secret in logs and databases.
func forms(secret string) []string {
	forms := []string{secret, url.QueryEscape(secret), hex.EncodeToString([]byte(secret))} // PostgreSQL shows bytes in hex
	// In base64, alone or behind a user's name of any length.
	for pad := range 3 {
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", pad) + secret))
		// The first and last characters also depend on the bytes around the
		// secret.
		forms = append(forms, strings.TrimRight(text, "=")[4:len(strings.TrimRight(text, "="))-2])
	}
	return forms
}

// Find returns the names of the secrets that text contains.
func Find(text []byte, needles map[string]string) (found []string) {
	for name, secret := range needles {
		for _, form := range forms(secret) {
			if bytes.Contains(text, []byte(form)) {
				found = append(found, name)
				break
			}
		}
	}
	return found
}

// Files returns the content of every file in the folders, by path.
func Files(dirs ...string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			files[path], err = os.ReadFile(path)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// Rows returns every row of a PostgreSQL database as text, by table. It skips
// the server's own tables, which hold its passwords.
func Rows(ctx context.Context, dsn string) (tables map[string][]byte, err error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	rows, err := conn.Query(ctx, `SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
		WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`)
	if err != nil {
		return nil, err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	tables = map[string][]byte{}
	for _, name := range names {
		rows, err := conn.Query(ctx, `SELECT t::text FROM `+name+` t`) // quoted by format
		if err != nil {
			return nil, err
		}
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return nil, err
		}
		tables["table "+name] = []byte(strings.Join(texts, "\n"))
	}
	return tables, nil
}

// search searches all output of the webhook for the secrets: its logs, metrics
// and spools, and the rows of PostgreSQL. looked proves that the search read
// them.
func (r *run) search(ctx context.Context) error {
	places, err := Files(r.logs())
	if err != nil {
		return err
	}
	for _, p := range r.replicas {
		text, err := p.metrics(ctx)
		if err != nil {
			return err
		}
		places[fmt.Sprintf("metrics of webhook %d", p.number)] = []byte(text)
		// A stopped webhook has written its whole spool to the file.
		if err := p.process.Stop(); err != nil {
			return err
		}
		spool, err := Files(p.dir)
		if err != nil {
			return err
		}
		for path, data := range spool {
			places[path] = data
		}
	}
	tables, err := Rows(ctx, r.postgres.DSN())
	if err != nil {
		return err
	}
	for name, data := range tables {
		places[name] = data
	}
	for name, data := range places {
		r.report.Searched += len(data)
		for _, what := range Find(data, r.secrets.needles()) {
			r.report.problem("%s is in %s", what, name)
		}
	}
	return r.looked(places)
}

// looked returns an error if the search did not read a place: each contains a
// known text.
func (r *run) looked(places map[string][]byte) error {
	for _, p := range r.replicas {
		for place, sign := range map[string]string{
			p.spec.Log: "msg=accepted", p.spool(): "alert-t", "table preflight.alerts": "alert-t",
			fmt.Sprintf("metrics of webhook %d", p.number): fmt.Sprintf("chat=%q", r.chats.chat),
		} {
			if !bytes.Contains(places[place], []byte(sign)) {
				return fmt.Errorf("%s was not read: it has no %q", place, sign)
			}
		}
	}
	return nil
}
