package definitions

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
)

// ports returns the default ports of programs.
func ports() map[string]string {
	out := map[string]string{"webhook": "9917"}
	for _, program := range metrics.Programs() {
		if port, ok := metrics.DefaultPort(program); ok {
			out[program] = strconv.Itoa(port)
		}
	}
	return out
}

// jobs checks the site's addresses: jobs that scrape another program than their
// name says, and addresses that cannot be opened.
func (c *Checked) jobs() []finding.Finding {
	var out []finding.Finding
	if found := c.passwords(); len(found) > 0 {
		return found // the next findings contain the addresses
	}
	for _, j := range c.Jobs {
		out = append(out, c.port(j)...)
		out = append(out, c.refused(j)...)
	}
	const where = "site"
	bad := func(field, text, reason string) {
		out = append(out, finding.Finding{Code: finding.BadSite, Where: where, Part: field, Text: text, To: len(text), Reason: reason})
	}
	for _, address := range []struct{ field, text string }{
		{"Webhook.URL", c.Webhook.URL}, {"Grafana.URL", c.Grafana.URL}, {"RunbookURL", c.RunbookURL},
	} {
		if address.text == "" {
			continue
		}
		if u, err := url.Parse(address.text); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			bad(address.field, address.text, "it is not an absolute URL: write https://host/path")
		}
	}
	if u, err := url.Parse(c.Site.Grafana.URL); err == nil && (u.Fragment != "" || u.RawQuery == "" && u.ForceQuery) {
		bad("Grafana.URL", c.Site.Grafana.URL, "it has a fragment or an empty query, and the path of a dashboard is added to it: leave it out")
	}
	if u, err := url.Parse(c.Webhook.URL); err == nil && (u.RawQuery != "" || u.ForceQuery || u.Fragment != "") {
		bad("Webhook.URL", c.Webhook.URL, "it has a query or a fragment, and the path of the webhook's API is added to it: leave it out")
	}
	if u, err := url.Parse(c.Webhook.URL); err == nil && strings.Trim(u.Path, "/") != "" {
		bad("Webhook.URL", c.Webhook.URL, "it has a path: the generator adds the path of the webhook's API")
	}
	for _, a := range c.Site.Alertmanager.Addresses {
		if _, _, err := net.SplitHostPort(a); err != nil {
			bad("Alertmanager.Addresses", a, "it is not host:port")
		} else if reason := c.otherPort(a, "alertmanager"); reason != "" {
			bad("Alertmanager.Addresses", a, reason)
		}
	}
	if u, err := url.Parse(c.Webhook.URL); err == nil && u.Port() != "" {
		if reason := c.otherPort(u.Host, "webhook"); reason != "" {
			bad("Webhook.URL", c.Webhook.URL, reason)
		}
	}
	if reason := noFolder(c.RunbookURL); reason != "" {
		bad("RunbookURL", c.RunbookURL, reason)
	}
	if len(c.Jobs) > 0 && len(c.Site.Alertmanager.Addresses) == 0 {
		bad("Alertmanager.Addresses", "", "prometheus.yml is generated, but there is no Alertmanager in it: alerts would not be delivered")
	}
	return out
}

// otherPort explains why a program cannot listen at an address: another program
// has the port, or Prometheus scrapes that host on another port only.
func (c *Checked) otherPort(address, program string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	var scraped []string
	for _, j := range c.Jobs {
		for _, t := range targets(j) {
			switch h, p, err := net.SplitHostPort(t); {
			case err != nil || h != host:
			case p == port && (j.Name == program || !c.hasJob(program)):
				return ""
			case p == port:
				return fmt.Sprintf("job %q scrapes another program there", j.Name)
			case j.Name == program:
				scraped = append(scraped, t)
			}
		}
	}
	if len(scraped) > 0 {
		return fmt.Sprintf("job %q scrapes that host on another port: write %s, or correct the job", program, strings.Join(scraped, " or "))
	}
	ports := ports()
	for _, other := range slices.Sorted(maps.Keys(ports)) {
		if other != program && port == ports[other] {
			return fmt.Sprintf("%s is the port of %s; %s listens on %s", port, other, program, ports[program])
		}
	}
	return ""
}

func (c *Checked) hasJob(name string) bool {
	return slices.ContainsFunc(c.Jobs, func(j preflight.Job) bool { return j.Name == name })
}

// runbooks is the folder of the generated runbooks.
const runbooks = "runbooks"

// noFolder explains why a URL is not that of the runbooks' folder. Links add a
// file name to it.
func noFolder(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	if u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "it has a query or a fragment, and the name of a runbook is added to it: write the URL of the folder"
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	last := parts[len(parts)-1]
	if ext := path.Ext(last); ext == ".md" || ext == ".html" {
		return "it is a file, and the name of a runbook is added to it: write the URL of the folder"
	}
	for _, view := range []string{"blob", "tree", "raw", "src"} { // of a repository: …/blob/main/runbooks
		if at := slices.Index(parts, view); at > 0 && len(parts) == at+3 && last == runbooks {
			return "the generated files are in a folder of the repository, and the runbooks in its folder " + runbooks + ": write …/generated/" + runbooks
		}
	}
	if at := slices.Index(parts, "generated"); at >= 0 && last != runbooks {
		return "the runbooks are in the folder " + runbooks + " of the generated files: end the URL with it"
	}
	return ""
}

// targets returns the targets of a job in all environments.
func targets(j preflight.Job) []string {
	return slices.Concat(j.Targets, slices.Concat(slices.Collect(maps.Values(j.ByEnv))...))
}

// wellKnown maps programs without a recorded exposition to their ports.
var wellKnown = map[string]string{
	"Grafana": "3000", "Loki": "3100", "pushgateway": "9091", "the cluster of Alertmanager": "9094", "haproxy_exporter": "9101", "statsd_exporter": "9102",
	"mysqld_exporter": "9104", "consul_exporter": "9107", "nginx_exporter": "9113", "elasticsearch_exporter": "9114", "blackbox_exporter": "9115",
	"snmp_exporter": "9116", "redis_exporter": "9121", "memcached_exporter": "9150", "mongodb_exporter": "9216", "kafka_exporter": "9308",
}

// noMetrics maps ports to the programs that listen there for another protocol
// than HTTP.
var noMetrics = map[string]string{
	"22": "SSH", "25": "SMTP", "53": "DNS", "1433": "SQL Server", "3306": "MySQL", "4222": "NATS", "5432": "PostgreSQL", "5672": "RabbitMQ", "6379": "Redis",
	"9042": "Cassandra", "9092": "Kafka", "11211": "memcached", "26379": "Redis Sentinel", "27017": "MongoDB",
}

// port reports a job with the name of one program and the port of another, and
// ports of programs that serve no metrics.
func (c *Checked) port(j preflight.Job) []finding.Finding {
	var out []finding.Finding
	ports := ports()
	own, known := ports[j.Name]
	for _, t := range targets(j) {
		_, port, err := net.SplitHostPort(t)
		if err != nil {
			if !strings.Contains(t, "/") { // another check reports a URL
				out = append(out, finding.Finding{Code: finding.BadJob, Where: fmt.Sprintf("job %q", j.Name), Text: t, To: len(t), Reason: "a target is not host:port"})
			}
			continue
		}
		if program := noMetrics[port]; program != "" && j.Scheme != "https" {
			out = append(out, finding.Finding{Code: finding.BadJob, Where: fmt.Sprintf("job %q", j.Name), Text: t, To: len(t),
				Reason: fmt.Sprintf("%s is the port of %s itself, which serves no metrics over HTTP: write the address of its exporter", port, program)})
			continue
		}
		others := maps.Clone(wellKnown)
		maps.Copy(others, ports)
		for _, program := range slices.Sorted(maps.Keys(others)) {
			if known && port != own && port == others[program] {
				out = append(out, finding.Finding{Code: finding.BadJob, Where: fmt.Sprintf("job %q", j.Name), Text: t, To: len(t),
					Reason: fmt.Sprintf("%s is the port of %s; %s listens on %s", port, program, j.Name, own)})
				break
			}
		}
	}
	return out
}

// hasPort reports whether a target of the job is on the port.
func hasPort(j preflight.Job, port string) bool {
	for _, t := range targets(j) {
		if _, p, err := net.SplitHostPort(t); err == nil && p == port {
			return true
		}
	}
	return false
}

// missingJobs merges findings about a job that the site does not have. A pack
// with other job names would give one in many places.
func (c *Checked) missingJobs(findings []finding.Finding) []finding.Finding {
	job := func(f finding.Finding) string {
		if f.Code != finding.UnknownValue || !strings.HasPrefix(f.Reason, `label "job" of `) {
			return ""
		}
		return strings.Trim(f.Text[f.From:f.To], `"`)
	}
	counts := map[string]int{}
	for _, f := range findings {
		counts[job(f)]++
	}
	var out []finding.Finding
	for _, f := range findings {
		name := job(f)
		n := counts[name]
		switch {
		case name == "" || n == 1:
			out = append(out, f)
		case n > 1:
			out = append(out, finding.Finding{Code: finding.BadJob, Where: fmt.Sprintf("job %q", name),
				Reason: fmt.Sprintf("the site does not have this job (it has %s), but %d places name it, first %s: add the job, or name another job of the site in the options of the pack",
					strings.Join(c.JobNames(), ", "), n, f.Place())})
		}
		if name != "" {
			counts[name] = 0
		}
	}
	return out
}
