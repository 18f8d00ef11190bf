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

// thisModule is the module whose own generator writes the shipped site.
const thisModule = "github.com/alertnative/preflight"

// ownModule refuses to write the shipped site into the folder of another module,
// where people want that of their own definitions.
func ownModule(dir string) error {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Path != thisModule {
		return nil // somebody's own generator
	}
	path, file, err := moduleAbove(dir)
	switch {
	case err != nil || path == thisModule:
		return err
	case file == "":
		return nil
	}
	return fmt.Errorf("%s is of the module %s, and this generator writes the site of %s: run a main of your own with codegen.Main, or name a folder with --out", file, path, thisModule)
}

var moduleLine = regexp.MustCompile(`(?m)^module[ \t]+"?([^\s"]+)`)

// moduleAbove returns the name of the module that a folder belongs to, with its
// go.mod; "" when it belongs to none.
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
