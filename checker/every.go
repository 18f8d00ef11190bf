package checker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"
)

// defaultEvery is the interval of --every without a value.
const defaultEvery = duration(10 * time.Minute)

// Web holds the flags of the Prometheus family for an HTTP server.
type Web struct {
	SystemdSocket bool
	ListenAddress []string
	ConfigFile    string
}

func (w *Web) flags(flags *pflag.FlagSet) {
	flags.StringArrayVar(&w.ListenAddress, "web.listen-address", []string{":9916"}, "Expose the metrics and the page of --every on this `address`. Can be repeated.")
	flags.BoolVar(&w.SystemdSocket, "web.systemd-socket", false, "Use systemd socket activation listeners instead of addresses.")
	flags.StringVar(&w.ConfigFile, "web.config.file", "", "Read the settings for TLS and authentication from this `file`. See: https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md")
}

// startedBy is the variable with the process and the version of the program that
// became the service. A process that inherits it has another number.
const startedBy = "PREFLIGHT_STARTED_BY"

// serviceSuffix ends the name of the program that serves a run with --every.
const serviceSuffix = "-serve"

// loop serves the run, or becomes the program that does.
func (r *run) loop(ctx context.Context, d declared, logger *slog.Logger, stdout io.Writer) error {
	self := strconv.Itoa(os.Getpid())
	by, became := strings.CutPrefix(os.Getenv(startedBy), self+" ")
	if r.program.Serve != nil {
		if became && by != programVersion() {
			logger.Warn("The program that started this one has another version: build both together", "version", programVersion(), "started_by", by)
		}
		return r.program.Serve(ctx, newLoop(r, d, logger, stdout))
	}
	path, err := os.Executable()
	if err != nil {
		return err
	}
	service := path + serviceSuffix
	switch {
	case became: // a link to this program would become it again and again
		return fmt.Errorf("--every: %s is a copy of the program that starts it, or a link to it: build it from a program with serve.Main", os.Args[0])
	case ctx.Err() != nil: // a signal came, which the service would not see
		return nil
	}
	if err := os.Setenv(startedBy, self+" "+programVersion()); err != nil {
		return err
	}
	r.program.restoreUmask()
	err = syscall.Exec(service, append([]string{service}, r.program.args...), os.Environ())
	if errors.Is(err, fs.ErrNotExist) {
		name := filepath.Base(service)
		return fmt.Errorf("--every is served by another program, %s, which is not there: build it too, with go build -o %s ./cmd/%s (in a module of your own, from the package with serve.Main)", name, service, name)
	}
	return fmt.Errorf("--every: %s: %w", service, err)
}
