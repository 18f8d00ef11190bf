package deploy_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-systemd/v22/unit"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"

	"github.com/alertnative/preflight/site"
)

const (
	root       = "../.." // the project's folder
	monitoring = root + "/monitoring"
)

// build builds a program and returns its path.
func build(t *testing.T, program string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), program)
	cmd := exec.Command("go", "build", "-o", binary, "./cmd/"+program)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// command is a command line.
type command struct {
	program string
	args    []string
}

// programs builds the programs of command lines.
type programs map[string]string

// accepted checks that the program knows every flag of a command line: only then
// it prints its help.
func (p programs) accepted(t *testing.T, where string, c command) {
	t.Helper()
	if p[c.program] == "" {
		p[c.program] = build(t, c.program)
	}
	binary, args := p[c.program], c.args
	if out, err := exec.Command(binary, append(slices.Clone(args), "--help")...).CombinedOutput(); err != nil {
		t.Errorf("%s: %s %q: %v\n%s", where, c.program, args, err, out)
	}
	if out, err := exec.Command(binary, append(slices.Clone(args), "--nosuch", "--help")...).CombinedOutput(); err == nil {
		t.Errorf("%s: %s %q accepts anything\n%s", where, c.program, args, out)
	}
}

// every is the interval of the schedules in monitoring/, in minutes.
const every = 10

func TestScheduleMatchesSite(t *testing.T) {
	t.Parallel()
	if run := site.Site().Timing.Run.Minutes(); run != every {
		t.Errorf("the site runs the checks every %v minutes, the schedules here every %d", run, every)
	}
}

func TestCommandLines(t *testing.T) {
	t.Parallel()
	built := programs{}
	for name, c := range systemd(t) {
		built.accepted(t, name, c)
	}
	built.accepted(t, "cron", command{"preflight", cron(t)})
	for name, c := range kubernetes(t) {
		built.accepted(t, name, c)
	}
}

// systemd parses the units and returns the command of each service.
func systemd(t *testing.T) map[string]command {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(monitoring, "systemd", "*"))
	if err != nil || len(files) != 5 {
		t.Fatalf("units %v, %v", files, err)
	}
	commands := map[string]command{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		options, err := unit.DeserializeOptions(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		sections := map[string]string{}
		for _, o := range options {
			sections[o.Section+"."+o.Name] = o.Value
		}
		if line := strings.Fields(sections["Service.ExecStart"]); len(line) > 0 {
			program, ok := strings.CutPrefix(line[0], "/usr/local/bin/")
			if !ok {
				t.Errorf("%s starts %s", file, line[0])
			}
			commands[filepath.Base(file)] = command{program, line[1:]}
			if sections["Service.TimeoutStopSec"] != "30s" {
				t.Errorf("%s: TimeoutStopSec=%q", file, sections["Service.TimeoutStopSec"])
			}
			limited(t, file, sections["Service.MemoryMax"], strings.TrimPrefix(sections["Service.Environment"], "GOMEMLIMIT="))
		}
		if strings.HasSuffix(file, ".conf") {
			credential, path, _ := strings.Cut(sections["Service.LoadCredential"], ":")
			if want := "PREFLIGHT_EVIDENCE_KEY_FILE=%d/" + credential; sections["Service.Environment"] != want || !filepath.IsAbs(path) {
				t.Errorf("%s: Environment=%q, want %q, with a path in %q", file, sections["Service.Environment"], want, sections["Service.LoadCredential"])
			}
		}
		if strings.HasSuffix(file, ".timer") && sections["Timer.OnCalendar"] != "*:00/10" {
			t.Errorf("%s: OnCalendar %q", file, sections["Timer.OnCalendar"])
		}
	}
	if len(commands) != 3 {
		t.Errorf("services %v", commands)
	}
	return commands
}

// limited checks that Go's memory limit is 50 to 80 percent of the limit of the
// process.
func limited(t *testing.T, where, limit, soft string) {
	t.Helper()
	bytes := func(text string) float64 {
		text = strings.TrimSuffix(text, "B")
		if strings.HasSuffix(text, "M") { // systemd's unit
			text += "i"
		}
		quantity, err := resource.ParseQuantity(text)
		if err != nil {
			t.Errorf("%s: %q: %v", where, text, err)
		}
		return quantity.AsApproximateFloat64()
	}
	if share := bytes(soft) / bytes(limit); share < 0.5 || share > 0.8 {
		t.Errorf("%s: GOMEMLIMIT is %s of %s", where, soft, limit)
	}
}

// A parser accepts unknown settings; systemd-analyze rejects them.
func TestSystemdAcceptsUnits(t *testing.T) {
	t.Parallel()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		systemd(t) // without systemd only the parser checks the units
		return
	}
	dir := t.TempDir()
	var units []string
	for name, c := range systemd(t) {
		data, err := os.ReadFile(filepath.Join(monitoring, "systemd", name))
		if err != nil {
			t.Fatal(err)
		}
		// systemd-analyze checks that the program exists.
		data = bytes.ReplaceAll(data, []byte("/usr/local/bin/"+c.program), []byte(build(t, c.program)))
		unit := filepath.Join(dir, strings.Replace(name, "@.", "@paper.", 1))
		if err := os.WriteFile(unit, data, 0o644); err != nil {
			t.Fatal(err)
		}
		units = append(units, unit)
	}
	timer, err := os.ReadFile(filepath.Join(monitoring, "systemd", "preflight@.timer"))
	if err != nil {
		t.Fatal(err)
	}
	units = append(units, filepath.Join(dir, "preflight@paper.timer"))
	if err := os.WriteFile(units[len(units)-1], timer, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(analyze, append([]string{"verify", "--man=no"}, units...)...).CombinedOutput()
	if err != nil || strings.Contains(string(out), dir) {
		t.Errorf("%v\n%s", err, out)
	}
}

// cron returns the arguments of the line, without the schedule, the user and
// the program.
func cron(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(monitoring, "cron", "preflight"))
	if err != nil {
		t.Fatal(err)
	}
	var lines [][]string
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) > 0 && strings.HasPrefix(fields[0], "*") {
			lines = append(lines, fields)
		}
	}
	if len(lines) != 1 || len(lines[0]) < 8 {
		t.Fatalf("%v", lines)
	}
	fields := lines[0]
	if schedule := strings.Join(fields[:5], " "); schedule != "*/10 * * * *" || fields[5] != "preflight" || fields[6] != "preflight" {
		t.Errorf("%v", fields)
	}
	if !bytes.HasSuffix(data, []byte("\n")) {
		t.Error("cron ignores a last line without an end")
	}
	if strings.Contains(strings.Join(fields, " "), "%") {
		t.Error("cron takes % for the end of the line")
	}
	return fields[7:]
}

// kubernetes decodes the manifests strictly and returns the command in each.
func kubernetes(t *testing.T) map[string]command {
	t.Helper()
	var deployment appsv1.Deployment
	var service, webhookService corev1.Service
	var job batchv1.CronJob
	var webhook appsv1.StatefulSet
	decode(t, "deployment.yaml", &deployment, &service)
	decode(t, "cronjob.yaml", &job)
	decode(t, "webhook.yaml", &webhook, &webhookService)
	if job.Spec.Schedule != "*/10 * * * *" || job.Spec.ConcurrencyPolicy != batchv1.ForbidConcurrent {
		t.Errorf("CronJob: schedule %q, concurrency %q", job.Spec.Schedule, job.Spec.ConcurrencyPolicy)
	}
	finds(t, deployment.Spec.Selector.MatchLabels, deployment.Spec.Template, service, 9916)
	finds(t, webhook.Spec.Selector.MatchLabels, webhook.Spec.Template, webhookService, 9917)
	if webhook.Spec.ServiceName != webhookService.Name {
		t.Errorf("the StatefulSet's service is %q", webhook.Spec.ServiceName)
	}
	var claims []corev1.Volume
	for _, c := range webhook.Spec.VolumeClaimTemplates {
		claims = append(claims, corev1.Volume{Name: c.Name})
	}
	commands := map[string]command{}
	for name, spec := range map[string]corev1.PodSpec{
		"Deployment": deployment.Spec.Template.Spec, "CronJob": job.Spec.JobTemplate.Spec.Template.Spec, "StatefulSet": webhook.Spec.Template.Spec,
	} {
		container := spec.Containers[0]
		for _, m := range container.VolumeMounts {
			if !slices.ContainsFunc(append(claims, spec.Volumes...), func(v corev1.Volume) bool { return v.Name == m.Name }) {
				t.Errorf("%s mounts the volume %q, which it does not have", name, m.Name)
			}
		}
		if grace := spec.TerminationGracePeriodSeconds; name != "CronJob" && (grace == nil || *grace != 30) {
			t.Errorf("%s: terminationGracePeriodSeconds %v", name, grace)
		}
		security := container.SecurityContext
		if !*security.ReadOnlyRootFilesystem || *security.AllowPrivilegeEscalation || !slices.Equal(security.Capabilities.Drop, []corev1.Capability{"ALL"}) {
			t.Errorf("%s: %+v", name, security)
		}
		soft := slices.IndexFunc(container.Env, func(e corev1.EnvVar) bool { return e.Name == "GOMEMLIMIT" })
		if soft < 0 {
			t.Fatalf("%s has no GOMEMLIMIT", name)
		}
		limited(t, name, container.Resources.Limits.Memory().String(), container.Env[soft].Value)
		commands[name] = command{container.Args[0], container.Args[1:]}
	}
	return commands
}

// finds checks that a service finds the port of a pod.
func finds(t *testing.T, selector map[string]string, pod corev1.PodTemplateSpec, service corev1.Service, number int32) {
	t.Helper()
	for _, labels := range []map[string]string{selector, service.Spec.Selector} {
		for name, value := range labels {
			if pod.Labels[name] != value {
				t.Errorf("the selector %s=%s does not find the pod", name, value)
			}
		}
	}
	port := pod.Spec.Containers[0].Ports[0]
	if service.Spec.Ports[0].TargetPort.String() != port.Name || port.ContainerPort != number {
		t.Errorf("the service's port %+v is not the container's %+v", service.Spec.Ports[0], port)
	}
}

// decode decodes the objects of a manifest in order. An unknown field is an
// error.
func decode(t *testing.T, name string, objects ...any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(monitoring, "kubernetes", name))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(text), "\n---\n")
	if len(parts) != len(objects) {
		t.Fatalf("%s has %d objects, want %d", name, len(parts), len(objects))
	}
	var errs []error
	for i, object := range objects {
		errs = append(errs, yaml.UnmarshalStrict([]byte(parts[i]), object))
	}
	if err := errors.Join(errs...); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}
