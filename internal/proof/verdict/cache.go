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
	// maxKept limits the file to about a megabyte.
	maxKept = 30000
)

// cache holds the digests of passed tests, the latest first. If its file cannot
// be read or written, the tests run without it.
type cache struct {
	path   string
	engine string
	known  map[digest]bool
}

// inProcess holds the digests of tests that passed in this process, whose
// engine is always the same.
var inProcess sync.Map

// openCache returns the cache for the options, or nil for none. If the version
// of the engine is unknown, as in a test binary, the cache lasts only as long
// as the process.
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

// read returns the present digests of the file.
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

// save writes the digests before the present digests of the file, because other
// programs write to it too. It drops the oldest.
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
	_ = renameio.WriteFile(c.path, []byte(b.String()), 0o600) // after an error the tests run again
}
