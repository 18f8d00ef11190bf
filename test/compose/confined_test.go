package compose_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
)

// Each service writes only to its volumes and temporary folders. Of the rights of
// root, it has only those that its image needs to change to another user.
func TestServicesAreConfined(t *testing.T) {
	t.Parallel()
	rights := map[string][]string{"postgres": {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}}
	temporary := map[string][]string{ // folders that the program of an image writes
		"grafana": {"/tmp"}, "webhook": {"/tmp"}, "preflight": {"/tmp", "/checkout/secrets"}, "postgres": {"/tmp", "/var/run/postgresql"},
	}
	data := map[string]string{ // where the program keeps its data
		"prometheus": "/prometheus", "alertmanager": "/alertmanager", "grafana": "/var/lib/grafana", "webhook": "/data",
		"redis": "/data", "postgres": "/var/lib/postgresql/data",
	}
	for _, s := range load(t).Services {
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) || s.Privileged {
			t.Errorf("%s: read_only %v, cap_drop %v, security_opt %v, privileged %v", s.Name, s.ReadOnly, s.CapDrop, s.SecurityOpt, s.Privileged)
		}
		if !slices.Equal(s.CapAdd, rights[s.Name]) {
			t.Errorf("%s has %v", s.Name, s.CapAdd)
		}
		if !slices.Equal(s.Tmpfs, temporary[s.Name]) {
			t.Errorf("%s has temporary folders %v", s.Name, s.Tmpfs)
		}
		if s.StopGracePeriod == nil || time.Duration(*s.StopGracePeriod) != 30*time.Second || s.Restart != "unless-stopped" {
			t.Errorf("%s: stop_grace_period %v, restart %q", s.Name, s.StopGracePeriod, s.Restart)
		}
		if folder := data[s.Name]; folder != "" && !slices.ContainsFunc(s.Volumes, func(v types.ServiceVolumeConfig) bool {
			return v.Type == types.VolumeTypeVolume && v.Target == folder
		}) {
			t.Errorf("%s has no volume at %s", s.Name, folder)
		}
	}
}

// The garbage collector keeps our programs below the limit of their containers.
func TestMemoryLimits(t *testing.T) {
	t.Parallel()
	limits := map[string][2]int64{"webhook": {512, 400}, "preflight": {512, 256}}
	for name, want := range limits {
		s := load(t).Services[name]
		soft := s.Environment["GOMEMLIMIT"]
		if int64(s.MemLimit) != want[0]<<20 || soft == nil || *soft != fmt.Sprintf("%dMiB", want[1]) {
			t.Errorf("%s: mem_limit %d, GOMEMLIMIT %v", name, s.MemLimit, soft)
		}
	}
}

// scripts/digests writes the digest of each image behind its version, again and
// again. A stand-in for Docker gives the digests.
func TestDigestsAreWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"docker-compose.yml", "Dockerfile", "scripts/digests"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	bin := t.TempDir()
	for _, digit := range []string{"a", "b"} {
		docker := "#!/bin/sh\n[ \"$2\" = version ] || echo sha256:" + strings.Repeat(digit, 64) + "\n"
		if err := os.WriteFile(filepath.Join(bin, "docker"), []byte(docker), 0o755); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(filepath.Join(dir, "scripts/digests"))
		cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, name := range []string{"docker-compose.yml", "Dockerfile"} {
			before, err := os.ReadFile(filepath.Join(root, name))
			if err != nil {
				t.Fatal(err)
			}
			after, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			images := regexp.MustCompile(`(?m)^( *image: *|FROM +)([^\s@]+)`)
			want := images.ReplaceAllStringFunc(string(before), func(line string) string {
				if strings.HasSuffix(line, "preflight:local") {
					return line
				}
				return line + "@sha256:" + strings.Repeat(digit, 64)
			})
			if string(after) != want {
				t.Errorf("%s is\n%s", name, after)
			}
		}
	}
}
