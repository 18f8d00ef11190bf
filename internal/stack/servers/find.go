package servers

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Find returns the path of a program. Inside the project it is in the folder
// bin, where the set-up scripts put or link all programs; one of our programs
// beside the running one comes first. Elsewhere it is beside the running
// program, or in PATH. Inside the project, a program with a pinned version is
// never taken from PATH.
func Find(name string) (string, error) {
	ours := strings.HasPrefix(name, "preflight")
	root, outside := Root()
	var folders []string
	if self, err := os.Executable(); err == nil && (ours || outside != nil) {
		folders = append(folders, filepath.Dir(self))
	}
	if outside == nil {
		folders = append(folders, filepath.Join(root, "bin"))
	}
	for _, dir := range folders {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return unlinked(path), nil
		}
	}
	if outside == nil && pinned(name) {
		return "", fmt.Errorf("%s is not in the project's folder bin: run make tools", name)
	}
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path, nil
	case outside != nil:
		return "", fmt.Errorf("%s is neither beside this program nor in PATH: install it, or run make build tools in a checkout of Preflight and take its bin/preflight-stack", name)
	case ours:
		return "", fmt.Errorf("%s is not in the project's folder bin: run make build", name)
	default:
		return "", fmt.Errorf("%s is neither in the project's folder bin nor in PATH: run scripts/servers, which finds or installs it", name)
	}
}

// unlinked returns the target of a link in bin. A server that runs as another user
// cannot start from a folder that only its owner may enter. A further link stays:
// the name of a program decides what it does.
func unlinked(path string) string {
	if target, err := os.Readlink(path); err == nil && filepath.IsAbs(target) {
		return target
	}
	return path
}

func pinned(name string) bool {
	switch name {
	case "prometheus", "promtool", "alertmanager", "amtool", "node_exporter":
		return true
	}
	return false
}

// Root returns the project's folder: the nearest ancestor of the working
// directory with the go.mod of this module. Nested modules have their own.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(mod, []byte("module github.com/alertnative/preflight\n")) {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("no go.mod of the project in the working directory or above it: run this inside the project")
		}
		dir = up
	}
}
