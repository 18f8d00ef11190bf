package checker

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// Algorithms of a digest. The plain one detects accidental and manual changes,
// but anyone who can write the file can make a new digest. The keyed one proves
// that the evidence comes from a holder of the key.
const (
	plainDigest = "sha256:"
	keyedDigest = "hmac-sha256:"
)

// seal returns the content of an evidence file with its digest. The digest
// covers the content with an empty digest. It is SHA-256, or HMAC-SHA-256 with
// a key.
func (e Evidence) seal(key []byte) ([]byte, error) {
	e.Digest = ""
	data, err := e.marshal()
	if err != nil {
		return nil, err
	}
	const empty = `"digest": ""`
	i := bytes.LastIndex(data, []byte(empty)) // the digest is the last field
	if i < 0 {
		return nil, errors.New("evidence: no place for the digest")
	}
	sealed := append([]byte{}, data[:i]...)
	sealed = append(sealed, `"digest": "`+digest(data, key)+`"`...)
	return append(sealed, data[i+len(empty):]...), nil
}

// digest returns the algorithm and the digest of data.
func digest(data, key []byte) string {
	name, h := plainDigest, sha256.New()
	if len(key) > 0 {
		name, h = keyedDigest, hmac.New(sha256.New, key)
	}
	h.Write(data)
	return name + hex.EncodeToString(h.Sum(nil))
}

// ReadEvidence reads evidence that was sealed with the key, or without one if
// key is empty. Its errors name the cause and the remedy.
func ReadEvidence(path string, key []byte) (Evidence, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Evidence{}, noEvidenceError{path}
	}
	if err != nil {
		return Evidence{}, err
	}
	e, err := openSeal(data, key)
	if err != nil {
		return Evidence{}, fmt.Errorf("%s: %w", path, err)
	}
	return e, nil
}

// noEvidenceError is the error of a file that does not exist.
type noEvidenceError struct{ path string }

func (e noEvidenceError) Error() string {
	return fmt.Sprintf("there is no evidence: %s does not exist", e.path)
}

func (noEvidenceError) Is(target error) bool { return target == fs.ErrNotExist }

func openSeal(data, key []byte) (Evidence, error) {
	var e Evidence
	if err := json.Unmarshal(data, &e); err != nil {
		return e, fmt.Errorf("is not evidence of a run: %w", err)
	}
	keyed := strings.HasPrefix(e.Digest, keyedDigest)
	switch {
	case e.Schema != evidenceVersion:
		return e, fmt.Errorf("has the schema version %d, and this program reads %d: run the preflight again", e.Schema, evidenceVersion)
	case keyed && len(key) == 0:
		return e, errors.New("was sealed with a key, but there is none to verify it: set " + evidenceKeyVariable)
	case !keyed && len(key) > 0:
		return e, errors.New("was not sealed with the key of " + evidenceKeyVariable + ": run the preflight again with the key")
	}
	field := []byte(`"digest": "` + e.Digest + `"`)
	i := bytes.LastIndex(data, field)
	if i < 0 {
		return e, errEdited
	}
	unsealed := append([]byte{}, data[:i]...)
	unsealed = append(unsealed, `"digest": ""`...)
	unsealed = append(unsealed, data[i+len(field):]...)
	if !hmac.Equal([]byte(digest(unsealed, key)), []byte(e.Digest)) {
		if keyed {
			return e, errors.New("was changed after the run, or sealed with another key: run the preflight again")
		}
		return e, errEdited
	}
	return e, nil
}

var errEdited = errors.New("was changed after the run: the digest differs: run the preflight again")

// evidenceKeyVariable names the environment variable of the key that seals
// evidence.
const evidenceKeyVariable = "PREFLIGHT_EVIDENCE_KEY"
