package codegen

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
)

// thisModule is the module of the generator of the shipped site.
const thisModule = "github.com/alertnative/preflight"

// ownModule refuses to write the shipped site into the folder of another
// module, whose users want their own site there.
func ownModule(dir string) error {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Path != thisModule {
		return nil // another module's own generator
	}
	path, file, err := moduleAbove(dir)
	switch {
	case err != nil || path == thisModule:
		return err
	case file == "":
		return nil
	}
	return fmt.Errorf("%s belongs to the module %s, but this generator writes the site of %s: run your own main with codegen.Main, or set --out", file, path, thisModule)
}

var moduleLine = regexp.MustCompile(`(?m)^module[ \t]+"?([^\s"]+)`)

// moduleAbove returns the module of a folder and its go.mod, or "".
func moduleAbove(dir string) (path, file string, err error) {
	dir, err = filepath.Abs(dir)
	for err == nil {
		file = filepath.Join(dir, "go.mod")
		data, err := os.ReadFile(file)
		switch {
		case err == nil:
			if m := moduleLine.FindSubmatch(data); m != nil {
				return string(m[1]), file, nil
			}
			return "", "", nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", "", err
		case filepath.Dir(dir) == dir:
			return "", "", nil
		}
		dir = filepath.Dir(dir)
	}
	return "", "", err
}
