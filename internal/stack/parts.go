package stack

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alertnative/preflight/internal/stack/proc"
	"github.com/alertnative/preflight/internal/stack/servers"
)

// programs maps parts to the names of their programs.
var programs = map[string]string{
	NodeExporter: "node_exporter", Webhook: "preflight-webhook", Alertmanager: "alertmanager", Prometheus: "prometheus",
}

// program returns the path of a program: one of our own in the stack's folder
// for them, if set, else the one that [servers.Find] returns.
func (s *Stack) program(name string) (string, error) {
	if s.cfg.Bin != "" && strings.HasPrefix(name, "preflight") {
		return filepath.Join(s.cfg.Bin, name), nil
	}
	return servers.Find(name)
}

// command returns the command line of a part, without the flags.
func (s *Stack) command(part string) ([]string, error) {
	if command := s.cfg.Programs[part]; len(command) > 0 {
		return command, nil
	}
	name, ok := programs[part]
	if !ok {
		return nil, fmt.Errorf("the stack has no part %q", part)
	}
	path, err := s.program(name)
	return []string{path}, err
}

// spec returns the command line of a part and the settings of its process.
func (s *Stack) spec(part string) (proc.Spec, error) {
	command, err := s.command(part)
	if err != nil {
		return proc.Spec{}, err
	}
	spec := proc.Spec{
		Name:  part,
		Path:  command[0],
		Args:  append(slices.Clone(command[1:]), "--web.listen-address="+s.addrs[part]),
		Log:   s.path("log", part+".log"),
		Ready: proc.HTTP(s.URL(part) + "/-/ready"),
	}
	switch part {
	case NodeExporter:
		spec.Args = append(spec.Args, "--collector.textfile.directory="+s.TextfileDir())
		spec.Ready = proc.HTTP(s.URL(part) + "/")
	case Prometheus:
		spec.Args = append(spec.Args,
			"--config.file="+s.path("generated", "prometheus", "prometheus.yml"),
			"--storage.tsdb.path="+s.path("prometheus"),
			"--web.external-url="+s.URL(part))
		spec.Args = append(spec.Args, s.cfg.PrometheusArgs...)
	case Alertmanager:
		spec.Args = append(spec.Args,
			"--config.file="+s.path("generated", "alertmanager", "alertmanager.yml"),
			"--storage.path="+s.path("alertmanager"),
			"--web.external-url="+s.URL(part),
			"--cluster.listen-address=") // no cluster
	case Webhook:
		spec.Args = append(spec.Args,
			"--config.file="+s.path("generated", "webhook", "webhook.yml"),
			"--spool="+s.path("webhook", "spool.db"))
		if s.cfg.TelegramURL != "" {
			spec.Args = append(spec.Args, "--telegram.api-url="+s.cfg.TelegramURL)
		}
		if _, runs := s.addrs[Alertmanager]; runs {
			spec.Args = append(spec.Args, "--alertmanager.url="+s.URL(Alertmanager))
		}
		// The embedded Prometheus has no API that confirms ends.
		if _, runs := s.addrs[Prometheus]; runs && len(s.cfg.Programs[Prometheus]) == 0 {
			spec.Args = append(spec.Args, "--prometheus.url="+s.URL(Prometheus))
		}
		spec.Args = append(spec.Args, s.cfg.WebhookArgs...)
		spec.Env = append(os.Environ(), s.cfg.WebhookEnv...)
		spec.Stdout = s.cfg.WebhookOut
	}
	return spec, nil
}
