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
	"sigs.k8s.io/yaml"

	"github.com/alertnative/preflight/site"
)

const (
	root       = "../.." // the project's folder
	monitoring = root + "/monitoring"
)

// build builds the checker and returns its path.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "preflight")
	cmd := exec.Command("go", "build", "-o", binary, "./cmd/preflight")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// accepted checks that the checker knows every flag of a command line: only
// then it prints its help.
func accepted(t *testing.T, binary, where string, args []string) {
	t.Helper()
	if out, err := exec.Command(binary, append(slices.Clone(args), "--help")...).CombinedOutput(); err != nil {
		t.Errorf("%s: preflight %q: %v\n%s", where, args, err, out)
	}
	if out, err := exec.Command(binary, append(slices.Clone(args), "--nosuch", "--help")...).CombinedOutput(); err == nil {
		t.Errorf("%s: preflight %q accepts anything\n%s", where, args, out)
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
	binary := build(t)
	for name, args := range systemd(t) {
		accepted(t, binary, name, args)
	}
	accepted(t, binary, "cron", cron(t))
	for name, args := range kubernetes(t) {
		accepted(t, binary, name, args)
	}
}

// systemd parses the units and returns the arguments of each service.
func systemd(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(monitoring, "systemd", "*"))
	if err != nil || len(files) != 4 {
		t.Fatalf("units %v, %v", files, err)
	}
	commands := map[string][]string{}
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
			if line[0] != "/usr/local/bin/preflight" {
				t.Errorf("%s starts %s", file, line[0])
			}
			commands[filepath.Base(file)] = line[1:]
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
	if len(commands) != 2 {
		t.Errorf("services %v", commands)
	}
	return commands
}

// A parser accepts unknown settings; systemd-analyze rejects them.
func TestSystemdAcceptsUnits(t *testing.T) {
	t.Parallel()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		systemd(t) // without systemd only the parser checks the units
		return
	}
	binary, dir := build(t), t.TempDir()
	var units []string
	for name := range systemd(t) {
		data, err := os.ReadFile(filepath.Join(monitoring, "systemd", name))
		if err != nil {
			t.Fatal(err)
		}
		// systemd-analyze checks that the program exists.
		data = bytes.ReplaceAll(data, []byte("/usr/local/bin/preflight"), []byte(binary))
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

// kubernetes decodes the manifests strictly and returns the checker's arguments
// in each.
func kubernetes(t *testing.T) map[string][]string {
	t.Helper()
	var deployment appsv1.Deployment
	var service corev1.Service
	var job batchv1.CronJob
	decode(t, "deployment.yaml", &deployment, &service)
	decode(t, "cronjob.yaml", &job)
	if job.Spec.Schedule != "*/10 * * * *" || job.Spec.ConcurrencyPolicy != batchv1.ForbidConcurrent {
		t.Errorf("CronJob: schedule %q, concurrency %q", job.Spec.Schedule, job.Spec.ConcurrencyPolicy)
	}
	pod := deployment.Spec.Template
	for _, selector := range []map[string]string{deployment.Spec.Selector.MatchLabels, service.Spec.Selector} {
		for name, value := range selector {
			if pod.Labels[name] != value {
				t.Errorf("the selector %s=%s does not find the pod", name, value)
			}
		}
	}
	port := pod.Spec.Containers[0].Ports[0]
	if service.Spec.Ports[0].TargetPort.String() != port.Name || port.ContainerPort != 9916 {
		t.Errorf("the service's port %+v is not the container's %+v", service.Spec.Ports[0], port)
	}
	commands := map[string][]string{}
	for name, spec := range map[string]corev1.PodSpec{"Deployment": pod.Spec, "CronJob": job.Spec.JobTemplate.Spec.Template.Spec} {
		container := spec.Containers[0]
		if container.Args[0] != "preflight" {
			t.Errorf("%s runs %q", name, container.Args)
		}
		for _, m := range container.VolumeMounts {
			if !slices.ContainsFunc(spec.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name }) {
				t.Errorf("%s mounts the volume %q, which it does not have", name, m.Name)
			}
		}
		commands[name] = container.Args[1:]
	}
	return commands
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
