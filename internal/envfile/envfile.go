// Package envfile reads .env files as the program that starts the system reads
// them. Each format gives the values that its own reader gives.
package envfile

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/docker/cli/pkg/kvfile"
	"github.com/joho/godotenv"
	"github.com/sirupsen/logrus"
)

// Format is the syntax of a file.
type Format string

// The formats. The names are values of preflight.yml.
const (
	Dotenv  Format = "dotenv"  // github.com/joho/godotenv, and libraries like it
	Compose Format = "compose" // env_file of Docker Compose
	Docker  Format = "docker"  // docker run --env-file
	Systemd Format = "systemd" // EnvironmentFile= of systemd
)

// Formats returns all formats.
func Formats() []Format { return []Format{Dotenv, Compose, Docker, Systemd} }

// Lookup returns a variable of the process.
type Lookup func(name string) (string, bool)

// File is the content of a file.
type File struct {
	Values map[string]string
	// Twice has the lines of each variable that is set more than once. The last
	// one counts.
	Twice map[string][]int
}

// Parse reads a file. Compose and Docker take some variables from the process.
// An error is a *SyntaxError.
func Parse(format Format, data []byte, process Lookup) (File, error) {
	values, err := format.parse(data, process)
	if err != nil {
		return File{}, &SyntaxError{brokenLine(format, data, process), bytes.HasPrefix(data, []byte(bom))}
	}
	delete(values, "")
	return File{values, format.twice(data, values, process)}, nil
}

// bom is the byte-order mark with which some editors start a file.
const bom = "\ufeff"

func (f Format) parse(data []byte, process Lookup) (map[string]string, error) {
	switch f {
	case Compose:
		logrus.SetOutput(io.Discard) // its warnings quote what follows a "$", which may be a part of a secret
		return dotenv.ParseWithLookup(bytes.NewReader(data), dotenv.LookupFn(process))
	case Docker:
		pairs, err := kvfile.ParseFromReader(bytes.NewReader(data), process)
		values := map[string]string{}
		for _, pair := range pairs {
			name, value, _ := strings.Cut(pair, "=")
			values[name] = value
		}
		return values, err
	case Systemd:
		return parseSystemd(data)
	}
	return godotenv.UnmarshalBytes(data)
}

// lines returns the lines of a file, with their ends.
func lines(data []byte) [][]byte { return bytes.SplitAfter(data, []byte("\n")) }

// brokenLine returns the number of the line at which the reader fails: the line
// after the longest prefix of the file that it can read.
func brokenLine(f Format, data []byte, process Lookup) int {
	all := lines(data)
	for n := len(all) - 1; n > 0; n-- {
		if _, err := f.parse(bytes.Join(all[:n], nil), process); err == nil {
			return n + 1
		}
	}
	return 1
}

// twice returns the variables that are set more than once, with the lines.
func (f Format) twice(data []byte, values map[string]string, process Lookup) map[string][]int {
	all := lines(data)
	at := map[string][]int{}
	for i, line := range all {
		name := f.nameIn(string(line))
		if _, set := values[name]; set {
			at[name] = append(at[name], i+1)
		}
	}
	once := func(_ string, lines []int) bool { return len(lines) < 2 }
	if maps.DeleteFunc(at, once); len(at) == 0 {
		return nil
	}
	starts := f.starts(all, slices.Concat(slices.Collect(maps.Values(at))...), process)
	for name, lines := range at {
		at[name] = slices.DeleteFunc(lines, func(n int) bool { return !starts[n] })
	}
	maps.DeleteFunc(at, once)
	return at
}

// nameIn returns the name of the variable that a line seems to set, or "".
func (f Format) nameIn(line string) string {
	line = strings.TrimSpace(strings.TrimPrefix(line, bom))
	end := "="
	if f == Dotenv || f == Compose {
		if rest, ok := strings.CutPrefix(line, "export"); ok && strings.TrimLeft(rest, " \t") != rest {
			line = strings.TrimSpace(rest)
		}
		end = "=:"
	}
	i := strings.IndexAny(line, end)
	if i < 0 {
		return ""
	}
	return strings.TrimSpace(line[:i])
}

// starts returns the lines at which a statement starts. Others are inside a
// quoted value. A variable of our own, set before each line, shows them.
func (f Format) starts(all [][]byte, numbers []int, process Lookup) map[int]bool {
	const own = "PREFLIGHT_LINE_"
	probed := slices.Clone(all)
	for _, n := range numbers {
		probed[n-1] = fmt.Appendf(nil, "%s%d=1\n%s", own, n, bytes.TrimPrefix(all[n-1], []byte(bom)))
	}
	values, _ := f.parse(bytes.Join(probed, nil), process)
	starts := map[int]bool{}
	for _, n := range numbers {
		starts[n] = values[own+strconv.Itoa(n)] == "1"
	}
	return starts
}
