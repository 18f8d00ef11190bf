package stack

import (
	"fmt"
	"os"

	"github.com/alertnative/preflight/internal/proc"
	"github.com/alertnative/preflight/internal/servers"
)

// spec says how a part is run.
func (s *Stack) spec(part string) (proc.Spec, error) {
	program, ok := map[string]string{
		NodeExporter: "node_exporter", Webhook: "preflight-webhook", Alertmanager: "alertmanager", Prometheus: "prometheus",
	}[part]
	if !ok {
		return proc.Spec{}, fmt.Errorf("the stack has no part %q", part)
	}
	path, err := servers.Find(program)
	if err != nil {
		return proc.Spec{}, err
	}
	spec := proc.Spec{
		Name:  part,
		Path:  path,
		Args:  []string{"--web.listen-address=" + s.addrs[part]},
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
	case Alertmanager:
		spec.Args = append(spec.Args,
			"--config.file="+s.path("generated", "alertmanager", "alertmanager.yml"),
			"--storage.path="+s.path("alertmanager"),
			"--web.external-url="+s.URL(part),
			"--cluster.listen-address=") // alone
	case Webhook:
		spec.Args = append(append(spec.Args, "--spool="+s.path("webhook", "spool.db")), s.cfg.WebhookArgs...)
		spec.Env = append(os.Environ(), s.cfg.WebhookEnv...)
		spec.Stdout = s.cfg.WebhookOut
	}
	return spec, nil
}
