// Command chaos kills the webhook 200 times during work, then fails the
// programs that it depends on, and proves that no alert was lost. "make chaos"
// builds the commands and runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alertnative/preflight/internal/testing/chaos"
)

func main() {
	c := chaos.Config{Log: os.Stdout}
	flag.IntVar(&c.Kills, "kills", 200, "how many kills of the webhook have to hit work in flight")
	flag.IntVar(&c.Outages, "outages", 60, "how many outages of everything else follow")
	flag.Uint64Var(&c.Seed, "seed", uint64(time.Now().UnixNano()), "seed of the random moments and faults")
	flag.IntVar(&c.Replicas, "replicas", 1, "replicas of the webhook on one PostgreSQL")
	flag.BoolVar(&c.Fanout, "fanout", false, "each Alertmanager posts to every replica, not to one of its own")
	flag.BoolVar(&c.OneMessage, "one-message", false, "require that the replicas together deliver each alert once")
	flag.StringVar(&c.Webhook, "webhook", filepath.Join("bin", "preflight-webhook"), "the program to kill")
	keep := flag.Bool("keep", false, "keep the folder with data and logs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, c, *keep); err != nil {
		fmt.Fprintf(os.Stderr, "chaos: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, c chaos.Config, keep bool) (err error) {
	if c.Webhook, err = filepath.Abs(c.Webhook); err != nil {
		return err
	}
	if c.Dir, err = os.MkdirTemp("", "preflight-chaos-"); err != nil {
		return err
	}
	// PostgreSQL may run as another user, who must reach its folder.
	if err := os.Chmod(c.Dir, 0o755); err != nil {
		return err
	}
	report, err := chaos.Run(ctx, c)
	report.Print(os.Stdout)
	if err == nil && len(report.Problems) > 0 {
		err = errors.New("see the problems above")
	}
	if keep || err != nil {
		fmt.Printf("Data and logs: %s\n", c.Dir)
		return err
	}
	return os.RemoveAll(c.Dir)
}
