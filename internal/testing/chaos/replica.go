package chaos

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // driver of the spool

	"github.com/alertnative/preflight/internal/stack/proc"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/config"
)

// replica is one webhook with its spool, its port and its proxy.
type replica struct {
	run     *run
	number  int // from 1
	dir     string
	port    *proc.Port
	proxy   *proxy
	spec    proc.Spec
	process *proc.Process
	known   map[int64]bool // interrupted calls that an earlier kill has counted

	knownEvents map[int64]bool // the same for calls that no other replica had received
}

func newReplica(r *run, i int) (*replica, error) {
	p := &replica{run: r, number: i + 1, dir: filepath.Join(r.Dir, fmt.Sprintf("webhook-%d", i+1)), known: map[int64]bool{}, knownEvents: map[int64]bool{}}
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return nil, err
	}
	var err error
	if p.port, err = proc.ReservePort(); err != nil {
		return nil, err
	}
	p.proxy, err = startProxy(r.ledger, p.port.Addr())
	return p, err
}

// prepare builds the command line, once all addresses are known.
func (p *replica) prepare() error {
	r := p.run
	p.spec = proc.Spec{
		Name: fmt.Sprintf("webhook %d", p.number), Path: r.Webhook, Dir: p.dir,
		Log: filepath.Join(r.logs(), fmt.Sprintf("webhook-%d.log", p.number)),
		Args: []string{
			"--web.listen-address=" + p.port.Addr(), "--spool=" + p.spool(), "--telegram.api-url=" + r.chats.url(),
			"--watchdog.timeout=0", "--log.level=debug",
		},
		Env: []string{
			"TELEGRAM_BOT_TOKEN=" + r.secrets.bot, "TELEGRAM_CHAT_ID=" + r.chats.chat,
			"WEBHOOK_TOKEN=" + r.secrets.webhook, "DATABASE_URL=" + r.postgres.DSN(),
		},
	}
	if r.Transport == config.Slack || r.beside != nil { // the version before may not know it
		p.spec.Args = append(p.spec.Args, "--slack.api-url="+cmp.Or(r.beside, r.chats).url())
		p.spec.Env = append(p.spec.Env, "SLACK_BOT_TOKEN="+r.secrets.slack)
	}
	if r.stage.chat == 0 {
		p.spec.Args = append(p.spec.Args, "--no-telegram.rate-limit")
	}
	if !r.stage.earlier {
		file := filepath.Join(p.dir, "webhook.yml")
		if err := os.WriteFile(file, receivers(r.Transport).Encode(), 0o600); err != nil {
			return err
		}
		p.spec.Args = append(p.spec.Args, "--config.file="+file)
	}
	for _, am := range r.managers {
		p.spec.Args = append(p.spec.Args, fmt.Sprintf("--alertmanager.url=http://chaos:%s@%s", r.secrets.alertmanager, am.web.Addr()))
	}
	if r.rules != nil {
		for _, server := range r.rules.servers {
			p.spec.Args = append(p.spec.Args, "--prometheus.url="+server.url())
		}
	}
	return nil
}

// receivers returns a webhook.yml with a receiver for each sound, in the chat of a
// transport, or of both.
func receivers(transport string) config.File {
	f := config.Default()
	var chats []config.ReceiverChat
	if transport != config.Slack {
		chats = append(chats, config.ReceiverChat{Telegram: f.DefaultChat})
	}
	if transport == config.Slack || transport == both {
		chats = append(chats, config.ReceiverChat{Slack: channel})
	}
	for _, sound := range []api.Sound{api.Silent, api.Loud} {
		f.Receivers = append(f.Receivers, config.Receiver{Name: string(sound), Sound: sound, Chats: chats})
	}
	return f
}

func (p *replica) spool() string { return filepath.Join(p.dir, "spool.db") }

// start starts the webhook and returns before it is ready, so that a kill may
// interrupt the start.
func (p *replica) start(ctx context.Context) (err error) {
	p.process, err = proc.Start(ctx, p.spec)
	return err
}

// flight is the work that a kill interrupted.
type flight struct {
	inbox   int           // notifications accepted and not applied
	pending int           // alerts whose chat is not up to date
	edits   int           // interrupted edits
	sending []interrupted // messages
}

// interrupted is a message whose call a kill interrupted.
type interrupted struct {
	chat   string
	alerts []string
}

func (f flight) any() bool { return f.inbox > 0 || f.pending > 0 || f.edits > 0 || len(f.sending) > 0 }

// kill sends SIGKILL and reads the spool that is left.
func (p *replica) kill() (flight, error) {
	select {
	case <-p.process.Done():
		return flight{}, fmt.Errorf("webhook %d exited before the kill: %w", p.number, p.process.Err())
	default:
	}
	p.process.Kill()
	f, err := p.inspect()
	if err != nil {
		err = fmt.Errorf("the spool of webhook %d: %w", p.number, err)
	}
	return f, err
}

// inspect reads a copy of the spool, so that the next webhook finds the
// original unchanged.
func (p *replica) inspect() (f flight, err error) {
	dir, err := os.MkdirTemp(p.run.Dir, "spool-")
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(p.spool() + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return f, err
		}
		if err := os.WriteFile(filepath.Join(dir, "spool.db"+suffix), data, 0o600); err != nil {
			return f, err
		}
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "spool.db"))
	if err != nil {
		return f, err
	}
	defer db.Close()
	err = p.count(db, &f)
	if err != nil && (strings.Contains(err.Error(), "no such table") || strings.Contains(err.Error(), "no such column")) {
		err = nil // killed before the last migration
	}
	return f, err
}

func (p *replica) count(db *sql.DB, f *flight) error {
	if err := db.QueryRow(`SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM views WHERE pending = 1),
		(SELECT count(*) FROM messages WHERE edit = 2)`).Scan(&f.inbox, &f.pending, &f.edits); err != nil {
		return err
	}
	rows, err := db.Query(`SELECT id, chat, content FROM messages WHERE state = 'sending'`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var chat, content string
		if err := rows.Scan(&id, &chat, &content); err != nil {
			return err
		}
		if !p.known[id] { // known: killed again before it read its spool
			p.known[id] = true
			f.sending = append(f.sending, interrupted{chat, alertsIn(content)})
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return p.unshared(db, f)
}

// unshared counts the messages that no other replica had received when this one
// was killed. The next holder of the lease may deliver them again.
func (p *replica) unshared(db *sql.DB, f *flight) error {
	rows, err := db.Query(`SELECT j.seq, json_extract(CAST(j.body AS TEXT), '$.chat'), group_concat(json_extract(i.alert, '$.labels.target'), ' ')
		FROM journal j, json_each(CAST(j.body AS TEXT), '$.sent.listed') l JOIN instances i
			ON i.group_key = json_extract(l.value, '$.group') AND i.fingerprint = json_extract(l.value, '$.fingerprint')
			AND i.chat = COALESCE(json_extract(l.value, '$.chat'), '')
		WHERE j.kind = 'call' GROUP BY j.seq`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var chat, names string
		if err := rows.Scan(&seq, &chat, &names); err != nil {
			return err
		}
		if !p.knownEvents[seq] {
			p.knownEvents[seq] = true
			f.sending = append(f.sending, interrupted{chat, strings.Fields(names)})
		}
	}
	return rows.Err()
}

// restart stops the webhook cleanly, and returns when the next process is
// ready.
func (p *replica) restart(ctx context.Context) error {
	if err := p.process.Stop(); err != nil {
		return err
	}
	spec := p.spec
	spec.Ready = proc.HTTP("http://" + p.port.Addr() + "/-/ready")
	var err error
	p.process, err = proc.Start(ctx, spec)
	return err
}

// metrics returns the text of /metrics.
func (p *replica) metrics(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.port.Addr()+"/metrics", nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}

func (p *replica) close() (err error) {
	if p.process != nil {
		err = p.process.Stop()
	}
	if p.proxy != nil {
		p.proxy.close()
	}
	p.port.Release()
	return err
}
