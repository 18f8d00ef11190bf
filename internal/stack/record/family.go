package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/alertnative/preflight/internal/stack/proc"
	"github.com/alertnative/preflight/internal/stack/servers"
)

// Minimal configurations with which Prometheus and Alertmanager expose all
// their metrics. Some of Prometheus's exist only for rule groups.
const (
	prometheusConfig = `
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: [%[1]q]}]}]}
scrape_configs: [{job_name: alertmanager, static_configs: [{targets: [%[1]q]}]}]
`
	rulesConfig        = `groups: [{name: record, rules: [{alert: Always, expr: vector(1)}]}]`
	alertmanagerConfig = `
route: {receiver: discard}
receivers: [{name: discard, webhook_configs: [{url: "http://127.0.0.1:9/"}]}]
`
)

// recordFamily records node_exporter, Alertmanager and Prometheus.
func recordFamily(ctx context.Context, dir string) (err error) {
	ports := map[string]*proc.Port{}
	for _, name := range []string{"node_exporter", "alertmanager", "prometheus"} {
		port, err := proc.ReservePort()
		if err != nil {
			return err
		}
		defer port.Release()
		ports[name] = port
	}
	for name, text := range map[string]string{
		"prometheus.yml":   fmt.Sprintf(prometheusConfig, ports["alertmanager"].Addr()),
		"rules.yml":        rulesConfig,
		"alertmanager.yml": alertmanagerConfig,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	for _, p := range []struct {
		name, ready string
		args        []string
	}{
		{"node_exporter", "/", []string{"--collector.textfile.directory=" + dir}},
		{"alertmanager", "/-/ready", []string{
			"--config.file=" + filepath.Join(dir, "alertmanager.yml"), "--storage.path=" + filepath.Join(dir, "alertmanager"), "--cluster.listen-address=",
		}},
		{"prometheus", "/-/ready", []string{
			"--config.file=" + filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path=" + filepath.Join(dir, "prometheus"),
		}},
	} {
		path, err := servers.Find(p.name)
		if err != nil {
			return err
		}
		url := "http://" + ports[p.name].Addr()
		process, err := proc.Start(ctx, proc.Spec{
			Name: p.name, Path: path, Log: filepath.Join(dir, p.name+".log"),
			Args:  append([]string{"--web.listen-address=" + ports[p.name].Addr()}, p.args...),
			Ready: proc.HTTP(url + p.ready),
		})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, process.Stop()) }()
		if err := write(p.name, url); err != nil {
			return err
		}
	}
	return nil
}
