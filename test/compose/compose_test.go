package compose_test

import (
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	amconfig "github.com/prometheus/alertmanager/config"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checks"
	"github.com/alertnative/preflight/internal/stack/servers"
)

// root is the project's folder.
const root = "../.."

func load(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(root, "docker-compose.yml")},
		cli.WithEnv([]string{"TELEGRAM_CHAT_ID=1"}), cli.WithResolvedPaths(true))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func TestServices(t *testing.T) {
	t.Parallel()
	want := map[string]string{ // service → port published on the host
		"prometheus": "9090", "node-exporter": "9101", "grafana": "3000", "alertmanager": "9093", "webhook": "9917",
		"preflight": "9916", "redis": "", "postgres": "",
	}
	project := load(t)
	for name, published := range want {
		service, err := project.GetService(name)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		var got []string
		for _, p := range service.Ports {
			got = append(got, p.Published)
			if p.HostIP != "127.0.0.1" {
				t.Errorf("%s is published on %q, but it has no authentication", name, p.HostIP)
			}
		}
		if strings.Join(got, ",") != published {
			t.Errorf("%s is published on %v, want %q", name, got, published)
		}
		if service.HealthCheck == nil {
			t.Errorf("%s has no health check", name)
		}
	}
	if len(project.Services) != len(want) {
		t.Errorf("services %v", project.ServiceNames())
	}
}

func TestChatIDIsRequired(t *testing.T) {
	t.Parallel()
	options, err := cli.NewProjectOptions([]string{filepath.Join(root, "docker-compose.yml")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := options.LoadProject(t.Context()); err == nil || !strings.Contains(err.Error(), "TELEGRAM_CHAT_ID") {
		t.Errorf("without TELEGRAM_CHAT_ID: %v", err)
	}
}

func TestMountedPathsExist(t *testing.T) {
	t.Parallel()
	for _, service := range load(t).Services {
		for _, v := range service.Volumes {
			if v.Type != types.VolumeTypeBind {
				continue
			}
			if _, err := os.Stat(v.Source); err != nil {
				t.Errorf("%s mounts %v", service.Name, err)
			}
			writer := service.Name == "preflight" && (v.Target == "/textfile-collector" || v.Target == "/evidence")
			if v.ReadOnly == writer {
				t.Errorf("%s mounts %s read-only: %v", service.Name, v.Target, v.ReadOnly)
			}
		}
	}
}

var pinned = regexp.MustCompile(`:v?[0-9]+\.[0-9]+`)

func TestImagesArePinned(t *testing.T) {
	t.Parallel()
	for _, service := range load(t).Services {
		if service.Build == nil && !pinned.MatchString(service.Image) {
			t.Errorf("%s runs %s: pin a version", service.Name, service.Image)
		}
	}
}

func TestSecretsAreDefinedAndUsed(t *testing.T) {
	t.Parallel()
	project := load(t)
	used := map[string]bool{}
	for _, service := range project.Services {
		for _, s := range service.Secrets {
			used[s.Source] = true
			if _, ok := project.Secrets[s.Source]; !ok {
				t.Errorf("%s wants the secret %q, which is not defined", service.Name, s.Source)
			}
		}
		for name, value := range service.Environment {
			if value == nil || !strings.HasPrefix(*value, "/run/secrets/") {
				continue
			}
			secret := strings.TrimPrefix(*value, "/run/secrets/")
			if !slices.ContainsFunc(service.Secrets, func(s types.ServiceSecretConfig) bool { return s.Source == secret }) {
				t.Errorf("%s: %s points to the secret %q, which it does not get", service.Name, name, secret)
			}
		}
	}
	for name := range project.Secrets {
		if !used[name] {
			t.Errorf("no service uses the secret %q", name)
		}
	}
}

// The container has the files and variables in preflight.yml.
func TestCheckerHasFilesAndVariables(t *testing.T) {
	t.Parallel()
	service := load(t).Services["preflight"]
	for _, want := range []string{"--config.file=/checkout/preflight.yml", "--env=paper", "--env-file=/run/secrets/env_paper"} {
		if !slices.Contains(service.Command, want) {
			t.Errorf("no %q in %q", want, service.Command)
		}
	}
	// In the container, a command finds preflight.yml as on the host.
	if service.WorkingDir != "/checkout" {
		t.Errorf("the working folder is %q", service.WorkingDir)
	}
	project, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(service.Volumes, func(v types.ServiceVolumeConfig) bool { return v.Source == project && v.Target == "/checkout" }) {
		t.Errorf("the checkout is not mounted: %v", service.Volumes)
	}
	// The script that starts the stack writes the environment.
	up, err := os.ReadFile(filepath.Join(root, "scripts/up"))
	if err != nil {
		t.Fatal(err)
	}
	config, err := checker.ReadConfig(filepath.Join(root, "preflight.yml"), checks.Shipped()...)
	if err != nil {
		t.Fatal(err)
	}
	environment := config.Checks()[0]
	for _, name := range environment.Targets(config.Env("paper", nil).For(environment)) {
		if !strings.Contains(string(up), "\n"+name+"=") && !strings.Contains(string(up), `"`+name+"=") {
			t.Errorf("scripts/up does not set %s, which preflight.yml requires", name)
		}
	}
}

// The interval is the checker's default, which equals the site's.
func TestCheckerRunsAtIntervalOfSite(t *testing.T) {
	t.Parallel()
	if command := load(t).Services["preflight"].Command; !slices.Contains(command, "--every") {
		t.Errorf("no --every in %q", command)
	}
}

// listens returns the port of a service inside its container.
func listens(s types.ServiceConfig) string {
	for _, arg := range s.Command {
		if addr, ok := strings.CutPrefix(arg, "--web.listen-address="); ok {
			_, port, _ := net.SplitHostPort(addr)
			return port
		}
	}
	return map[string]string{"prometheus": "9090", "alertmanager": "9093", "node-exporter": "9100"}[s.Name]
}

// reaches checks that an address is that of a service with its port.
func reaches(t *testing.T, project *types.Project, from types.ServiceConfig, what, addr string) {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	if host == "host.docker.internal" {
		if _, ok := from.ExtraHosts[host]; !ok {
			t.Errorf("%s: %s does not know %s on Linux", what, from.Name, host)
		}
		return
	}
	service, err := project.GetService(host)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	if got := listens(service); got != port {
		t.Errorf("%s: %s, but %s listens on %s", what, addr, host, got)
	}
}

func TestAddressesAgreeWithTheGeneratedConfiguration(t *testing.T) {
	t.Parallel()
	project := load(t)
	var prom struct {
		Alerting struct {
			Alertmanagers []struct {
				Static []struct{ Targets []string } `yaml:"static_configs"`
			}
		}
		Scrape []struct {
			Job    string                       `yaml:"job_name"`
			Static []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	data, err := os.ReadFile(filepath.Join(root, "generated/prometheus/prometheus.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &prom); err != nil {
		t.Fatal(err)
	}
	from := project.Services["prometheus"]
	for _, job := range prom.Scrape {
		for _, target := range job.Static[0].Targets {
			reaches(t, project, from, "scrape job "+job.Job, target)
		}
	}
	reaches(t, project, from, "alerting", prom.Alerting.Alertmanagers[0].Static[0].Targets[0])

	am, err := amconfig.LoadFile(filepath.Join(root, "generated/alertmanager/alertmanager.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range am.Receivers {
		for _, hook := range r.WebhookConfigs {
			u, err := url.Parse(string(hook.URL))
			if err != nil {
				t.Fatal(err)
			}
			reaches(t, project, project.Services["alertmanager"], "receiver "+r.Name, u.Host)
			secret := filepath.Base(hook.HTTPConfig.Authorization.CredentialsFile)
			if !slices.ContainsFunc(project.Services["alertmanager"].Secrets, func(s types.ServiceSecretConfig) bool { return s.Source == secret }) {
				t.Errorf("receiver %s reads the secret %q, which alertmanager does not get", r.Name, secret)
			}
		}
	}

	for _, arg := range project.Services["webhook"].Command {
		if address, ok := strings.CutPrefix(arg, "--alertmanager.url=http://"); ok {
			reaches(t, project, project.Services["webhook"], "the webhook's "+arg, address)
		}
	}

	var datasources struct{ Datasources []struct{ URL string } }
	data, err = os.ReadFile(filepath.Join(root, "monitoring/grafana/provisioning/datasources/prometheus.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &datasources); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(datasources.Datasources[0].URL)
	if err != nil {
		t.Fatal(err)
	}
	reaches(t, project, project.Services["grafana"], "datasource", u.Host)
}

// A program prints its help only if it knows every flag of its command line in
// the compose file.
func TestCommandLinesAreAccepted(t *testing.T) {
	t.Parallel()
	project := load(t)
	for service, program := range map[string]string{
		"prometheus": "prometheus", "alertmanager": "alertmanager", "node-exporter": "node_exporter",
		"webhook": "preflight-webhook", "preflight": "preflight",
	} {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			var path string
			args := []string(project.Services[service].Command)
			if strings.HasPrefix(program, "preflight") {
				path = filepath.Join(t.TempDir(), program)
				cmd := exec.Command("go", "build", "-o", path, "./cmd/"+program)
				cmd.Dir = root
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				if args[0] != program {
					t.Fatalf("runs %q, not %s", args, program)
				}
				args = args[1:]
			} else {
				var err error
				if path, err = servers.Find(program); err != nil {
					t.Fatal(err)
				}
			}
			if out, err := exec.Command(path, append(slices.Clone(args), "--help")...).CombinedOutput(); err != nil {
				t.Errorf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
			}
			if out, err := exec.Command(path, append(slices.Clone(args), "--no-such-flag", "--help")...).CombinedOutput(); err == nil {
				t.Errorf("%s accepts anything: %s", program, out)
			}
		})
	}
}
