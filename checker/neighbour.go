package checker

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/alertnative/preflight/checker/internal/exposition"
)

// neighbour is another file that node_exporter reads from the folder of the
// metrics, with its lines about metrics of the namespace.
type neighbour struct {
	path string
	own  string // path of the file of metrics in the same folder
	text []byte
}

// clash is a neighbour that takes series away from the file. node_exporter reads
// the files in the order of their names. It exports a series once, and reports
// no error for the second. It also drops a metric whose TYPE or HELP differs
// from that of an earlier file.
type clash struct {
	path   string // of the neighbour
	wins   string // path of the file whose series are exported
	series string // an example of the same series, or "" for another description
	metric string
}

// readBytes limits how much of the neighbours is read. A file that the checker
// wrote under another name is smaller.
const readBytes = 16 << 20

// neighbours reads the other files of the folder. It skips what it cannot read:
// node_exporter reports that.
func (f Textfile) neighbours() []neighbour {
	if f.target == "" {
		return nil
	}
	own := []string{f.Path} // node_exporter may read the folder of the link, or that of its target
	if resolved(filepath.Dir(f.Path)) != resolved(filepath.Dir(f.target)) {
		own = append(own, f.target)
	}
	var out []neighbour
	left := int64(readBytes)
	for _, own := range own {
		entries, err := os.ReadDir(filepath.Dir(own))
		if err != nil {
			continue
		}
		for _, e := range entries {
			if e.Name() == filepath.Base(own) || filepath.Ext(e.Name()) != ".prom" {
				continue
			}
			n := neighbour{path: filepath.Join(filepath.Dir(own), e.Name()), own: own}
			if n.text = linesAbout(n.path, f.Namespace+"_preflight_", &left); n.text != nil {
				out = append(out, n)
			}
		}
	}
	return out
}

// linesAbout returns the lines of a regular file that are about metrics with the
// prefix. It reads at most that many bytes.
func linesAbout(path, prefix string, left *int64) []byte {
	// Opening a device may have effects, and opening a pipe waits for a writer.
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer file.Close()
	r := bufio.NewReaderSize(file, 64<<10)
	var out []byte
	for whole := true; *left > 0; { // the last slice was a whole line
		line, err := r.ReadSlice('\n')
		*left -= int64(len(line))
		if whole && isAbout(line, prefix) {
			out = append(bytes.TrimRight(append(out, line...), "\n"), '\n')
		}
		whole = err == nil
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			break
		}
	}
	return out
}

// isAbout reports whether a line is a sample of a metric with the prefix, or its
// HELP or TYPE.
func isAbout(line []byte, prefix string) bool {
	if !bytes.Contains(line, []byte(prefix)) {
		return false
	}
	line = bytes.TrimLeft(line, " \t")
	if bytes.HasPrefix(line, []byte("#")) {
		words := bytes.Fields(line[1:])
		return len(words) > 1 && bytes.HasPrefix(words[1], []byte(prefix))
	}
	return bytes.HasPrefix(line, []byte(prefix))
}

// clashes compares the neighbours with the families of the file.
func (f Textfile) clashes(neighbours []neighbour, families []*exposition.Family) []clash {
	var out []clash
	for _, n := range neighbours {
		theirs, err := exposition.Parse(string(n.text))
		if err != nil || timestamped(theirs) {
			continue // node_exporter rejects the file and reports it
		}
		// Both are in one folder, so the order of the paths is that of the names.
		c := clash{path: n.path, wins: min(n.path, n.own)}
		if c.compare(families, theirs) {
			out = append(out, c)
		}
	}
	return out
}

func timestamped(families map[string]*exposition.Family) bool {
	for _, family := range families {
		if slices.ContainsFunc(family.Series, func(s exposition.Series) bool { return s.Timestamp != nil }) {
			return true
		}
	}
	return false
}

// compare looks for a series that both have, else for a metric that both
// describe.
func (c *clash) compare(families []*exposition.Family, theirs map[string]*exposition.Family) bool {
	samples := map[string]*exposition.Family{}
	for _, other := range theirs {
		for _, name := range other.SampleNames() {
			samples[name] = other
		}
	}
	for _, family := range families {
		other := theirs[family.Name]
		if other == nil {
			for _, name := range family.SampleNames() {
				other = cmp.Or(other, samples[name])
			}
		}
		if other == nil {
			continue
		}
		if other.Type != family.Type || other.Help != "" && other.Help != family.Help {
			c.metric = cmp.Or(c.metric, family.Name)
		}
		keys := map[string]bool{}
		for _, s := range other.Series {
			keys[s.Key()] = true
		}
		for _, s := range family.Series {
			if keys[s.Key()] {
				c.series = family.Name + labelsOf(s)
				return true
			}
		}
	}
	return c.metric != ""
}

// labelsOf returns the labels of a series as in the file.
func labelsOf(s exposition.Series) string {
	var out []string
	for _, l := range s.Labels {
		out = append(out, fmt.Sprintf("%s=%q", l.Name, l.Value))
	}
	return "{" + strings.Join(out, ",") + "}"
}

// in describes the clash in a language.
func (c clash) in(language string) string {
	w := wordsIn(language)
	if c.series != "" {
		return fmt.Sprintf(w.sameSeries, c.path, c.series, c.wins)
	}
	return fmt.Sprintf(w.otherMetric, c.path, c.metric, c.wins)
}
