// Package stack runs the whole pipeline on the loopback interface without
// containers: node_exporter, Prometheus, Alertmanager and the webhook, with the
// generated files of a site and the addresses of this machine.
//
// The command preflight-stack, the end-to-end tests and the benchmarks use it.
package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/alertnative/preflight/internal/stack/proc"
)

// The parts of a stack, in the order in which they start.
const (
	NodeExporter = "node_exporter"
	Webhook      = "webhook"
	Alertmanager = "alertmanager"
	Prometheus   = "prometheus"
)

// Config says what to run and where.
type Config struct {
	// Dir holds the data, the logs and the generated configuration of every
	// part. It is made when missing and not removed.
	Dir string
	// Generated is the folder with the files of a site, as preflight-gen writes
	// them. The stack runs a copy with its own addresses: those of the parts,
	// which are the scrape jobs of these names, of Alertmanager and the webhook.
	// It neither reads from remote storage nor writes to it.
	Generated string
	// KeepAddresses keeps the addresses of what the stack does not run: the
	// static targets of other jobs, and the links to Grafana. Without it these
	// jobs have no targets, and the alerts no links.
	KeepAddresses bool
	// WebhookOnly removes Alertmanager's integrations other than the webhook, so
	// that nobody else is notified. [Stack.LeftOut] lists them.
	WebhookOnly bool
	// DefaultPorts gives each program the port that it has by default;
	// otherwise free ones are taken.
	DefaultPorts bool
	// Bin holds our own programs, preflight and preflight-webhook; empty:
	// [servers.Find] finds them.
	Bin string
	// Programs has the command lines that run parts, without the flags. The other
	// parts are run by the programs that [servers.Find] finds.
	Programs map[string][]string
	// Parts are those to run; nil: all.
	Parts []string
	// WebhookArgs and WebhookEnv are added to the arguments and the
	// environment of the webhook.
	WebhookArgs, WebhookEnv []string
	// PrometheusArgs are added to the arguments of Prometheus.
	PrometheusArgs []string
	// Secrets holds the content of secrets that the site names, by the name of
	// their file.
	Secrets map[string]string
	// TelegramURL is the Bot API that the webhook and Alertmanager call; empty:
	// that of Telegram.
	TelegramURL string
	// WebhookOut gets what the webhook prints to its standard output; nil:
	// its log gets it.
	WebhookOut io.Writer
	// Started is called when a part is ready; nil: nothing is.
	Started func(part string)
}

// Stack is a running pipeline.
type Stack struct {
	cfg     Config
	addrs   map[string]string
	ports   []*proc.Port
	parts   map[string]*proc.Process
	scraped map[string]bool // parts that a job of the site scrapes
	leftOut []string
}

// Up copies the configuration and starts the parts. Its error names the part
// that failed, with the last lines of its log; nothing is left running then.
func Up(ctx context.Context, cfg Config) (*Stack, error) {
	if cfg.Parts == nil {
		cfg.Parts = []string{NodeExporter, Webhook, Alertmanager, Prometheus}
	}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, err
	}
	cfg.Dir = dir
	s := &Stack{cfg: cfg, addrs: map[string]string{}, parts: map[string]*proc.Process{}, scraped: map[string]bool{}}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(err, s.Down())
	}
	for _, part := range cfg.Parts {
		if err := s.Start(ctx, part); err != nil {
			return nil, errors.Join(err, s.Down())
		}
		if cfg.Started != nil {
			cfg.Started(part)
		}
	}
	return s, nil
}

// prepare takes the ports, makes the folders and copies the configuration.
func (s *Stack) prepare() error {
	for _, part := range s.cfg.Parts {
		addr, err := s.address(part)
		if err != nil {
			return err
		}
		s.addrs[part] = addr
	}
	for _, dir := range []string{s.TextfileDir(), s.path("prometheus"), s.path("alertmanager"), s.path("webhook"), s.path("log"), s.path("secrets")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	for name, content := range s.cfg.Secrets {
		if err := os.WriteFile(s.path("secrets", name), []byte(content+"\n"), 0o600); err != nil {
			return err
		}
	}
	return s.copyGenerated()
}

// defaultPorts are those of requirements and README.
var defaultPorts = map[string]int{NodeExporter: 9101, Prometheus: 9090, Alertmanager: 9093, Webhook: 9917}

func (s *Stack) address(part string) (string, error) {
	if s.cfg.DefaultPorts {
		return fmt.Sprintf("127.0.0.1:%d", defaultPorts[part]), nil
	}
	port, err := proc.ReservePort()
	if err != nil {
		return "", err
	}
	s.ports = append(s.ports, port)
	return port.Addr(), nil
}

func (s *Stack) path(elem ...string) string {
	return filepath.Join(append([]string{s.cfg.Dir}, elem...)...)
}

// Parts returns the parts that run, in the order in which they started.
func (s *Stack) Parts() []string { return s.cfg.Parts }

// Scraped reports whether a job of the site scrapes the part: the job that has the
// name of the part, or its usual port.
func (s *Stack) Scraped(part string) bool { return s.scraped[part] }

// Secrets is the folder that Alertmanager reads its secrets from.
func (s *Stack) Secrets() string { return s.path("secrets") }

// LeftOut lists the integrations that WebhookOnly removed: "slack of team-a".
func (s *Stack) LeftOut() []string { return s.leftOut }

// TextfileDir is the folder that the checker writes its metrics into.
func (s *Stack) TextfileDir() string { return s.path("textfile-collector") }

// URL is the address of a part: "http://127.0.0.1:9090".
func (s *Stack) URL(part string) string { return "http://" + s.addrs[part] }

// Start starts a part, again after a [Stack.Kill] or [Stack.Stop], on the same
// address and data.
func (s *Stack) Start(ctx context.Context, part string) error {
	spec, err := s.spec(part)
	if err != nil {
		return err
	}
	p, err := proc.Start(ctx, spec)
	if err != nil {
		return err
	}
	s.parts[part] = p
	return nil
}

// Kill ends a part as a crash would.
func (s *Stack) Kill(part string) { s.parts[part].Kill() }

// Down ends all parts, the last one started first, and gives the ports back.
func (s *Stack) Down() error {
	var errs []error
	for _, part := range slices.Backward(s.cfg.Parts) {
		if p := s.parts[part]; p != nil {
			errs = append(errs, p.Stop())
		}
	}
	for _, port := range s.ports {
		port.Release()
	}
	return errors.Join(errs...)
}

// Watch returns nil at the next tick, and an error as soon as a part ends by
// itself or ctx is done.
func (s *Stack) Watch(ctx context.Context, tick <-chan time.Time) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for _, part := range s.cfg.Parts {
		p := s.parts[part]
		go func() {
			select {
			case <-p.Done():
				cancel(p.Err())
			case <-ctx.Done():
			}
		}()
	}
	select {
	case <-tick:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
