package checker

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/alertnative/preflight/internal/outfile"
)

// values are the environment variables that the checks of a run read, by name.
// An unset variable is nil.
type values map[string]*string

// recorder remembers the variables that checks look up.
type recorder struct {
	lookup func(string) (string, bool)
	mu     sync.Mutex
	read   values
}

func newRecorder(lookup func(string) (string, bool)) *recorder {
	return &recorder{lookup: lookup, read: values{}}
}

// get looks up a variable.
func (r *recorder) get(name string) (string, bool) {
	value, set := r.lookup(name)
	read := &value
	if !set {
		read = nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.read[name] = read
	return value, set
}

func (r *recorder) values() values {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.read)
}

// names returns the names of the variables, sorted.
func (v values) names() []string { return slices.Sorted(maps.Keys(v)) }

// valuesOf looks up variables.
func valuesOf(names []string, lookup func(string) (string, bool)) values {
	r := newRecorder(lookup)
	for _, name := range names {
		r.get(name)
	}
	return r.values()
}

// hashInto writes a variable to a hash. Lengths come first, so that no two
// lists of variables give the same text.
func (v values) hashInto(h hash.Hash, name string) {
	write := func(text string) {
		_ = binary.Write(h, binary.BigEndian, uint64(len(text))) // a hash returns no error
		h.Write([]byte(text))
	}
	write(name)
	if v[name] == nil {
		write("unset")
		return
	}
	write("set")
	write(*v[name])
}

// sealed returns an HMAC of each variable. The key keeps values from being
// guessed.
func (v values) sealed(key []byte) map[string]string {
	out := map[string]string{}
	for name := range v {
		h := hmac.New(sha256.New, key)
		v.hashInto(h, name)
		out[name] = keyedDigest + hex.EncodeToString(h.Sum(nil))
	}
	return out
}

// digest returns one digest of all variables. A digest of each would let its
// reader guess them one by one.
func (v values) digest(salt []byte) string {
	h := sha256.New()
	h.Write(salt)
	for _, name := range v.names() {
		v.hashInto(h, name)
	}
	return plainDigest + hex.EncodeToString(h.Sum(nil))
}

// valuesFile is the file with the digest of the variables of a run without an
// evidence key. Only its owner can read it.
type valuesFile struct {
	Names  []string `json:"names"`
	Salt   string   `json:"salt"`
	Digest string   `json:"digest"`
}

// valuesPath returns the path of a run's digest of variables, beside the
// evidence.
func valuesPath(evidence, run string) string {
	return besideEvidence(evidence, valuesName) + run
}

// valuesName is the name of such files after that of the environment.
const valuesName = ".values-"

// writeValues writes the digest of the variables of a run, and removes old ones.
func writeValues(evidence, run string, v values) error {
	salt := make([]byte, 32)
	_, _ = rand.Read(salt) // never fails
	data, err := json.Marshal(valuesFile{v.names(), hex.EncodeToString(salt), v.digest(salt)})
	if err == nil {
		err = outfile.Create(valuesPath(evidence, run), data, outfile.Owner)
	}
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	removeOld(filesBeside(evidence, valuesName))
	return nil
}

// keptValues is the number of digests that stay: parallel runs write theirs
// before their evidence.
const keptValues = 32

// removeOld removes all but the newest files. Leftover files do no harm.
func removeOld(paths []string) {
	if len(paths) <= keptValues {
		return
	}
	at := map[string]time.Time{}
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			at[path] = info.ModTime()
		}
	}
	slices.SortFunc(paths, func(a, b string) int { return at[b].Compare(at[a]) })
	for _, path := range paths[keptValues:] {
		_ = os.Remove(path)
	}
}

// checkValues compares the variables of evidence with their present values. It
// returns those values.
func checkValues(path string, e Evidence, key []byte, lookup func(string) (string, bool)) (values, error) {
	if len(key) > 0 {
		now := valuesOf(slices.Sorted(maps.Keys(e.Variables)), lookup)
		var changed []string
		for name, sealed := range now.sealed(key) {
			if !hmac.Equal([]byte(sealed), []byte(e.Variables[name])) {
				changed = append(changed, name)
			}
		}
		if len(changed) > 0 {
			slices.Sort(changed)
			return nil, fmt.Errorf("the variables %s have other values than in the run of %s", strings.Join(changed, ", "), stamp(e.Finished))
		}
		return now, nil
	}
	data, err := os.ReadFile(valuesPath(path, e.Run))
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, errors.New("the values of the variables that were checked cannot be compared: " + otherUser)
	case err != nil:
		return nil, fmt.Errorf("the values of the variables that were checked cannot be compared: %w", err)
	}
	var then valuesFile
	if err := json.Unmarshal(data, &then); err != nil {
		return nil, fmt.Errorf("%s: %w", valuesPath(path, e.Run), err)
	}
	salt, err := hex.DecodeString(then.Salt)
	if err != nil || len(salt) < 32 {
		return nil, fmt.Errorf("%s: has no salt", valuesPath(path, e.Run))
	}
	now := valuesOf(then.Names, lookup)
	if !hmac.Equal([]byte(now.digest(salt)), []byte(then.Digest)) {
		return nil, fmt.Errorf("one of the variables that were checked has another value than in the run of %s (set %s to learn which): %s",
			stamp(e.Finished), evidenceKeyVariable, strings.Join(then.Names, ", "))
	}
	return now, nil
}

// otherUser explains that checker and gate run as different users.
const otherUser = "checker and gate run as different users, so both need the same " + evidenceKeyVariable + " or " + evidenceKeyVariable + "_FILE"

// checkOwner refuses evidence of another user that no key proves.
func checkOwner(path string, key []byte) error {
	info, err := os.Stat(path)
	if err != nil || len(key) > 0 {
		return nil // reading it reports the error
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to another user: %s", path, otherUser)
	}
	return nil
}
