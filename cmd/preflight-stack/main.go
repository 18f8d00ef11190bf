// Command preflight-stack runs the whole pipeline on this machine without
// containers: node_exporter, Prometheus, Alertmanager, the webhook and the
// checker, with the generated configuration.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
)

func main() {
	app := kingpin.New("preflight-stack", "Runs the whole pipeline on this machine without containers.")
	app.Version(version.Print("preflight-stack"))
	app.HelpFlag.Short('h')
	var u up
	cmd := app.Command("up", "Run the pipeline and check again and again; Ctrl-C stops it.")
	cmd.Flag("data", "Folder for the data and logs of all parts.").Default("data/stack").StringVar(&u.data)
	cmd.Flag("ports", "default: the ports each program has by default; random: free ones.").Default("default").EnumVar(&u.ports, "default", "random")
	cmd.Flag("telegram.api-url", "The Bot API to send to.").StringVar(&u.telegramURL)
	cmd.Flag("config.file", "The checker's configuration.").Default("preflight.yml").StringVar(&u.config)
	cmd.Flag("env", "The environment to check.").Default("paper").StringVar(&u.env)
	cmd.Flag("every", "How often the checker runs; 0: as the site says.").Default("0s").DurationVar(&u.every)
	var d demo
	cmd = app.Command("demo", "Show in two minutes what happens when Redis fails and returns: no account needed.")
	cmd.Flag("stay", "Keep running after the story, until Ctrl-C.").BoolVar(&d.stay)
	cmd.Flag("language", "Language of the messages.").Default("en").EnumVar(&d.language, "en", "ko")

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch kingpin.MustParse(app.Parse(os.Args[1:])) {
	case "up":
		err = u.run(ctx, os.Stdout)
	case "demo":
		err = d.run(ctx, os.Stdout)
	}
	if err != nil && !(errors.Is(err, context.Canceled) && ctx.Err() != nil) {
		stop()
		fmt.Fprintf(os.Stderr, "\npreflight-stack: %v\n", err)
		os.Exit(1)
	}
}

// pause waits, or returns why the program is to end.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
