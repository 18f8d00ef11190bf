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

// Parts of a stack, in the order in which they start.
const (
	NodeExporter = "node_exporter"
	Webhook      = "webhook"
	Alertmanager = "alertmanager"
	Prometheus   = "prometheus"
)

// Config configures a stack.
type Config struct {
	// Dir holds the data, the logs and the generated configuration of every
	// part. It is created if missing and never removed.
	Dir string
	// Generated is the folder with a site's files from preflight-gen. The stack
	// runs a copy with its own addresses of the parts: scrape jobs with their
	// names, Alertmanager and the webhook. It does not use remote storage.
	Generated string
	// KeepAddresses keeps addresses outside the stack: static targets of other
	// jobs, and links to Grafana. Without it these jobs have no targets, and
	// the alerts no links.
	KeepAddresses bool
	// WebhookOnly removes Alertmanager's integrations other than the webhook,
	// so that no other receiver is notified. [Stack.LeftOut] lists them.
	WebhookOnly bool
	// DefaultPorts gives each program its default port; otherwise ports are
	// free ones.
	DefaultPorts bool
	// Bin is the folder of our own programs, preflight and preflight-webhook.
	// If it is "", [servers.Find] finds them.
	Bin string
	// Programs has the command lines of parts, without the flags. [servers.Find]
	// finds the programs of other parts. The webhook asks a Prometheus of this
	// list about no ends.
	Programs map[string][]string
	// Parts are the parts to run; nil means all.
	Parts []string
	// WebhookArgs and WebhookEnv are added to the arguments and the
	// environment of the webhook.
	WebhookArgs, WebhookEnv []string
	// PrometheusArgs are added to the arguments of Prometheus.
	PrometheusArgs []string
	// Secrets holds the content of the site's secrets by file name.
	Secrets map[string]string
	// TelegramURL is the Bot API for the webhook and Alertmanager. The default
	// is Telegram's.
	TelegramURL string
	// WebhookOut gets the standard output of the webhook; nil writes it to the
	// log.
	WebhookOut io.Writer
	// Started, unless nil, is called when a part is ready.
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

// Up copies the configuration and starts the parts. On failure it stops all
// parts, and the error names the failed part with the last lines of its log.
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

// prepare reserves ports, creates the folders and copies the configuration.
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

// defaultPorts are the ports in the documentation.
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

// Parts returns the running parts in the order of their start.
func (s *Stack) Parts() []string { return s.cfg.Parts }

// Scraped reports whether a job of the site scrapes the part: a job with the
// part's name or its usual port.
func (s *Stack) Scraped(part string) bool { return s.scraped[part] }

// Secrets returns the folder from which Alertmanager reads its secrets.
func (s *Stack) Secrets() string { return s.path("secrets") }

// LeftOut returns the integrations that WebhookOnly removed: "slack of team-a".
func (s *Stack) LeftOut() []string { return s.leftOut }

// TextfileDir returns the folder for the checker's metrics.
func (s *Stack) TextfileDir() string { return s.path("textfile-collector") }

// URL returns the address of a part: "http://127.0.0.1:9090".
func (s *Stack) URL(part string) string { return "http://" + s.addrs[part] }

// Start starts a part after [Stack.Kill] or [Stack.Stop], with the same address
// and data.
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

// Kill stops a part like a crash.
func (s *Stack) Kill(part string) { s.parts[part].Kill() }

// Down stops all parts in reverse order of their start and releases the ports.
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

// Watch returns nil at the next tick. It returns an error as soon as a part
// exits or ctx is done.
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
