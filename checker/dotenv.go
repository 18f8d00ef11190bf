package checker

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/joho/godotenv"
)

// lookup returns a lookup of environment variables in the process's environment
// and then in a .env file. A missing file is an error only if must is true.
func lookup(file string, must bool) (func(name string) (string, bool), error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && !must {
		return os.LookupEnv, nil
	}
	if err != nil {
		return nil, fmt.Errorf("environment file: %w", err)
	}
	values, err := godotenv.UnmarshalBytes(data)
	if err != nil {
		// The parser's error quotes the file, secrets included.
		return nil, fmt.Errorf("environment file %s:%d: cannot be parsed: each line must be NAME=value, "+
			"with quotes around a value that has spaces, # or quotes in it", file, brokenLine(data))
	}
	return func(name string) (string, bool) {
		if v, ok := os.LookupEnv(name); ok {
			return v, true
		}
		v, ok := values[name]
		return v, ok
	}, nil
}

// brokenLine returns the number of the line at which the parser fails: the line
// after the longest prefix of the file that parses.
func brokenLine(data []byte) int {
	lines := bytes.SplitAfter(data, []byte("\n"))
	for n := len(lines) - 1; n > 0; n-- {
		if _, err := godotenv.UnmarshalBytes(bytes.Join(lines[:n], nil)); err == nil {
			return n + 1
		}
	}
	return 1
}
