package checker

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/alertnative/preflight/internal/envfile"
)

// errNotRegular is the error of a pipe or a device, which may never end.
var errNotRegular = errors.New("is no regular file")

// readRegular is readEnvFile for a regular file alone.
func readRegular(format envfile.Format, path string) (envfile.File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return envfile.File{}, fmt.Errorf("environment file: %w", &fs.PathError{Op: "read", Path: path, Err: errNotRegular})
	}
	return readEnvFile(format, path)
}

// readEnvFile reads a .env file. Its errors have the line, and never the text.
func readEnvFile(format envfile.Format, path string) (envfile.File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return envfile.File{}, fmt.Errorf("environment file: %w", err)
	}
	file, err := envfile.Parse(format, data, os.LookupEnv)
	if bad := (*envfile.SyntaxError)(nil); errors.As(err, &bad) {
		return envfile.File{}, fmt.Errorf("environment file %s:%d: %w", path, bad.Line, err)
	}
	return file, err
}

// lookup returns a lookup of environment variables in the process's environment
// and then in a .env file. Only if must is true, a missing file is an error and
// the file may be a pipe: someone named it.
func (c Config) lookup(path string, must bool) (func(name string) (string, bool), error) {
	read := readRegular
	if must {
		read = readEnvFile
	}
	file, err := read(c.envFormat, path)
	if errors.Is(err, fs.ErrNotExist) && !must {
		return os.LookupEnv, nil
	}
	if err != nil {
		return nil, err
	}
	return func(name string) (string, bool) {
		if v, ok := os.LookupEnv(name); ok {
			return v, true
		}
		v, ok := file.Values[name]
		return v, ok
	}, nil
}

// badFormat returns the problem of an unknown env_file_format, or "".
func badFormat(f envfile.Format) string {
	if slices.Contains(envfile.Formats(), f) {
		return ""
	}
	return fmt.Sprintf("%q is none of %v: name the reader of the .env files", f, envfile.Formats())
}
