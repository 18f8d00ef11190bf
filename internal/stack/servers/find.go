package servers

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Find returns the path of a program: the one in the project's bin folder,
// where the set-up scripts put or link everything they build or find, or else
// the one in PATH. Programs whose version the project pins (prometheus,
// promtool, alertmanager, amtool, node_exporter) are taken from bin alone.
func Find(name string) (string, error) {
	if root, err := Root(); err == nil {
		path := filepath.Join(root, "bin", name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path, nil
		}
	}
	if pinned(name) {
		return "", fmt.Errorf("%s is not in the project's bin folder: run scripts/tools, which builds the version it needs", name)
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s is not installed, as far as bin and PATH tell: run scripts/servers, which finds or installs it", name)
	}
	return path, nil
}

func pinned(name string) bool {
	switch name {
	case "prometheus", "promtool", "alertmanager", "amtool", "node_exporter":
		return true
	}
	return false
}

// Root returns the project's folder: the nearest one with the go.mod of this
// module, from the working directory upwards. Nested modules have their own.
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
