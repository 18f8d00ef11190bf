// Command chaos troubles the webhook and the programs that it depends on, in
// stages, and proves that no alert was lost or doubled. "make chaos" builds the
// commands and runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/alertnative/preflight/internal/testing/chaos"
)

func main() {
	c := chaos.Config{Log: os.Stdout}
	flag.IntVar(&c.Kills, "kills", 200, "how many kills of the webhook have to hit work in flight")
	flag.IntVar(&c.Outages, "outages", 60, "how many outages of everything else follow")
	stages := flag.String("stages", strings.Join(chaos.Stages(), ","), "stages to play, separated by commas")
	flag.IntVar(&c.Rounds, "rounds", 0, "how often each stage but the first repeats its trouble; 0: the stage's own number")
	flag.DurationVar(&c.FailFor, "fail-for", 30*time.Second, "how long rules fail; an alert expires 20s after the last evaluation")
	flag.StringVar(&c.Previous, "previous", filepath.Join("bin", "previous", "preflight-webhook"), "preflight-webhook of the version before; scripts/previous builds it")
	flag.Uint64Var(&c.Seed, "seed", uint64(time.Now().UnixNano()), "seed of the random moments and faults")
	flag.IntVar(&c.Replicas, "replicas", 1, "replicas of the webhook on one PostgreSQL")
	flag.BoolVar(&c.Fanout, "fanout", false, "each Alertmanager posts to every replica, not to one of its own")
	flag.BoolVar(&c.OneMessage, "one-message", false, "require that the replicas together deliver each alert once")
	flag.StringVar(&c.Transport, "transport", "telegram", "the service with the chat: telegram or slack; stages with a group need telegram")
	flag.StringVar(&c.Webhook, "webhook", filepath.Join("bin", "preflight-webhook"), "the program to kill")
	keep := flag.Bool("keep", false, "keep the folder with data and logs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	failed := false
	for stage := range strings.SplitSeq(*stages, ",") {
		c.Stage = stage
		if err := run(ctx, c, *keep); err != nil {
			fmt.Fprintf(os.Stderr, "chaos: stage %s: %v\n", stage, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

func run(ctx context.Context, c chaos.Config, keep bool) (err error) {
	for _, program := range []*string{&c.Webhook, &c.Previous} {
		if *program, err = filepath.Abs(*program); err != nil {
			return err
		}
	}
	if c.Dir, err = os.MkdirTemp("", "preflight-chaos-"); err != nil {
		return err
	}
	// PostgreSQL may run as another user, who must reach its folder.
	if err := os.Chmod(c.Dir, 0o755); err != nil {
		return err
	}
	report, err := chaos.Run(ctx, c)
	if report != nil {
		report.Print(os.Stdout)
	}
	if err == nil && len(report.Problems) > 0 {
		err = errors.New("see the problems above")
	}
	if keep || err != nil {
		fmt.Printf("Data and logs: %s\n", c.Dir)
		return err
	}
	return os.RemoveAll(c.Dir)
}
