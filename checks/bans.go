package checks

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checks/internal/strict"
	"github.com/alertnative/preflight/internal/lazy"
	"github.com/alertnative/preflight/internal/outfile"
)

// bans are the hosts of exchanges that demanded that calls stop for a time.
// They are kept in files, one for each host, so that other runs and processes
// obey, too. A call that already started is not stopped.
type bans struct {
	folder string // "" keeps them for this run only
	log    *slog.Logger

	mu    sync.Mutex
	known map[string]ban // by the name of the file
}

// ban is the demand of a host, and the content of its file.
type ban struct {
	Reason string    `json:"reason"` // banned or rate_limited
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until"`
}

func (b ban) rejection() error { return rejection{b.Reason, b.demands()} }

// demands describes the ban.
func (b ban) demands() string {
	return fmt.Sprintf("no calls until %s: the exchange demanded that at %s", b.Until.UTC().Format(time.RFC3339), b.Since.UTC().Format(time.RFC3339))
}

// longestBan is the longest one that Binance documents. A longer one is cut.
const longestBan = 72 * time.Hour

// bansOf returns the bans that the checks of a run share.
func bansOf(env checker.Env) *bans {
	return checker.Shared(env, func() *bans { return newBans(env) })
}

func newBans(env checker.Env) *bans {
	log := env.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &bans{folder: env.State, log: log, known: map[string]ban{}}
}

// obeyedBy returns a client that makes no call to a host while it is banned.
func (b *bans) obeyedBy(client *http.Client, e exchange) *http.Client {
	obedient := *client
	obedient.Transport = obedience{client.Transport, b, e}
	return &obedient
}

// obedience is a transport that obeys bans, and learns of new ones.
type obedience struct {
	next     http.RoundTripper
	bans     *bans
	exchange exchange
}

// RoundTrip implements [http.RoundTripper].
func (o obedience) RoundTrip(req *http.Request) (*http.Response, error) {
	account := o.account(req)
	for _, file := range []string{fileOf(req.URL, ""), fileOf(req.URL, account)} {
		if in, ok := o.bans.inForce(file, time.Now()); ok {
			return nil, in.rejection()
		}
	}
	resp, err := o.next.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusTeapot && resp.StatusCode != http.StatusTooManyRequests {
		return resp, err
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer)) // without it the header decides
	if resp.StatusCode == http.StatusTeapot {
		account = "" // the address is banned
	}
	return nil, o.bans.learn(fileOf(req.URL, account), demand(resp, body, o.exchange)).rejection()
}

// account returns a digest of the account that a call counts for, or "" if the
// address counts.
func (o obedience) account(req *http.Request) string {
	if o.exchange.Name != targetUpbit || req.Header.Get("Authorization") == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(req.URL.Host + " " + o.exchange.AccessKey))
	return "-" + hex.EncodeToString(sum[:8])
}

// fileOf returns the name of the file for a host, or for an account there.
func fileOf(u *url.URL, account string) string {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if port := u.Port(); port != "" && port != map[string]string{"https": "443", "http": "80"}[u.Scheme] {
		host += ":" + port
	}
	return "exchange.ban-" + url.PathEscape(host) + account
}

// blockedFor matches Upbit's text, bannedUntil Binance's.
var (
	blockedFor  = lazy.Regexp(`([0-9]{1,9}) *(?:seconds?|초)`)
	bannedUntil = lazy.Regexp(`banned until ([0-9]{13})\b`)
)

// demand returns the ban that an answer of status 418 or 429 demands.
func demand(resp *http.Response, body []byte, e exchange) ban {
	now := time.Now()
	reason, wait := "rate_limited", time.Minute // Binance's limits are per minute
	switch {
	case resp.StatusCode == http.StatusTeapot:
		reason, wait = "banned", 2*time.Minute // Binance's shortest
	case e.Name == targetUpbit:
		wait = time.Second // its limits are per second
	}
	sent := now // by the exchange's clock, as the dates of its answers are
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		sent = date
	}
	header := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(header, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(header); err == nil {
		wait = date.Sub(sent)
	} else if m := bannedUntil().FindSubmatch(body); m != nil {
		millis, _ := strconv.ParseInt(string(m[1]), 10, 64)
		wait = time.UnixMilli(millis).Sub(sent)
	} else if m := blockedFor().FindSubmatch(body); m != nil {
		seconds, _ := strconv.Atoi(string(m[1]))
		wait = time.Duration(seconds) * time.Second
	}
	return ban{reason, now, now.Add(min(max(wait, time.Second), longestBan))}
}

// learn keeps a ban, and returns it. A longer one that is in force stays.
func (b *bans) learn(file string, demanded ban) ban {
	b.mu.Lock()
	defer b.mu.Unlock()
	if in, ok := b.read(file, demanded.Since); ok && in.Until.After(demanded.Until) {
		return in
	}
	b.log.Warn("An exchange limits the calls", "file", file, "reason", demanded.Reason, "until", demanded.Until)
	b.keep(file, demanded)
	return demanded
}

// inForce returns the ban that is in force at a time.
func (b *bans) inForce(file string, now time.Time) (ban, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	in, known := b.known[file]
	if !known {
		in, _ = b.read(file, now)
		b.known[file] = in
	}
	return in, now.Before(in.Until)
}

// read reads a file. A damaged one is ignored.
func (b *bans) read(file string, now time.Time) (ban, bool) {
	if b.folder == "" {
		in, ok := b.known[file]
		return in, ok
	}
	path := filepath.Join(b.folder, file)
	data, err := os.ReadFile(path)
	if in, ok := unwritten.Load(path); ok && err != nil {
		return in.(ban), true
	}
	if errors.Is(err, fs.ErrNotExist) {
		return ban{}, false
	}
	var in ban
	if err == nil {
		err = strict.Unmarshal(data, &in)
	}
	lasts := in.Until.Sub(in.Since)
	if err == nil && (lasts <= 0 || lasts > longestBan || in.Reason != "banned" && in.Reason != "rate_limited") {
		err = errors.New("holds no ban")
	}
	if err != nil {
		b.log.Warn("The file of a ban is ignored: remove it", "file", path, "err", err)
		return ban{}, false
	}
	if now.Before(in.Since.Add(-time.Minute)) { // the clock was set back: the ban starts again
		in = ban{in.Reason, now, now.Add(lasts)}
		b.keep(file, in)
	}
	return in, true
}

// unwritten holds the bans whose file could not be written, by its path, for the
// next runs of this process.
var unwritten sync.Map

// keep writes a ban. Where that fails, only this process knows it.
func (b *bans) keep(file string, in ban) {
	b.known[file] = in
	if b.folder == "" {
		return
	}
	path := filepath.Join(b.folder, file)
	data, err := json.Marshal(in)
	if err == nil {
		err = outfile.Write(path, data, outfile.Umask)
	}
	if err != nil {
		unwritten.Store(path, in)
		b.log.Warn("The ban cannot be written: other processes do not know it", "err", err)
	}
}
