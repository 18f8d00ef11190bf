package verdict

import (
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/google/renameio/v2"
)

const (
	cacheName   = "verdicts"
	cacheHeader = "preflight verdicts 1"
	// maxKept bounds the file to about a megabyte.
	maxKept = 30000
)

// cache holds the digests of tests that passed, the latest first. A cache that
// cannot be read is empty, and one that cannot be written stays as it is: the
// tests run.
type cache struct {
	path   string
	engine string
	known  map[digest]bool
}

// inProcess holds the digests of tests that passed in this process: its engine is
// one, whether its version is known or not.
var inProcess sync.Map

// openCache returns the cache of the options; nil when there is none. Where the
// version of the engine is not known, as in a test binary, it lasts as long as
// the process.
func openCache(o Options) *cache {
	engine := o.Engine
	if engine == "" {
		engine = builtEngine()
	}
	if o.NoCache {
		return nil
	}
	if engine == "" {
		return &cache{engine: "this process"}
	}
	dir := o.Dir
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil
		}
		dir = filepath.Join(user, "preflight")
	}
	c := &cache{path: filepath.Join(dir, cacheName), engine: engine, known: map[digest]bool{}}
	for _, d := range c.read() {
		c.known[d] = true
	}
	return c
}

// has reports whether the test is known to pass.
func (c *cache) has(d digest) bool {
	if c == nil || d == "" {
		return false
	}
	if c.path == "" {
		_, known := inProcess.Load(d)
		return known
	}
	return c.known[d]
}

// read returns what the file holds now.
func (c *cache) read() []digest {
	data, err := os.ReadFile(c.path)
	if err != nil {
		return nil
	}
	header, rest, _ := strings.Cut(string(data), "\n")
	if header != cacheHeader {
		return nil
	}
	var out []digest
	for line := range strings.Lines(rest) {
		out = append(out, digest(strings.TrimSuffix(line, "\n")))
	}
	return out
}

// save puts digests in front of those that the file holds by now, which other
// programs write too, and drops the oldest.
func (c *cache) save(passed []digest) {
	if c.path == "" {
		for _, d := range passed {
			inProcess.Store(d, true)
		}
		return
	}
	var b strings.Builder
	b.WriteString(cacheHeader + "\n")
	seen := map[digest]bool{"": true}
	for _, d := range append(passed, c.read()...) {
		if !seen[d] && len(seen) <= maxKept {
			seen[d] = true
			b.WriteString(string(d) + "\n")
		}
	}
	if err := os.MkdirAll(filepath.Dir(c.path), 0o700); err != nil {
		return
	}
	_ = renameio.WriteFile(c.path, []byte(b.String()), 0o600) // without it, the tests run again
}
