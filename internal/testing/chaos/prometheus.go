package chaos

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/stack/proc"
	"github.com/alertnative/preflight/internal/stack/servers"
	"github.com/alertnative/preflight/webhook/api"
)

// prometheus is one of two servers with the same rules.
type prometheus struct {
	spec        proc.Spec
	data, rules string // the folder and the file
	web         *proc.Port
	process     *proc.Process
}

// newPrometheus configures server i, without starting it.
func (r *run) newPrometheus(i int, exporter string) (*prometheus, error) {
	path, err := servers.Find("prometheus")
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(r.Dir, fmt.Sprintf("prometheus-%d", i+1))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	p := &prometheus{data: filepath.Join(dir, "data"), rules: filepath.Join(dir, "rules.yml")}
	if p.web, err = proc.ReservePort(); err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "prometheus.yml")
	var managers []string
	for _, am := range r.managers {
		managers = append(managers, am.web.Addr())
	}
	if err := writeYAML(config, object{
		"global":     object{"scrape_interval": "1s", "evaluation_interval": "1s", "external_labels": object{"env": "paper"}},
		"rule_files": []string{p.rules},
		"alerting":   object{"alertmanagers": []object{{"static_configs": []object{{"targets": managers}}}}},
		"scrape_configs": []object{{
			"job_name": "chaos", "metrics_path": fmt.Sprintf("/%d", i), "static_configs": []object{{"targets": []string{exporter}}},
		}},
	}); err != nil {
		return nil, err
	}
	p.spec = proc.Spec{
		Name: fmt.Sprintf("prometheus %d", i+1), Path: path,
		Log:   filepath.Join(r.logs(), fmt.Sprintf("prometheus-%d.log", i+1)),
		Ready: proc.HTTP(p.url() + "/-/ready"),
		Args: []string{
			"--config.file=" + config, "--storage.tsdb.path=" + p.data, "--web.listen-address=" + p.web.Addr(), "--web.enable-lifecycle",
			// An alert expires after four of them, instead of four minutes.
			"--rules.alert.resend-delay=5s",
		},
	}
	return p, p.writeRules(true)
}

// writeRules writes the rule file, with the rule or without it.
func (p *prometheus) writeRules(rule bool) error {
	rules := []object{{"record": "chaos:fires", "expr": "sum(chaos_fires)"}}
	if rule {
		rules = append(rules, object{
			"alert":  "Chaos",
			"expr":   "chaos_fires * on (target) group_left () chaos_weight == 1",
			"labels": object{"kind": "rule"},
			"annotations": object{
				api.Title: "Chaos", api.Summary: "alert-{{ $labels.target }}.",
				api.EvaluatedAt: emit.EvaluatedAt, api.ResolveWithin: "16s", // the interval and 15s
			},
		})
	}
	return writeYAML(p.rules, object{"groups": []object{{"name": "chaos", "rules": rules}}})
}

func writeYAML(path string, content any) error {
	data, err := yaml.Marshal(content)
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

func (p *prometheus) url() string { return "http://" + p.web.Addr() }

func (p *prometheus) start(ctx context.Context) (err error) {
	p.process, err = proc.Start(ctx, p.spec)
	return err
}

// reload makes the server read its rules again.
func (p *prometheus) reload(ctx context.Context) error { return postTo(ctx, p.url()+"/-/reload", nil) }

func (p *prometheus) close() (err error) {
	if p.process != nil {
		err = p.process.Stop()
	}
	p.web.Release()
	return err
}
