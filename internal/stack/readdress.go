package stack

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/webhook/api"
)

// discard is the address of an Alertmanager that does not run: the port of the
// discard protocol, which has no listener.
const discard = "127.0.0.1:9"

// Paths of the site's files that the parts read.
const (
	prometheusFile   = "prometheus/prometheus.yml"
	alertmanagerFile = "alertmanager/alertmanager.yml"
	webhookFile      = "webhook/webhook.yml"
)

// copyGenerated copies the site's files and replaces the site's addresses by
// those of the stack.
func (s *Stack) copyGenerated() error {
	from, err := filepath.Abs(s.cfg.Generated)
	if err != nil {
		return err
	}
	to := s.path("generated") // it is replaced, so it must be outside the site's folder
	if rel, err := filepath.Rel(from, to); err == nil && filepath.IsLocal(rel) {
		return fmt.Errorf("generated files: their copy %s is in %s: use another folder for the data", to, from)
	}
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return fmt.Errorf("generated files: %w", err)
	}
	for _, f := range []struct {
		part, path string
		edit       func(map[string]any) error
	}{
		{Prometheus, prometheusFile, s.readdressPrometheus},
		{Alertmanager, alertmanagerFile, s.readdressAlertmanager},
		{Webhook, webhookFile, func(map[string]any) error { return nil }}, // the file must exist
	} {
		if !slices.Contains(s.cfg.Parts, f.part) {
			continue
		}
		err := editYAML(filepath.Join(to, f.path), f.edit)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("generated files: %s has no %s: generate it with Site.Jobs, Site.Webhook and the output Files", s.cfg.Generated, f.path)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(s.cfg.Generated, f.path), err)
		}
	}
	if s.cfg.KeepAddresses {
		return nil
	}
	rules, err := filepath.Glob(filepath.Join(to, "prometheus", "rules", "*.yml"))
	if err != nil {
		return err
	}
	for _, path := range rules {
		if err := editYAML(path, removeDashboards); err != nil {
			return err
		}
	}
	return nil
}

// removeDashboards removes the links to Grafana from the rules of a file.
func removeDashboards(file map[string]any) error {
	for _, group := range mappings(file["groups"]) {
		for _, rule := range mappings(group["rules"]) {
			if annotations, ok := rule["annotations"].(map[string]any); ok {
				delete(annotations, api.Dashboard)
			}
		}
	}
	return nil
}

// editYAML edits a file with one mapping.
func editYAML(path string, edit func(map[string]any) error) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var file map[string]any
	if err := yaml.Unmarshal(data, &file); err != nil {
		return err
	}
	if err := edit(file); err != nil {
		return err
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2) // the default of four breaks texts with a leading space
	if err := errors.Join(enc.Encode(file), enc.Close()); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// connection are settings of a client that a server on the loopback interface
// does not need.
var connection = []string{"scheme", "authorization", "basic_auth", "oauth2", "tls_config", "http_config", "proxy_url", "proxy_from_environment"}

// readdressPrometheus replaces the addresses of Alertmanager and of the parts'
// jobs. It removes reading from and writing to other systems.
func (s *Stack) readdressPrometheus(file map[string]any) error {
	for _, key := range []string{"remote_write", "remote_read", "tracing"} {
		delete(file, key)
	}
	jobs := mappings(file["scrape_configs"])
	for _, job := range jobs {
		part := partOf(job, jobs)
		addr, runs := s.addrs[part]
		labels := commonLabels(job)
		if !s.cfg.KeepAddresses || runs {
			delete(job, "static_configs")
		}
		for key := range job {
			if strings.HasSuffix(key, "_sd_configs") {
				delete(job, key)
			}
		}
		if runs {
			s.scraped[part] = true
			job["static_configs"] = static(addr, labels)
			remove(job, connection...)
		}
	}
	addr, runs := s.addrs[Alertmanager]
	if !runs {
		addr = discard
	}
	alerting, ok := file["alerting"].(map[string]any)
	if !ok {
		alerting = map[string]any{}
		file["alerting"] = alerting
	}
	alerting["alertmanagers"] = []any{map[string]any{"static_configs": static(addr, nil)}}
	return nil
}

// usualPorts are the programs' default ports.
var usualPorts = map[string]string{"9100": NodeExporter, "9090": Prometheus, "9093": Alertmanager, "9917": Webhook}

// partOf returns the part that a job scrapes: the part with the job's name, or
// else, if no job has that name, the part with the usual port of the targets.
// It returns "" for other jobs.
func partOf(job map[string]any, all []map[string]any) string {
	name, _ := job["job_name"].(string)
	if _, ok := programs[name]; ok {
		return name
	}
	part := ""
	for _, group := range mappings(job["static_configs"]) {
		targets, _ := group["targets"].([]any)
		for _, target := range targets {
			_, port, _ := net.SplitHostPort(fmt.Sprint(target))
			of := usualPorts[port]
			if of == "" || part != "" && part != of {
				return ""
			}
			part = of
		}
	}
	if slices.ContainsFunc(all, func(other map[string]any) bool { return other["job_name"] == part }) {
		return ""
	}
	return part
}

func static(addr string, labels map[string]any) []any {
	return []any{map[string]any{"targets": []string{addr}, "labels": labels}}
}

// commonLabels returns the labels that all static targets of a job share.
func commonLabels(job map[string]any) map[string]any {
	var common map[string]any
	for _, group := range mappings(job["static_configs"]) {
		labels, _ := group["labels"].(map[string]any)
		if common == nil {
			common = maps.Clone(labels)
		}
		maps.DeleteFunc(common, func(name string, value any) bool { return labels[name] != value })
	}
	return common
}

// readdressAlertmanager sets the webhook's address and the folder of the
// secrets in the receivers.
func (s *Stack) readdressAlertmanager(file map[string]any) error {
	for _, receiver := range mappings(file["receivers"]) {
		for _, kind := range slices.Sorted(maps.Keys(receiver)) {
			if !strings.HasSuffix(kind, "_configs") {
				continue
			}
			var kept []any
			for _, integration := range mappings(receiver[kind]) {
				ours, err := s.readdressIntegration(kind, integration)
				if err != nil {
					return fmt.Errorf("receiver %v: %w", receiver["name"], err)
				}
				if ours || !s.cfg.WebhookOnly {
					kept = append(kept, integration)
				} else {
					s.leftOut = append(s.leftOut, fmt.Sprintf("%s of %v", strings.TrimSuffix(kind, "_configs"), receiver["name"]))
				}
			}
			receiver[kind] = kept
		}
	}
	s.moveSecrets(file)
	return nil
}

// readdressIntegration reports whether the integration calls the webhook.
func (s *Stack) readdressIntegration(kind string, integration map[string]any) (ours bool, err error) {
	switch kind {
	case "webhook_configs":
		text, _ := integration["url"].(string)
		u, err := url.Parse(text)
		if err != nil || u.Path != api.AlertsPath && u.Path != api.WatchdogPath && !strings.HasPrefix(u.Path, api.ReceiverPrefix) {
			return false, nil
		}
		if addr, runs := s.addrs[Webhook]; runs {
			u.Scheme, u.Host, u.User = "http", addr, nil
			integration["url"] = u.String()
			remove(integration, connection...)
		}
		return true, nil
	case "telegram_configs":
		if s.cfg.TelegramURL != "" {
			integration["api_url"] = s.cfg.TelegramURL
			delete(integration, "message_thread_id") // the chats of a fake have no topics
		}
	}
	return false, nil
}

// moveSecrets changes the path of each secret to the stack's folder and keeps
// its name.
func (s *Stack) moveSecrets(node any) {
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			if path, ok := value.(string); ok && strings.HasSuffix(key, "_file") {
				node[key] = s.path("secrets", filepath.Base(path))
			} else {
				s.moveSecrets(value)
			}
		}
	case []any:
		for _, value := range node {
			s.moveSecrets(value)
		}
	}
}

func remove(m map[string]any, keys ...string) {
	for _, key := range keys {
		delete(m, key)
	}
}

// mappings returns the mappings of a list.
func mappings(list any) []map[string]any {
	var out []map[string]any
	elements, _ := list.([]any)
	for _, e := range elements {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}
