package codegen_test

import (
	"strings"
	"testing"

	"github.com/prometheus/prometheus/config"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/metrics"
)

func TestJobs(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		job  preflight.Job
		want string
	}{
		"targets":             {preflight.Job{Targets: []string{"disk:9000"}}, ""},
		"by environment":      {preflight.Job{ByEnv: map[string][]string{"paper": {"disk:9000"}}}, ""},
		"discovery":           {preflight.Job{YAML: "dns_sd_configs: [{names: [disk], type: A, port: 9000}]"}, ""},
		"relabelling is none": {preflight.Job{YAML: "relabel_configs: [{action: labeldrop, regex: x}]"}, "DF018: it scrapes nothing"},
		"nothing":             {preflight.Job{}, "DF018: it scrapes nothing"},
		"unknown environment": {
			preflight.Job{ByEnv: map[string][]string{"papr": {"disk:9000"}}}, `DF018: ByEnv: "papr" is none of the site's Envs (paper)`,
		},
		"environment without targets": {preflight.Job{ByEnv: map[string][]string{"paper": nil}}, `DF018: ByEnv: "paper" has no targets`},
		"env twice": {
			preflight.Job{ByEnv: map[string][]string{"paper": {"disk:9000"}}, Labels: map[string]string{"env": "paper"}},
			"DF018: Labels and ByEnv both set the label env",
		},
		"seldom":           {preflight.Job{Targets: []string{"disk:9000"}, Interval: "3m"}, "DF018: an Interval of 3m is above 2m"},
		"as often as that": {preflight.Job{Targets: []string{"disk:9000"}, Interval: "2m"}, ""},
		"unreadable":       {preflight.Job{Targets: []string{"disk:9000"}, Interval: "often"}, "DF019: Interval:"},
		"a URL":            {preflight.Job{Targets: []string{"http://disk:9000/metrics"}}, "DF018: \"http://disk:9000/metrics\" is not host:port"},
		"no port":          {preflight.Job{Targets: []string{"disk"}}, "DF018: a target is not host:port"},
		"not YAML":         {preflight.Job{Targets: []string{"disk:9000"}, YAML: "a: ["}, "DF019: YAML:"},
		"said twice": {
			preflight.Job{Targets: []string{"disk:9000"}, Scheme: "https", YAML: "scheme: http"}, "DF019: YAML: the key scheme is given as a field too",
		},
	} {
		s := diskSite("P2")
		s.Envs = []string{"paper"}
		tt.job.Name = "disk"
		s.Jobs = []preflight.Job{tt.job}
		found := findings(t, s)
		if tt.want == "" && found != "" || tt.want != "" && !strings.Contains(found, `job "disk": `+tt.want) {
			t.Errorf("%s: want %q, got %q", name, tt.want, found)
		}
	}
}

// A job with the name of a program, or for its exporter, needs the program's
// port.
func TestPortsOfPrograms(t *testing.T) {
	t.Parallel()
	s := shipped()
	job("alertmanager", func(j *preflight.Job) { j.Targets = []string{"prometheus:9090"} })(&s)
	contains(t, findings(t, s), `job "alertmanager": DF018: 9090 is the port of prometheus; alertmanager listens on 9093`)
	s = shipped()
	job("node_exporter", func(j *preflight.Job) { j.Targets = []string{"node:9100", "spare:19100"} })(&s)
	if found := findings(t, s); found != "" {
		t.Errorf("the port of an unknown program: %s", found)
	}
}

// prometheus.yml has the fields of a job in Prometheus's form.
func TestPrometheusReadsJobs(t *testing.T) {
	t.Parallel()
	s := diskSite("P2")
	s.Envs = []string{"paper", "live"}
	s.ExternalLabels = map[string][]string{"cluster": {"one"}}
	s.Timing = metrics.Timing{Scrape: 30e9, Evaluation: 20e9}
	s.Jobs = []preflight.Job{{
		Name: "disk", ByEnv: map[string][]string{"paper": {"paper:1"}, "live": {"live:1", "live:2"}}, Labels: map[string]string{"team": "disks"},
		Interval: "10s", Path: "/m", Scheme: "https", YAML: "scrape_timeout: 5s\nbasic_auth: {username: me, password_file: /run/secrets/p}",
	}}
	loaded, err := config.Load(file(t, s, "prometheus/prometheus.yml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	j := loaded.ScrapeConfigs[0]
	if j.ScrapeInterval.String() != "10s" || j.ScrapeTimeout.String() != "5s" || j.MetricsPath != "/m" || j.Scheme != "https" || j.HTTPClientConfig.BasicAuth.Username != "me" {
		t.Errorf("job %+v", j)
	}
	text := file(t, s, "prometheus/prometheus.yml")
	contains(t, text, "env: live", "env: paper", "team: disks", "- live:2", "scrape_interval: 30s", "evaluation_interval: 20s", "cluster: one")
	s.Jobs = nil
	if _, made := files(t, s)["prometheus/prometheus.yml"]; made {
		t.Error("prometheus.yml of a site without jobs")
	}
}

// An additional environment is in all rules with one per environment.
func TestEnvironments(t *testing.T) {
	t.Parallel()
	s := shipped()
	s.Envs = []string{"paper", "live", "dr"}
	text := file(t, s, "prometheus/rules/preflight.yml")
	if n := strings.Count(text, "alert: PreflightMissing"); n != 3 {
		t.Errorf("%d rules for 3 environments", n)
	}
	contains(t, text, `env="dr"`, "env: dr", "env: live")
	s.Envs = nil
	contains(t, findings(t, s), `alert "PreflightMissing": DF017: it is PerEnv, and the site has no Envs`)
}
