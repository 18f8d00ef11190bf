package checks

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/internal/lazy"
)

// Default patterns of secret files, and of exceptions from them.
var (
	defaultSecretFiles = []string{
		".env", ".env.*", "*.env", ".envrc", "*.pem", "*.key", "*.p8", "*.p12", "*.pfx", "*.ppk", "*.keystore", "*.jks", "*.bks", "*.kdbx",
		"id_*", "credentials*.json", "secrets/**",
	}
	// Code and public keys are named id_map.py and id_rsa.pub.
	notKeyFiles      = []string{"id_*.*"}
	defaultNotSecret = []string{"*.example", "*.sample", "*.template", "example.env", "sample.env", "template.env"}
)

// secretFiles finds files that must not be tracked.
type secretFiles struct {
	names, exceptions globs
	waived            globs // files whose content is not searched
}

// newSecretFiles returns the patterns of preflight.yml, or the default ones
// for nil. A default exception is for a name only, because examples often get a
// real key. An exception of preflight.yml is for the content, too.
func newSecretFiles(names, exceptions []string) secretFiles {
	s := secretFiles{waived: newGlobs(exceptions...)}
	if exceptions == nil {
		exceptions = defaultNotSecret
	}
	if names == nil {
		names, exceptions = defaultSecretFiles, slices.Concat(exceptions, notKeyFiles)
	}
	s.names, s.exceptions = newGlobs(names...), newGlobs(exceptions...)
	return s
}

// observeTracked judges names and contents of the tracked files.
func (g gitSafety) observeTracked(tracked []string, seen *secretContents) checker.Observation {
	var named []string
	for _, name := range tracked {
		if g.Secrets.names.match(name) && !g.Secrets.exceptions.match(name) {
			named = append(named, name)
		}
	}
	slices.Sort(named)
	var found []checker.Observation
	if len(named) > 0 {
		found = append(found, checker.Failed(targetTrackedFiles, "tracked_secret", some(named)+" tracked"))
	}
	if files := seen.files(named); len(files) > 0 {
		found = append(found, g.grave(targetTrackedFiles, "secret_content", some(files)))
	}
	if len(found) > 0 {
		return worst(found)
	}
	return checker.Passed(targetTrackedFiles, "no secret file is tracked")
}

// secretContents collects the tracked files that contain a secret. It never
// keeps one.
type secretContents struct {
	waived globs

	mu    sync.Mutex
	found map[string]string // kind of secret by path
}

// look searches the content of a file.
func (s *secretContents) look(path string, content []byte) {
	kind := secretIn(content)
	if kind == "" || s.waived.match(path) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.found == nil {
		s.found = map[string]string{}
	}
	s.found[path] = kind
}

// files returns the files with their kind of secret, without those that are
// found by name.
func (s *secretContents) files(named []string) (out []string) {
	for path, kind := range s.found {
		if !slices.Contains(named, path) {
			out = append(out, fmt.Sprintf("%s has %s", path, kind))
		}
	}
	slices.Sort(out)
	return out
}

// privateKey matches a private key with its beginning, also in a string of JSON
// or of code.
var privateKey = lazy.Regexp(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:[\s"'+,;]|\\[nr]|[A-Za-z-]+: [^\n\\]*(?:\n|\\n))*[A-Za-z0-9+/=]{40}`)

// secretIn returns the kind of secret that a file seems to contain, or "".
func secretIn(content []byte) string {
	if bytes.Contains(content, []byte("PRIVATE KEY")) && privateKey().Match(content) {
		return "a private key"
	}
	if bytes.IndexByte(content[:min(len(content), 8000)], 0) >= 0 {
		return "" // not a text
	}
	// Every word that is long enough has a letter or digit at one of these places.
	for i := upbitKey - 1; i < len(content); i += upbitKey {
		if !alphanumeric[content[i]] {
			continue
		}
		start, end := i, i
		for start > 0 && alphanumeric[content[start-1]] {
			start--
		}
		for end < len(content) && alphanumeric[content[end]] {
			end++
		}
		if word := content[start:end]; looksLikeKey(word) && namesKey(content[:start]) {
			return "the key of an exchange"
		}
		i = end
	}
	return ""
}

// Lengths of the keys and secrets of the exchanges.
const (
	upbitKey   = 40
	binanceKey = 64
)

var alphanumeric = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	}
	return t
}()

// publishedKeys are the examples in Binance's documentation, which many tests
// contain.
var publishedKeys = []string{
	"vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
	"NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j",
}

// looksLikeKey reports whether a word is as long and as mixed as a key of an
// exchange. The digests of files and commits have letters of one case.
func looksLikeKey(word []byte) bool {
	if len(word) != upbitKey && len(word) != binanceKey || slices.Contains(publishedKeys, string(word)) {
		return false
	}
	var digits, lower, upper int
	distinct := map[byte]bool{}
	for _, c := range word {
		distinct[c] = true
		switch {
		case c <= '9':
			digits++
		case c >= 'a':
			lower++
		default:
			upper++
		}
	}
	return digits > 0 && lower > 3 && upper > 3 && len(distinct) > len(word)/3
}

// namesKey reports whether the line that ends here names a key.
func namesKey(before []byte) bool {
	line := before[max(0, len(before)-200):]
	line = bytes.ToLower(line[bytes.LastIndexByte(line, '\n')+1:])
	for _, word := range []string{"key", "secret", "token", "access", "upbit", "binance"} {
		if bytes.Contains(line, []byte(word)) {
			return true
		}
	}
	return false
}
