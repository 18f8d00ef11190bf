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

// startedBy is the variable with the version of the program that starts the
// service.
const startedBy = "PREFLIGHT_STARTED_BY"

// serviceSuffix ends the name of the program that serves a run with --every.
const serviceSuffix = "-serve"

// loop serves the run, or becomes the program that does.
func (r *run) loop(ctx context.Context, d declared, logger *slog.Logger, stdout io.Writer) error {
	if r.program.Serve != nil {
		if by := os.Getenv(startedBy); by != "" && by != programVersion() {
			logger.Warn("The program that started this one has another version: build both together", "version", programVersion(), "started_by", by)
		}
		return r.program.Serve(ctx, newLoop(r, d, logger, stdout))
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	service := self + serviceSuffix
	r.program.restoreUmask()
	err = syscall.Exec(service, append([]string{service}, r.program.args...), append(os.Environ(), startedBy+"="+programVersion()))
	if errors.Is(err, fs.ErrNotExist) {
		name := filepath.Base(service)
		return fmt.Errorf("--every is served by another program, %s, which is not there: build it too, with go build -o %s ./cmd/%s", name, service, name)
	}
	return fmt.Errorf("--every: %s: %w", service, err)
}
