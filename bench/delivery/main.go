// Command delivery measures the webhook under load:
//
//   - acknowledgements per second on 16 connections, compared with the number
//     of disk syncs per second, because each acknowledgement waits for one;
//   - the time to an acknowledgement while 16 other connections ask /-/ready;
//   - the time until a group of 100 alerts is acknowledged;
//   - the delay of small notifications beside one of 400,000 alerts;
//   - the time until 10,000 notifications of 50 groups, which arrived during an
//     outage of Telegram, are in the chat, at the rate that Telegram allows;
//   - a storm: how soon 101 groups are named, one of them with 10,000 alerts, and
//     how soon a later urgent alert is;
//   - the calls for an urgent alert that flaps;
//   - memory over 100,000 notifications.
//
// The load comes from the same machine. The webhook refuses to start on a spool
// without synchronous=FULL, so every acknowledgement was on disk. "make bench"
// runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/internal/stack/proc"
	"github.com/alertnative/preflight/internal/stack/servers"
)

const (
	token       = "12345:AAbenchBENCHbenchBENCHbenchBENCHben12"
	chat        = 4242
	connections = 16
	groups      = 50
)

func main() {
	acks := flag.Int("acks", 20_000, "notifications for the rate of acknowledgements")
	backlog := flag.Int("backlog", 10_000, "notifications that wait for Telegram")
	memory := flag.Int("memory", 100_000, "notifications while memory is watched")
	alerts := flag.Int("large", 400_000, "alerts of a large notification")
	only := flag.String("only", "", "the name of one part: acks, ready, group, large, backlog, storm, flapping or memory")
	flag.Parse()
	ctx := context.Background()
	for _, part := range []struct {
		name string
		run  func() error
	}{
		{"acks", func() error { return benchAcks(ctx, *acks) }},
		{"ready", func() error { return benchReady(ctx, *acks/20) }},
		{"group", func() error { return benchGroup(ctx) }},
		{"large", func() error { return benchLarge(ctx, *alerts) }},
		{"backlog", func() error { return benchBacklog(ctx, *backlog) }},
		{"storm", func() error { return benchStorm(ctx, 10_000) }},
		{"flapping", func() error { return benchFlapping(ctx) }},
		{"memory", func() error { return benchMemory(ctx, *memory) }},
	} {
		if *only != "" && *only != part.name {
			continue
		}
		if err := part.run(); err != nil {
			fmt.Fprintf(os.Stderr, "delivery: %v\n", err)
			os.Exit(1)
		}
	}
}

// subject is a running webhook with its Telegram.
type subject struct {
	dir     string
	chat    int64
	bot     *fakebot.Bot
	api     *httptest.Server
	away    atomic.Bool // Telegram is down
	port    *proc.Port
	process *proc.Process
}

func start(ctx context.Context, limits fakebot.Limits, args ...string) (*subject, error) {
	return startIn(ctx, chat, limits, args...)
}

// startIn starts a webhook with a chat.
func startIn(ctx context.Context, chat int64, limits fakebot.Limits, args ...string) (s *subject, err error) {
	s = &subject{chat: chat, bot: fakebot.New(token, limits, fakebot.Chat{ID: chat})}
	s.api = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.away.Load() {
			panic(http.ErrAbortHandler)
		}
		s.bot.ServeHTTP(w, r)
	}))
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stop())
		}
	}()
	if s.dir, err = os.MkdirTemp("", "preflight-bench-"); err != nil {
		return s, err
	}
	if s.port, err = proc.ReservePort(); err != nil {
		return s, err
	}
	path, err := servers.Find("preflight-webhook")
	if err != nil {
		return s, err
	}
	s.process, err = proc.Start(ctx, proc.Spec{
		Name: "webhook", Path: path, Log: filepath.Join(s.dir, "log"), Ready: proc.HTTP(s.url() + "/-/ready"),
		Args: append([]string{
			"--web.listen-address=" + s.port.Addr(), "--spool=" + filepath.Join(s.dir, "spool.db"),
			"--telegram.api-url=" + s.api.URL, "--watchdog.timeout=0", "--log.level=warn",
		}, args...),
		Env: []string{"TELEGRAM_BOT_TOKEN=" + token, fmt.Sprintf("TELEGRAM_CHAT_ID=%d", chat)},
	})
	return s, err
}

func (s *subject) url() string { return "http://" + s.port.Addr() }

func (s *subject) stop() error {
	var errs []error
	if s.process != nil {
		errs = append(errs, s.process.Stop())
	}
	if s.port != nil {
		s.port.Release()
	}
	s.api.Close()
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}

// metric returns the value of a metric, by its name in /metrics, with labels if
// it has any.
func (s *subject) metric(name string) (float64, error) {
	text, err := get(s.url() + "/metrics")
	if err != nil {
		return 0, err
	}
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("no metric %s", name)
	}
	return strconv.ParseFloat(m[1], 64)
}

// backlog returns the number of alerts that are not up to date in the chat.
func (s *subject) backlog() (float64, error) {
	return s.metric(fmt.Sprintf(`preflight_webhook_backlog{chat="%d"}`, s.chat))
}

// benchAcks posts as fast as 16 connections can.
func benchAcks(ctx context.Context, n int) (err error) {
	s, err := start(ctx, fakebot.Telegram())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	before, err := syncRate(s.dir, 2*time.Second)
	if err != nil {
		return err
	}
	cpu, err := s.metric("process_cpu_seconds_total")
	if err != nil {
		return err
	}
	begin := time.Now()
	times, err := s.post(n, func(i int) []byte { return notification(i%groups, i, 1, time.Time{}) })
	if err != nil {
		return err
	}
	rate := float64(n) / time.Since(begin).Seconds()
	spent, err := s.metric("process_cpu_seconds_total")
	if err != nil {
		return err
	}
	after, err := syncRate(s.dir, 2*time.Second)
	if err != nil {
		return err
	}
	syncs := (before + after) / 2
	fmt.Printf("%d notifications on %d connections, each synced to disk before its acknowledgement:\n", n, connections)
	fmt.Printf("  %-40s %8.0f/s\n", "acknowledgements", rate)
	fmt.Printf("  %-40s %8.0f/s before, %.0f/s after\n", "bare syncs of the disk, one at a time", before, after)
	fmt.Printf("  %-40s %8.2f\n", "ratio", rate/syncs)
	fmt.Printf("  %-40s %8.2f ms\n", "CPU time of the webhook for each", 1000*(spent-cpu)/float64(n))
	times.print("time to the acknowledgement")
	fmt.Println()
	return nil
}

// syncRate returns how many times per second 4 KiB can be appended and synced.
func syncRate(dir string, d time.Duration) (rate float64, err error) {
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	block := make([]byte, 4096)
	n := 0
	begin := time.Now()
	for time.Since(begin) < d {
		if _, err := f.Write(block); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		n++
	}
	return float64(n) / time.Since(begin).Seconds(), nil
}

// benchGroup posts groups of 100 alerts, one after the other.
func benchGroup(ctx context.Context) (err error) {
	s, err := start(ctx, fakebot.Telegram())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	const runs = 100
	var times durations
	for i := range runs {
		d, err := s.postOne(http.DefaultClient, notification(i, 100*i, 100, time.Time{}))
		if err != nil {
			return err
		}
		times = append(times, d)
	}
	fmt.Printf("%d groups of 100 alerts, one after the other:\n", runs)
	times.print("time to the acknowledgement")
	fmt.Println()
	return nil
}

// benchBacklog posts notifications while Telegram is down. Half of them fire an
// alert, half resolve it; the last one of each group fires.
func benchBacklog(ctx context.Context, n int) (err error) {
	s, err := start(ctx, fakebot.Telegram())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	s.away.Store(true)
	if _, err := s.post(n, func(i int) []byte {
		return notification(i%groups, i%groups, 1, time.Time{})
	}); err != nil {
		return err
	}
	s.away.Store(false)
	if err := s.bot.Wait(ctx, func() bool { return len(s.bot.Messages(chat)) == groups }); err != nil {
		return err
	}
	messages := s.bot.Messages(chat)
	took := messages[groups-1].Sent.Sub(messages[0].Sent)
	refused := 0
	for _, c := range s.bot.Calls() {
		if c.Status != http.StatusOK {
			refused++
		}
	}
	fmt.Printf("%d notifications of %d groups, posted while Telegram was down:\n", n, groups)
	fmt.Printf("  %-40s %d in %.1f s, %.2f s apart; %d refused\n\n", "messages", len(messages), took.Seconds(),
		took.Seconds()/float64(groups-1), refused)
	return nil
}

// benchMemory fires and resolves alerts and prints the memory ten times.
func benchMemory(ctx context.Context, n int) (err error) {
	s, err := start(ctx, fakebot.Limits{}, "--no-telegram.rate-limit")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	const looks = 10
	fmt.Printf("%d notifications, half of them resolutions:\n  %12s %12s %12s\n", n, "notifications", "resident MB", "heap MB")
	var resident []float64
	for look := range looks {
		from := look * n / looks
		_, err := s.post(n/looks, func(i int) []byte {
			i += from
			var ends time.Time
			if i/groups%2 == 1 {
				ends = time.Now()
			}
			return notification(i%groups, i/groups/2, 1, ends)
		})
		if err != nil {
			return err
		}
		rss, err := s.metric("process_resident_memory_bytes")
		if err != nil {
			return err
		}
		heap, err := s.metric("go_memstats_heap_inuse_bytes")
		if err != nil {
			return err
		}
		resident = append(resident, rss/1e6)
		fmt.Printf("  %12d %12.1f %12.1f\n", (look+1)*n/looks, rss/1e6, heap/1e6)
	}
	waiting, err := s.backlog()
	if err != nil {
		return err
	}
	half := resident[looks/2:]
	fmt.Printf("  second half: %.1f to %.1f MB resident; %.0f alerts wait for the chat\n\n", slices.Min(half), slices.Max(half), waiting)
	return nil
}
