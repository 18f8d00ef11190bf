// Command pipeline measures the time from a failure, and from its resolution,
// to the chat:
//
//   - from the written metrics file to the evaluation of the rule, which
//     includes Prometheus's scrape and evaluation intervals of 5 s each;
//   - from that evaluation to the call of the Bot API, which includes
//     Alertmanager's group_wait or group_interval, and our webhook.
//
// It runs the real stack with the shipped intervals and a fake Bot API. Each
// failure has its own environment, because Alertmanager delays changes of a
// known group. "make bench" runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/internal/stack"
	"github.com/alertnative/preflight/internal/stack/servers"
)

const (
	token = "12345:AAbenchBENCHbenchBENCHbenchBENCHben12"
	chat  = 4242
	alert = "PreflightCheckFailed"
)

func main() {
	n := flag.Int("n", 20, "how many failures and ends")
	flag.Parse()
	if err := bench(context.Background(), *n); err != nil {
		fmt.Fprintf(os.Stderr, "pipeline: %v\n", err)
		os.Exit(1)
	}
}

// step holds the times of one firing or resolution.
type step struct{ evaluated, delivered time.Duration }

func bench(ctx context.Context, n int) (err error) {
	root, err := servers.Root()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "preflight-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	redis, err := servers.StartRedis(ctx, servers.Config{Dir: filepath.Join(dir, "redis")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, redis.Close()) }()
	config := filepath.Join(dir, "preflight.yml")
	if err := os.WriteFile(config, []byte("envs: [paper]\ndatabase: {redis: {url_from: REDIS_URL}}\nenvironment: {required: [{name: REDIS_URL}]}\n"), 0o644); err != nil {
		return err
	}
	bot := fakebot.New(token, fakebot.Telegram(), fakebot.Chat{ID: chat})
	server := httptest.NewServer(bot)
	defer server.Close()
	s, err := stack.Up(ctx, stack.Config{
		Dir: filepath.Join(dir, "stack"), Generated: filepath.Join(root, "generated"), TelegramURL: server.URL,
		WebhookEnv: []string{"TELEGRAM_BOT_TOKEN=" + token, fmt.Sprintf("TELEGRAM_CHAT_ID=%d", chat)},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Down()) }()
	client, err := api.NewClient(api.Config{Address: s.URL(stack.Prometheus)})
	if err != nil {
		return err
	}
	b := bencher{s, promv1.NewAPI(client), bot, config}
	fmt.Printf("%d failures and their resolutions, about %d s:\n", n, n*16)
	var fires, ends []step
	for i := range n {
		env := fmt.Sprintf("bench%d", i)
		fire, err := b.step(ctx, env, "redis://127.0.0.1:1", true)
		if err != nil {
			return err
		}
		end, err := b.step(ctx, env, redis.URL(), false)
		if err != nil {
			return err
		}
		fires, ends = append(fires, fire), append(ends, end)
	}
	report("fire", fires)
	report("resolution", ends)
	return nil
}

type bencher struct {
	stack  *stack.Stack
	prom   promv1.API
	bot    *fakebot.Bot
	config string
}

// step runs the checker and waits for the evaluation that sees the change, and
// for the call that delivers it.
func (b bencher) step(ctx context.Context, env, redis string, fires bool) (step, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, fmt.Errorf("%s: not delivered within a minute", env))
	defer cancel()
	before := len(b.bot.Calls())
	if _, err := b.stack.Check(ctx, stack.Checker{Config: b.config, Env: env, Vars: []string{"REDIS_URL=" + redis}}); err != nil {
		return step{}, err
	}
	info, err := os.Stat(filepath.Join(b.stack.TextfileDir(), "preflight.prom"))
	if err != nil {
		return step{}, err
	}
	evaluated, err := b.evaluation(ctx, env, fires)
	if err != nil {
		return step{}, err
	}
	var called time.Time
	if err := b.bot.Wait(ctx, func() bool {
		calls := b.bot.Calls()
		if len(calls) > before {
			called = calls[before].At
		}
		return !called.IsZero()
	}); err != nil {
		return step{}, context.Cause(ctx)
	}
	if !fires { // the edit of the first message comes a second later
		if err := b.bot.Wait(ctx, func() bool { return len(b.bot.Calls()) >= before+2 }); err != nil {
			return step{}, context.Cause(ctx)
		}
	}
	return step{evaluated.Sub(info.ModTime()), called.Sub(evaluated)}, nil
}

// evaluation returns the time of the first evaluation after the alert of the
// environment started or stopped firing. Prometheus shows the result a moment
// before the time of the evaluation, so the function queries twice.
func (b bencher) evaluation(ctx context.Context, env string, fires bool) (time.Time, error) {
	for seen := false; ; {
		rules, err := b.prom.Rules(ctx, nil)
		if err != nil {
			return time.Time{}, err
		}
		for _, g := range rules.Groups {
			for _, r := range g.Rules {
				if rule, ok := r.(promv1.AlertingRule); ok && rule.Name == alert {
					is := slices.ContainsFunc(rule.Alerts, func(a *promv1.Alert) bool { return string(a.Labels["env"]) == env })
					if is == fires && seen {
						return rule.LastEvaluation, nil
					}
					seen = is == fires
				}
			}
		}
		select {
		case <-ctx.Done():
			return time.Time{}, context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func report(what string, steps []step) {
	row := func(part string, of func(step) time.Duration) {
		var d []time.Duration
		for _, s := range steps {
			d = append(d, of(s))
		}
		slices.Sort(d)
		at := func(q float64) time.Duration { return d[int(q*float64(len(d)-1)+0.5)].Round(time.Millisecond) }
		fmt.Printf("  %-11s %-28s median %-8s p95 %-8s max %s\n", strings.TrimSpace(what), part, at(0.5), at(0.95), at(1))
	}
	row("metrics file to evaluation", func(s step) time.Duration { return s.evaluated })
	row("evaluation to Bot API call", func(s step) time.Duration { return s.delivered })
}
